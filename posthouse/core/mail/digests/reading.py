"""Reading facets of a mailbox page by page: from stored digests where a block is whole, else from the records."""

from __future__ import annotations

import asyncio
from array import array
from bisect import bisect_left
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import suppress
from itertools import compress

import msgspec
import structlog

from posthouse.core.mail.digests.blocks import (
    BLOCK_BITS,
    drop_digests,
    read_digests,
    stored_blocks,
    write_digests,
)
from posthouse.core.mail.digests.facets import Facet, Values, decoded, encoded, fits
from posthouse.core.mail.messages import Column, Row, rows, some_rows
from posthouse.core.turns import Turn
from posthouse.storage.contract import Store, StoreUnavailable
from posthouse.storage.ranges import Range

log = structlog.get_logger()

LEAST = 64  # messages of a block that are worth a digest; fewer are read from their records
BLOCKS_AT_ONCE = 32  # read in less than 1 ms
ROWS_AT_ONCE = 256  # about 1 ms


class Page(msgspec.Struct, frozen=True):
    """Some messages: their positions in the mailbox, ascending, and their facets in the order they were asked for.

    `kept` marks those of `count` in the octets that are still there; None stands for all.
    """

    positions: Sequence[int]
    facets: tuple[Facet, ...]
    octets: list[bytes]
    count: int
    kept: bytes | None = None

    def values(self, facet: Facet) -> Values:
        """That facet of each message; see `facets.decoded`."""
        found = decoded(facet, self.octets[self.facets.index(facet)], self.count)
        return found if self.kept is None else list(compress(found, self.kept))  # type: ignore[return-value]  # of the same kind

    def containing(self, facet: Facet, text: bytes) -> bytes:
        """An octet a message, 1 where the text of that facet contains `text`."""
        octets = self.octets[self.facets.index(facet)]
        hits = octets.count(text)
        if not hits:
            return bytes(len(self.positions))
        if hits * 2 < self.count:
            found = _lines_with(octets, text, self.count)
        else:
            found = bytes([text in line for line in octets.split(b"\n")])
        return found if self.kept is None else bytes(compress(found, self.kept))


class _Span(msgspec.Struct, frozen=True):
    """The messages of one block, as positions; `wanted` of them are asked for."""

    block: int
    start: int
    stop: int
    wanted: list[Range]

    @property
    def count(self) -> int:
        return sum(stop - start for start, stop in self.wanted)


