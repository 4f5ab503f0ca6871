"""Where the sections of a message lie, and the compact part tree that is kept to find them; RFC 9051 6.4.5.1."""

from __future__ import annotations

import enum
from collections.abc import Sequence

import msgspec

from posthouse.formats.mime.parameters import parameter
from posthouse.formats.mime.part import Part


class Kind(enum.Enum):
    """Which octets of a message or part are meant: all, or what follows the last dot of a section."""

    WHOLE = 0
    HEADER = 1
    TEXT = 2
    MIME = 3


class PartsRecord(msgspec.Struct, array_like=True, frozen=True, tag=1):
    """What is stored of a message's part tree."""

    message: Part


_ENCODER = msgspec.msgpack.Encoder()
_DECODER = msgspec.msgpack.Decoder(PartsRecord)


def encode_parts(part: Part) -> bytes:
    """Of a whole message what its sections, BINARY and searches need: types, character sets, encodings, offsets."""
    return _ENCODER.encode(PartsRecord(_bare(part)))


def decode_parts(octets: bytes) -> Part:
    """The part tree of a message with what `encode_parts` kept of it; raises msgspec.DecodeError on anything else."""
    return _DECODER.decode(octets).message


def _bare(part: Part) -> Part:
    charset = parameter(part.parameters, b"charset") if part.type == "text" else None
    return Part(
        part.header_start,
        part.body_start,
        part.body_end,
        part.lines,
        part.type,
        part.subtype,
        () if charset is None else ((b"charset", charset),),
        part.encoding,
        children=[_bare(child) for child in part.children],
    )


def find_part(message: Part, path: Sequence[int]) -> Part | None:
    """The part that a path of numbers from 1 names; None when there is none. The empty path names the message.

    In a message that is no multipart, 1 is its body. The parts of a message/rfc822 part are those of the message in it.
    """
    part, in_message = message, True
    for number in path:
        if not in_message and part.is_message:
            part, in_message = part.children[0], True
        if part.is_multipart:
            if not 1 <= number <= len(part.children):
                return None
            part = part.children[number - 1]
        elif not in_message or number != 1:
            return None
        in_message = False
    return part


def section(message: Part, path: Sequence[int], kind: Kind = Kind.WHOLE) -> tuple[int, int] | None:
    """The octets [start, stop) of a section; None when the message has no such section.

    HEADER takes in the blank line at its end. Behind a path HEADER and TEXT are only of message/rfc822 parts, and MIME
    stands only behind a path.
    """
    part = find_part(message, path)
    if part is None:
        return None
    if kind is Kind.MIME:
        return (part.header_start, part.body_start) if path else None
    if kind is Kind.WHOLE:
        return part.body_start if path else part.header_start, part.body_end
    if path:
        if not part.is_message:
            return None
        part = part.children[0]
    return (part.header_start, part.body_start) if kind is Kind.HEADER else (part.body_start, part.body_end)
