"""Facets of a view's messages as columns, for what is sorted and threaded."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from posthouse.core.mail.digests.facets import NUMBERS, Facet
from posthouse.core.mail.digests.reading import Digests
from posthouse.core.turns import Turn
from posthouse.protocols.imap.view import View
from posthouse.protocols.imap.wire.sequence import ranges_of
from posthouse.storage.ranges import Range

Columns = dict[Facet, list[Any]]


async def read_columns(facets: list[Facet], found: list[int], view: View) -> Columns:
    """Each facet of the messages at those ascending positions, by position; of others, something."""
    uids = await view.uids()
    turn = Turn()
    columns: Columns = {facet: [_nothing(facet)] * len(uids) for facet in facets}
    ranges = _ranges(found, len(uids))
    await turn.share()
    digests = Digests(view.store, view.account, view.mailbox, uids, view.uid_next)
    async for page in digests.pages(facets, ranges):
        for facet, column in columns.items():
            put(column, page.positions, page.values(facet))
    return columns


async def read_chosen(facets: list[Facet], chosen: Sequence[int], view: View) -> Columns:
    """The same of few messages, by their places among those at the ascending positions `chosen`."""
    columns: Columns = {facet: [_nothing(facet)] * len(chosen) for facet in facets}
    places = {at: place for place, at in enumerate(chosen)}
    digests = Digests(view.store, view.account, view.mailbox, await view.uids(), view.uid_next)
    async for page in digests.pages(facets, [(first, last + 1) for first, last in ranges_of(chosen)]):
        wanted = [(places[at], n) for n, at in enumerate(page.positions) if at in places]
        for facet, column in columns.items():
            values = page.values(facet)
            for place, n in wanted:
                column[place] = values[n]
    return columns


def _nothing(facet: Facet) -> int | str | bytes:
    if facet in NUMBERS:
        return 0
    return b"" if facet is Facet.REFERENCES else ""


def put(column: list[Any], positions: Sequence[int], values: Sequence[Any]) -> None:
    """Set a page's values at its positions."""
    if isinstance(positions, range):
        column[positions.start : positions.stop] = values
    else:
        for at, value in zip(positions, values, strict=True):
            column[at] = value


def _ranges(found: list[int], count: int) -> list[Range]:
    if len(found) == count:
        return [(0, count)] if count else []
    return [(first, last + 1) for first, last in ranges_of(found)]
