"""Messages in the order of some facets; RFC 5256 3: what is equal in all of them stands in the order of the mailbox.

Text is compared as i;unicode-casemap has it, RFC 5255 4.2.
"""

from __future__ import annotations

import asyncio
from array import array
from bisect import bisect_left
from collections.abc import Sequence
from typing import Any

from posthouse.core.mail.digests.facets import NUMBERS, Facet
from posthouse.core.mail.digests.reading import Digests
from posthouse.protocols.imap.commands.search.relevancy import Relevancy
from posthouse.protocols.imap.contracts import User
from posthouse.protocols.imap.orders import LEAST
from posthouse.protocols.imap.view import View
from posthouse.protocols.imap.wire.sequence import ranges_of
from posthouse.protocols.imap.wire.sort import Criterion, SortKey
from posthouse.storage.ranges import Range

FACETS = {
    SortKey.ARRIVAL: Facet.RECEIVED,
    SortKey.CC: Facet.CC_KEY,
    SortKey.DATE: Facet.SENT,
    SortKey.FROM: Facet.FROM_KEY,
    SortKey.SIZE: Facet.SIZE,
    SortKey.SUBJECT: Facet.SUBJECT_KEY,
    SortKey.TO: Facet.TO_KEY,
    SortKey.DISPLAYFROM: Facet.FROM_NAME_KEY,
    SortKey.DISPLAYTO: Facet.TO_NAME_KEY,
}

PIECE = 10_000  # positions sorted without a pause, about 2 ms
FEW = 1_000  # messages that came since a mailbox was sorted: to sort them in costs little more than looking at all


async def ordered(
    found: list[int], criteria: Sequence[Criterion], relevancy: Relevancy, view: View, user: User
) -> list[int]:
    """Ascending positions, sorted; of much of a large mailbox the order is kept for the next one who asks for it."""
    wanted: dict[SortKey, bool] = {}
    for criterion in criteria:
        wanted.setdefault(criterion.key, criterion.reverse)  # a second time it would decide nothing
    uids = await view.uids()
    if len(uids) < LEAST or len(found) * 2 < len(uids) or SortKey.RELEVANCY in wanted:
        return await _ordered(found, wanted, relevancy, view)
    key = view.account, view.mailbox, tuple(wanted.items())
    order = user.contracts.orders.get(key, uids)
    if not isinstance(order, array):
        before = user.contracts.orders.earlier(key, uids)
        if isinstance(before, array) and len(wanted) == 1 and len(uids) - len(before) <= FEW:
            order = array("I", await _with_arrivals(before, wanted, view))
        else:
            order = array("I", await _ordered([*range(len(uids))], wanted, relevancy, view))
        user.contracts.orders.keep(key, uids, order, user.contracts.settings.kept_orders_octets)
    if len(found) == len(uids):
        return order.tolist()
    chosen = bytearray(len(uids))
    for at in found:
        chosen[at] = 1
    return [at for at in order if chosen[at]]


async def _with_arrivals(before: array[int], wanted: dict[SortKey, bool], view: View) -> list[int]:
    """The order when messages have come to those that were sorted: what is sorted but for its end is soon sorted."""
    ((key, reverse),) = wanted.items()
    count = len(await view.uids())
    columns = await read_columns([FACETS[key]], [*range(count)], view)
    order = [*before, *range(len(before), count)]
    order.sort(key=columns[FACETS[key]].__getitem__, reverse=reverse)
    return order


async def _ordered(found: list[int], wanted: dict[SortKey, bool], relevancy: Relevancy, view: View) -> list[int]:
    facets = [FACETS[key] for key in wanted if key in FACETS]
    by_facet = await read_columns(facets, found, view) if facets else {}
    columns = {key: by_facet[FACETS[key]] for key in wanted if key in FACETS}
    if SortKey.RELEVANCY in wanted:
        columns[SortKey.RELEVANCY] = _least_first(found, relevancy)
    order = list(found)
    # from the last criterion to the first, since sorting keeps the order of what is equal
    for key, reverse in reversed(wanted.items()):
        if reverse:
            order.reverse()
        await _sort(order, columns[key])
        if reverse:
            order.reverse()
    return order


def _least_first(found: list[int], relevancy: Relevancy) -> list[Any]:
    """A column by which the best messages come first; RFC 6203 5."""
    column = [0] * (found[-1] + 1 if found else 0)
    for at, score in zip(found, relevancy.scores(found), strict=True):
        column[at] = -score
    return column


async def read_columns(facets: list[Facet], found: list[int], view: View) -> dict[Facet, list[Any]]:
    """Each facet of the messages at those ascending positions, by position; of others, something."""
    uids = await view.uids()
    columns: dict[Facet, list[Any]] = {facet: [_nothing(facet)] * len(uids) for facet in facets}
    digests = Digests(view.store, view.account, view.mailbox, uids, view.uid_next)
    async for page in digests.pages(facets, _ranges(found, len(uids))):
        for facet, column in columns.items():
            put(column, page.positions, page.values(facet))
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


async def _sort(order: list[int], column: list[Any]) -> None:
    """Sort positions by the column, keeping the order of what is equal.

    Of many, sorted runs are cut at the same values, and what lies between two cuts is sorted together: as fast as at
    one go, and never long without a pause.
    """
    key = column.__getitem__
    if len(order) <= PIECE:
        order.sort(key=key)
        return
    runs = []
    for at in range(0, len(order), PIECE):
        runs.append(sorted(order[at : at + PIECE], key=key))
        await asyncio.sleep(0)
    parts = len(runs)
    sample = sorted(key(run[len(run) * part // parts]) for run in runs for part in range(1, parts))
    starts = [0] * len(runs)
    order.clear()
    for part in range(1, parts + 1):
        if part < parts:
            cut = sample[len(sample) * part // parts]
            ends = [bisect_left(run, cut, start, key=key) for run, start in zip(runs, starts, strict=True)]
        else:
            ends = [len(run) for run in runs]
        between = [at for run, start, end in zip(runs, starts, ends, strict=True) for at in run[start:end]]
        between.sort(key=key)
        order += between
        starts = ends
        await asyncio.sleep(0)
