"""What is in a message, for TEXT, BODY and HEADER: decoded from its transfer encodings and character sets.

Bodies are read in pieces and only asked which of the wanted texts they hold, so a large message costs little memory.
"""

from __future__ import annotations

import datetime
from contextlib import aclosing

from posthouse.core.mail.octets import Octets
from posthouse.core.search.texts import body_texts, header_text, part_headers, read_header
from posthouse.formats.casemap import casemap
from posthouse.formats.mime.dates import parse_day
from posthouse.formats.mime.headers import Fields, decode, first, read_fields
from posthouse.formats.mime.part import Part


class Content:
    """One opened message; `found` are those of the wanted texts that its body holds."""

    __slots__ = ("_fields", "_header", "_part_headers", "found")

    def __init__(self, fields: Fields, part_headers: str, found: set[str]) -> None:
        self._fields = fields
        self._header: str | None = None
        self._part_headers = casemap(part_headers)
        self.found = found

    def has_body(self, folded: str) -> bool:
        """BODY."""
        return folded in self.found or not folded

    def has_text(self, folded: str) -> bool:
        """TEXT: the header, those of the parts, or the body."""
        if self._header is None:
            self._header = casemap(header_text(self._fields))
        return folded in self._header or folded in self._part_headers or self.has_body(folded)

    def has_field(self, name: str, folded: str) -> bool:
        """HEADER: a field of that name, in lower case, that holds the text; an empty text asks for the field."""
        values = self._fields.get(name.encode("utf-8", "replace"), ())
        return any(folded in casemap(decode(value)) for value in values)

    def sent_on(self) -> datetime.date | None:
        """The day in the Date field as it is written there; None when there is none to read (RFC 5322 3.3)."""
        return parse_day(first(self._fields, b"date") or b"")


async def open_content(octets: Octets, root: Part, wanted: frozenset[str]) -> Content:
    """Open a message and look for `wanted` (casemapped) in its body, as far as needed."""
    header = await read_header(octets, root)
    missing = {text for text in wanted if text}
    of_parts = ""
    if missing:
        of_parts = await part_headers(octets, root)
        await _search(octets, root, missing)
    return Content(read_fields(header), of_parts, set(wanted) - missing)


async def _search(octets: Octets, root: Part, missing: set[str]) -> None:
    """Take from `missing` what the texts of the body hold."""
    overlap = max(map(len, missing)) - 1
    tail, before = "", 0
    async with aclosing(body_texts(octets, root)) as pieces:
        async for number, _, text in pieces:
            searched = tail + casemap(text) if number == before else casemap(text)
            missing -= {one for one in missing if one in searched}
            if not missing:
                return
            tail, before = searched[-overlap:] if overlap else "", number
