"""What is searched of a message: its header and the texts in it, decoded; RFC 9051 6.4.4 (BODY, TEXT).

Bodies come in pieces, so a large message costs little memory.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator

from posthouse.core.mail.octets import Octets
from posthouse.formats.mime.charsets import decode_text
from posthouse.formats.mime.decoder import TransferDecoder
from posthouse.formats.mime.headers import Fields, decode, read_fields
from posthouse.formats.mime.parameters import parameter
from posthouse.formats.mime.part import Part

HEADER_OCTETS = 262_144  # so much of one header is searched
_LONGEST_LINE = 1_048_576  # text without a line end is cut here


async def read_header(octets: Octets, root: Part) -> bytes:
    """The header of a message, or of one in it, as far as it is searched."""
    return await octets.read(root.header_start, min(root.body_start, root.header_start + HEADER_OCTETS))


def header_text(fields: Fields) -> str:
    """A header as it is searched, to be casemapped: a field a line."""
    lines = [f"{name.decode('ascii')}: {decode(value)}" for name, values in fields.items() for value in values]
    return "\n".join(lines)


async def part_headers(octets: Octets, root: Part) -> str:
    """The MIME headers of a message's parts, to be casemapped: TEXT looks into them, BODY does not (RFC 9051 6.4.4).

    The headers of messages in the message are not among them: they stand in its body.
    """
    found: list[str] = []
    room = HEADER_OCTETS
    pending = [root]
    while pending and room > 0:
        part = pending.pop()
        pending += reversed(part.children)
        for child in part.children if part.is_multipart else ():
            header = await octets.read(child.header_start, min(child.body_start, child.header_start + room))
            room -= len(header)
            found.append(header_text(read_fields(header)))
            if room <= 0:
                break
    return "\n".join(found)


async def body_texts(octets: Octets, root: Part) -> AsyncGenerator[tuple[int, Part, str], None]:
    """(number of the text, its part, its next piece, to be casemapped) of all that is searched of a body.

    That are the parts of text, and the headers of messages in the message.
    """
    pending = [root]
    number = 0
    while pending:
        part = pending.pop()
        pending += reversed(part.children)
        if part.is_message:
            number += 1
            yield number, part, header_text(read_fields(await read_header(octets, part.children[0])))
        elif part.type == "text":
            number += 1
            async for piece in decoded_text(octets, part):
                yield number, part, piece


async def decoded_text(octets: Octets, part: Part) -> AsyncIterator[str]:
    """The text of a part, in pieces."""
    label = parameter(part.parameters, b"charset") or b""
    async for line in _lines(octets.pieces(part.body_start, part.body_end), TransferDecoder(part.encoding)):
        yield decode_text(line, label)


async def _lines(pieces: AsyncIterator[bytes], decoder: TransferDecoder) -> AsyncIterator[bytes]:
    """Decoded octets, cut at line ends: no character set has a character across one."""
    held = b""
    async for piece in pieces:
        held += decoder.feed(piece)
        cut = held.rfind(b"\n") + 1 or (len(held) if len(held) > _LONGEST_LINE else 0)
        if cut:
            yield held[:cut]
            held = held[cut:]
    held += decoder.finish()
    if held:
        yield held