class Digests:
    """A mailbox's facets as one reader sees them, who knows the UIDs at each position up to `uid_next`."""

    def __init__(self, store: Store, account: int, mailbox: int, uids: array[int], uid_next: int) -> None:
        self._store = store
        self._account = account
        self._mailbox = mailbox
        self._uids = uids
        self._whole = uid_next >> BLOCK_BITS  # blocks below have all the UIDs that they will ever have

    async def pages(self, facets: Sequence[Facet], positions: list[Range]) -> AsyncIterator[Page]:
        """Facets of the messages in ranges of positions, in their order; a page may hold others beside them.

        Messages that are gone may be left out. Gives way to other work between pages.
        """
        asked = tuple(facets)
        turn = Turn()
        whole: list[_Span] = []
        loose: list[int] = []
        for span in self._spans(positions):
            if span.count >= LEAST and span.block < self._whole:
                async for page in self._loose(loose, asked):
                    yield page
                loose = []
                whole.append(span)
                if len(whole) < BLOCKS_AT_ONCE:
                    continue
            else:
                loose += [at for start, stop in span.wanted for at in range(start, stop)]
            for page in await self._stored(whole, asked):
                yield page
                await turn.share()
            whole = []
        for page in await self._stored(whole, asked):
            yield page
            await turn.share()
        async for page in self._loose(loose, asked):
            yield page
        if positions == [(0, len(self._uids))]:
            await self._drop_unused()

    def _spans(self, positions: list[Range]) -> Iterator[_Span]:
        uids = self._uids
        span: _Span | None = None
        for start, stop in positions:
            at = start
            while at < stop:
                block = uids[at] >> BLOCK_BITS
                if span is None or span.block != block:
                    if span is not None:
                        yield span
                    first = bisect_left(uids, block << BLOCK_BITS, 0, at + 1)
                    span = _Span(block, first, bisect_left(uids, (block + 1) << BLOCK_BITS, at), [])
                end = min(stop, span.stop)
                span.wanted.append((at, end))
                at = end
        if span is not None:
            yield span

    async def _stored(self, spans: list[_Span], facets: tuple[Facet, ...]) -> list[Page]:
        if not spans:
            return []
        wanted = [Facet.UIDS, *facets]
        blocks = [span.block for span in spans]
        pages = []
        read = await self._store.read(read_digests, self._account, self._mailbox, blocks, [*map(int, wanted)])
        for span, values in zip(spans, read, strict=True):
            found = _sound(wanted, values)
            if found is None or not self._covers(span, found[0]):
                made = await self._make(span, None if found is None else found[0])
                found = [made[facet] for facet in wanted]
            pages.append(self._page(span, facets, found))
        return pages

    def _covers(self, span: _Span, known: bytes) -> bool:
        """True when all messages that are here are in a digest of these UIDs."""
        here = self._uids[span.start : span.stop]
        return known == here.tobytes() or set(array("I", known)).issuperset(here)

    def _page(self, span: _Span, facets: tuple[Facet, ...], octets: list[bytes]) -> Page:
        here = self._uids[span.start : span.stop]
        known, *others = octets
        if known == here.tobytes():
            return Page(range(span.start, span.stop), facets, others, len(here))
        uids = array("I", known)
        left = frozenset(here)
        kept = bytes([uid in left for uid in uids])
        at = [bisect_left(self._uids, uid, span.start, span.stop) for uid in compress(uids, kept)]
        return Page(at, facets, others, len(uids), kept)

    async def _make(self, span: _Span, known: bytes | None) -> dict[Facet, bytes]:
        """Make a block's digests of its records, and keep them where the store can unless it has these UIDs already."""
        found: list[Row] = []
        for at in range(span.start, span.stop, ROWS_AT_ONCE):
            first, last = self._uids[at], self._uids[min(at + ROWS_AT_ONCE, span.stop) - 1]
            mailbox = self._account, self._mailbox
            some: list[Row] = await self._store.read(rows, *mailbox, first, last, ROWS_AT_ONCE, Column.RECORD)
            found += some
            await asyncio.sleep(0)
        made = {}
        for facet in Facet:
            made[facet] = encoded(facet, found)
            await asyncio.sleep(0)
        if made[Facet.UIDS] == known:
            return made  # the reader has not heard yet that some messages went
        try:
            facets = {int(facet): octets for facet, octets in made.items()}
            await self._store.write(write_digests, self._account, self._mailbox, span.block, facets)
        except StoreUnavailable as error:
            log.warning("a digest was not kept", account=self._account, mailbox=self._mailbox, error=str(error))
        return made

    async def _loose(self, positions: list[int], facets: tuple[Facet, ...]) -> AsyncIterator[Page]:
        """Pages made of the records alone."""
        turn = Turn()
        for start in range(0, len(positions), ROWS_AT_ONCE):
            uids = [self._uids[at] for at in positions[start : start + ROWS_AT_ONCE]]
            found = await self._store.read(some_rows, self._account, self._mailbox, uids, Column.RECORD)
            if found:
                places = [bisect_left(self._uids, row.uid) for row in found]
                yield Page(places, facets, [encoded(facet, found) for facet in facets], len(found))
            await turn.share()

    async def _drop_unused(self) -> None:
        """Forget the digests of blocks of which little is left."""
        stored = await self._store.read(stored_blocks, self._account, self._mailbox, int(Facet.UIDS))
        unused = []
        for block in stored:
            first = bisect_left(self._uids, block << BLOCK_BITS)
            if bisect_left(self._uids, (block + 1) << BLOCK_BITS, first) - first < LEAST:
                unused.append(block)
        if unused:
            with suppress(StoreUnavailable):  # the next reader does it
                await self._store.write(drop_digests, self._account, self._mailbox, unused, [*map(int, Facet)])


def _lines_with(octets: bytes, text: bytes, count: int) -> bytes:
    """1 for each line that contains `text`, where few do: so that the others need not be taken apart."""
    found = bytearray(count)
    line = start = 0
    at = octets.find(text)
    while at >= 0:
        line += octets.count(b"\n", start, at)
        found[line] = 1
        start = octets.find(b"\n", at)
        at = octets.find(text, start) if start >= 0 else -1
    return bytes(found)


def _sound(facets: list[Facet], values: list[bytes | None]) -> list[bytes] | None:
    """The stored octets, UIDS first, when all are there and of equally many messages."""
    found = [value for value in values if value is not None]
    if len(found) < len(facets):
        return None
    count = len(found[0]) // 4
    return found if all(fits(facet, octets, count) for facet, octets in zip(facets, found, strict=True)) else None
