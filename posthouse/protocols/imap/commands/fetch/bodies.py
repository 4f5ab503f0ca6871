"""Sections of messages: small messages many at a write, large ones in pieces with which the peer keeps pace."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable

import structlog

from posthouse.core.mail.messages import Row
from posthouse.core.mail.octets import Octets
from posthouse.formats.imap.parts import decode_parts
from posthouse.formats.mime.part import Part as MimePart
from posthouse.protocols.imap.commands.fetch.binary import coded_part, decoded, measure
from posthouse.protocols.imap.commands.fetch.sections import Span, chosen_fields, partial_of, span_of
from posthouse.protocols.imap.contracts import User
from posthouse.protocols.imap.wire import fetch_encoder
from posthouse.protocols.imap.wire.fetch import Binary, BinarySize, Cut, Part
from posthouse.storage.blobs.contract import BlobDamaged

log = structlog.get_logger()

GATHERED_OCTETS = 131_072  # small messages are gathered up to this before they are written
_FIELDS = (Part.HEADER_FIELDS, Part.HEADER_FIELDS_NOT)


class Bodies:
    """The octets of a batch of messages, whose rows say where they are."""

    __slots__ = ("_blobs", "_gathered", "_output", "_size")

    def __init__(self, user: User) -> None:
        self._blobs = user.contracts.blobs
        self._output = user.output
        self._gathered: list[bytes] = []
        self._size = 0

    async def add(self, octets: bytes) -> None:
        """One message's whole response, or the end of one; what was gathered goes out when it is much."""
        self._gather(octets)
        if self._size >= GATHERED_OCTETS:
            self.flush()
            await self._output.drain()

    async def show(self, row: Row, head: bytes, has_items: bool, sections: tuple[Cut, ...]) -> None:
        """One message's whole response, whose `head` is made; a blank follows it where that has items."""
        self._gather(head)
        octets = None if row.body is None else Octets(row.body, self._blobs)
        blank = b" " if has_items else b""
        outline = _outline(row)
        for section in sections:
            self._gather(blank)
            blank = b" "
            if octets is None:
                self._gather(nothing(section))  # its octets are lost
            else:
                await self._show_section(section, outline, octets)
        await self.add(b")\r\n")

    def flush(self) -> None:
        """Write what was gathered."""
        self._output.write(b"".join(self._gathered))
        self._gathered = []
        self._size = 0

    async def _show_section(self, section: Cut, outline: MimePart | None, octets: Octets) -> None:
        try:
            if isinstance(section, Binary | BinarySize):
                await self._show_binary(section, outline, octets)
                return
            span = span_of(section, outline, octets.size)
            if span is None:
                self._gather(fetch_encoder.section_item(section.label, None))
            elif section.part in _FIELDS:
                fields = chosen_fields(await octets.read(*span), section)
                start, stop = partial_of((0, len(fields)), section.partial)
                self._gather(fetch_encoder.section_item(section.label, fields[start:stop]))
            else:
                await self._show_span(section.label, partial_of(span, section.partial), octets)
        except BlobDamaged as damage:
            log.error("a message cannot be read", damage=damage.args)
            self._gather(nothing(section))

    async def _show_span(self, label: bytes, span: Span, octets: Octets) -> None:
        head = fetch_encoder.section_head(label, span[1] - span[0])
        if octets.inline is not None or span[0] == span[1]:
            self._gather(head + fetch_encoder.body_octets((octets.inline or b"")[span[0] : span[1]]))
        else:
            await self._stream(head, octets.pieces(*span), fetch_encoder.body_octets)

    async def _show_binary(self, asked: Binary | BinarySize, outline: MimePart | None, octets: Octets) -> None:
        coded = coded_part(asked, outline, octets.size)
        if coded is None:
            self._gather(nothing(asked))
        elif isinstance(asked, BinarySize):
            self._gather(b"%b %d" % (asked.label, (await measure(octets, coded)).size))
        else:
            found = await measure(octets, coded, asked.partial)
            head = fetch_encoder.section_head(asked.label, found.size, literal8=found.has_nul)
            await self._stream(head, decoded(octets, coded, asked.partial), bytes)

    async def _stream(self, head: bytes, pieces: AsyncIterator[bytes], shown: Callable[[bytes], bytes]) -> None:
        """A literal's head, and its octets as the peer takes them; raises BlobDamaged before the head was given."""
        begun = False
        try:
            async for piece in pieces:
                if not begun:
                    self._gather(head)
                    begun = True
                self._gather(shown(piece))
                if self._size >= GATHERED_OCTETS:
                    self.flush()
                    await self._output.drain()
        except BlobDamaged as damage:
            if not begun:
                raise
            # the peer was promised more octets than there are: nothing else can be said to it
            log.error("a message cannot be read", damage=damage.args)
            raise ConnectionAbortedError("a literal cannot be ended") from None
        if not begun:
            self._gather(head)

    def _gather(self, octets: bytes) -> None:
        self._gathered.append(octets)
        self._size += len(octets)


def nothing(asked: Cut) -> bytes:
    """What is said of a part that is not there, or of octets that are lost."""
    return asked.label + b" 0" if isinstance(asked, BinarySize) else fetch_encoder.section_item(asked.label, None)


def _outline(row: Row) -> MimePart | None:
    return None if row.structure is None else decode_parts(row.structure.parts)
