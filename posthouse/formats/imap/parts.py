"""Where the sections of a message lie, and the compact part tree that is kept to find them; RFC 9051 6.4.5.1."""

from __future__ import annotations

import enum
from collections.abc import Sequence

import msgspec

from posthouse.formats.mime.part import Part


class Kind(enum.Enum):
    """Which octets of a message or part are meant: all, or what follows the last dot of a section."""

    WHOLE = 0
    HEADER = 1
    TEXT = 2
    MIME = 3


class Outline(msgspec.Struct, array_like=True, frozen=True):
    """Of a part what its sections need; offsets as in `Part`. The child of a message/rfc822 part is the message."""

    type: str
    subtype: str
    encoding: str
    header_start: int
    body_start: int
    body_end: int
    children: tuple[Outline, ...] = ()

    @property
    def is_multipart(self) -> bool:
        """Whether the body is a row of parts."""
        return self.type == "multipart"

    @property
    def is_message(self) -> bool:
        """Whether the body is a message of its own, the only child."""
        return self.type == "message" and bool(self.children)


class OutlineRecord(msgspec.Struct, array_like=True, frozen=True, tag=1):
    """What is stored of a message's part tree."""

    message: Outline


_ENCODER = msgspec.msgpack.Encoder()
_DECODER = msgspec.msgpack.Decoder(OutlineRecord)


def outline(part: Part) -> Outline:
    """The outline of a part and all in it."""
    return Outline(
        part.type,
        part.subtype,
        part.encoding,
        part.header_start,
        part.body_start,
        part.body_end,
        tuple([outline(child) for child in part.children]),
    )


def encode_parts(part: Part) -> bytes:
    """The outline of a whole message, to be stored."""
    return _ENCODER.encode(OutlineRecord(outline(part)))


def decode_parts(octets: bytes) -> Outline:
    """What `encode_parts` wrote; raises msgspec.DecodeError on anything else."""
    return _DECODER.decode(octets).message


def find_part(message: Outline, path: Sequence[int]) -> Outline | None:
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


def section(message: Outline, path: Sequence[int], kind: Kind = Kind.WHOLE) -> tuple[int, int] | None:
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
