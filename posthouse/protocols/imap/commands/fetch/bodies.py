"""Sections of messages: small messages many at a write, large ones in pieces with which the peer keeps pace."""

from __future__ import annotations

from posthouse.core.mail.messages import Row, bodies
from posthouse.core.mail.parts import decode_parts
from posthouse.formats.mime.part import Part as MimePart
from posthouse.protocols.imap.commands.fetch.sections import Span, chosen_fields, partial_of, span_of
from posthouse.protocols.imap.contracts import User
from posthouse.protocols.imap.octets import Octets
from posthouse.protocols.imap.wire import fetch_encoder
from posthouse.protocols.imap.wire.fetch import Part, Section

GATHERED_OCTETS = 131_072  # small messages are gathered up to this before they are written
_FIELDS = (Part.HEADER_FIELDS, Part.HEADER_FIELDS_NOT)


class Bodies:
    """The octets of a batch of messages."""

    __slots__ = ("_gathered", "_octets", "_output", "_size")

    def __init__(self, octets: dict[int, Octets | None], user: User) -> None:
        self._octets = octets
        self._output = user.output
        self._gathered: list[bytes] = []
        self._size = 0

    @classmethod
    async def of(cls, rows: list[Row], user: User) -> Bodies:
        """Find where the octets of these messages are."""
        wanted = [row.message for row in rows]
        places = await user.store.read(bodies, user.account, wanted)
        blobs = user.contracts.blobs
        found = {
            message: None if place is None else Octets(place, blobs)
            for message, place in zip(wanted, places, strict=True)
        }
        return cls(found, user)

    async def show(self, number: int, row: Row, items: bytes, sections: tuple[Section, ...]) -> None:
        """One message's whole response."""
        self._gather(b"* %d FETCH (%b" % (number, items))
        octets = self._octets[row.message]
        blank = b" " if items else b""
        for section in sections:
            self._gather(blank)
            blank = b" "
            if octets is None:
                self._gather(section.label + b" NIL")  # lost: said to the operator by `verify`
            else:
                await self._show_section(section, row, octets)
        self._gather(b")\r\n")
        if self._size >= GATHERED_OCTETS:
            self.flush()
            await self._output.drain()

    def flush(self) -> None:
        """Write what was gathered."""
        self._output.write(b"".join(self._gathered))
        self._gathered = []
        self._size = 0

    async def _show_section(self, section: Section, row: Row, octets: Octets) -> None:
        span = span_of(section, _tree(section, row), octets.size)
        if span is None:
            self._gather(fetch_encoder.section_item(section.label, None))
        elif section.part in _FIELDS:
            fields = chosen_fields(await octets.read(*span), section)
            start, stop = partial_of((0, len(fields)), section.partial)
            self._gather(fetch_encoder.section_item(section.label, fields[start:stop]))
        else:
            await self._show_span(section.label, partial_of(span, section.partial), octets)

    async def _show_span(self, label: bytes, span: Span, octets: Octets) -> None:
        self._gather(fetch_encoder.section_head(label, span[1] - span[0]))
        if octets.inline is not None:
            self._gather(octets.inline[span[0] : span[1]])
            return
        async for piece in octets.pieces(*span):
            self._gather(piece)
            if self._size >= GATHERED_OCTETS:
                self.flush()
                await self._output.drain()

    def _gather(self, octets: bytes) -> None:
        self._gathered.append(octets)
        self._size += len(octets)


_WHOLE = MimePart(0, 0)


def _tree(section: Section, row: Row) -> MimePart:
    """The message's parts; the whole message needs none."""
    if (not section.path and section.part is Part.WHOLE) or row.structure is None:
        return _WHOLE
    return decode_parts(row.structure.parts)
