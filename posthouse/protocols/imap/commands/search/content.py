"""What is in a message, for TEXT, BODY and HEADER: decoded from its transfer encodings and character sets.

Bodies are read in pieces and only asked which of the wanted texts they hold, so a large message costs little memory.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import AsyncIterator

from posthouse.formats.mime.charsets import decode_text
from posthouse.formats.mime.headers import Fields, decode, first, read_fields
from posthouse.formats.mime.parameters import parameter
from posthouse.formats.mime.part import Part
from posthouse.protocols.imap.commands.search.folding import fold
from posthouse.protocols.imap.commands.search.transfer import TransferDecoder
from posthouse.protocols.imap.octets import Octets

HEADER_OCTETS = 262_144  # so much of one header is searched
_LONGEST_LINE = 1_048_576  # text without a line end is cut here


class Content:
    """One opened message; `found` are those of the wanted texts that its body holds."""

    __slots__ = ("_fields", "_header", "found")

    def __init__(self, fields: Fields, found: set[str]) -> None:
        self._fields = fields
        self._header: str | None = None
        self.found = found

    def has_body(self, folded: str) -> bool:
        """BODY."""
        return folded in self.found or not folded

    def has_text(self, folded: str) -> bool:
        """TEXT: the header or the body."""
        if self._header is None:
            self._header = header_text(self._fields)
        return folded in self._header or self.has_body(folded)

    def has_field(self, name: str, folded: str) -> bool:
        """HEADER: a field of that name, in lower case, that holds the text; an empty text asks for the field."""
        values = self._fields.get(name.encode("utf-8", "replace"), ())
        return any(folded in fold(decode(value)) for value in values)

    def sent_on(self) -> datetime.date | None:
        """The day in the Date field as it is written there; None when there is none to read (RFC 5322 3.3)."""
        match = _DAY.search(first(self._fields, b"date") or b"")
        try:
            return match and datetime.date(int(match[3]), _MONTHS.index(match[2].lower()) + 1, int(match[1]))
        except ValueError:
            return None


def header_text(fields: Fields) -> str:
    """A header as it is searched: a field a line."""
    lines = [f"{name.decode('ascii')}: {decode(value)}" for name, values in fields.items() for value in values]
    return fold("\n".join(lines))


_DAY = re.compile(rb"(\d{1,2})[ \t]+([A-Za-z]{3})[A-Za-z]*[ \t]+(\d{4})\b")
_MONTHS = (b"jan", b"feb", b"mar", b"apr", b"may", b"jun", b"jul", b"aug", b"sep", b"oct", b"nov", b"dec")


async def open_content(octets: Octets, root: Part, wanted: frozenset[str]) -> Content:
    """Open a message and look for `wanted` (folded) in its body.

    Looked into are the parts of text, and the headers of messages in the message.
    """
    header = await _header(octets, root)
    missing = {text for text in wanted if text}
    pending = [root]
    while pending and missing:
        part = pending.pop()
        pending += reversed(part.children)
        if part.is_message:
            _cross_off(missing, header_text(read_fields(await _header(octets, part.children[0]))))
        elif part.type == "text":
            await _search_text(octets, part, missing)
    return Content(read_fields(header), set(wanted) - missing)


async def _header(octets: Octets, part: Part) -> bytes:
    return await octets.read(part.header_start, min(part.body_start, part.header_start + HEADER_OCTETS))


async def _search_text(octets: Octets, part: Part, missing: set[str]) -> None:
    """Take from `missing` what the decoded text of the part holds."""
    label = parameter(part.parameters, b"charset") or b""
    decoder = TransferDecoder(part.encoding)
    overlap = max(map(len, missing)) - 1
    tail = ""
    async for text in _lines(octets.pieces(part.body_start, part.body_end), decoder):
        folded = fold(decode_text(text, label))
        _cross_off(missing, tail + folded)
        if not missing:
            return
        tail = folded[-overlap:] if overlap else ""


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


def _cross_off(missing: set[str], text: str) -> None:
    missing -= {one for one in missing if one in text}
