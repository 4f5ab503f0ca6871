"""Messages in the order of some facets; RFC 5256 3: what is equal in all of them stands in the order of the mailbox.

Text is compared as i;unicode-casemap has it, RFC 5255 4.2.
"""

from __future__ import annotations

import asyncio
from array import array
from collections.abc import Sequence
from typing import Any

from posthouse.core.mail.digests.facets import Facet
from posthouse.core.turns import Turn
from posthouse.protocols.imap.commands.columns import read_columns
from posthouse.protocols.imap.commands.search.relevancy import Relevancy
from posthouse.protocols.imap.commands.sort.kept import KeptOrder, updated
from posthouse.protocols.imap.commands.sorting import let_go, sort_by
from posthouse.protocols.imap.contracts import User
from posthouse.protocols.imap.orders import LEAST, changed
from posthouse.protocols.imap.view import View
from posthouse.protocols.imap.wire.sort import Criterion, SortKey

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

AT_ONCE = 5_000  # positions, less than 1 ms
FEW = 100  # messages that came or went since a mailbox was sorted; where there are more, all are sorted anew


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
    order = await _of_all(wanted, view, user)
    if len(found) == len(uids):
        positions = order.tolist()
        await asyncio.sleep(0)
        return positions
    chosen = bytearray(len(uids))
    turn = Turn()
    for start in range(0, len(found), AT_ONCE):
        for at in found[start : start + AT_ONCE]:
            chosen[at] = 1
        await turn.share()
    positions = []
    for start in range(0, len(order), AT_ONCE):
        positions += [at for at in order[start : start + AT_ONCE] if chosen[at]]
        await turn.share()
    return positions


async def _of_all(wanted: dict[SortKey, bool], view: View, user: User) -> array[int]:
    uids = await view.uids()
    orders, key = user.contracts.orders, (view.account, view.mailbox, tuple(wanted.items()))
    order: array[int] | None = None
    held = orders.get(key)
    if held is not None:
        before, kept = held
        assert isinstance(kept, KeptOrder)
        change = changed(before, uids, FEW)
        if change == ([], []):
            return kept.positions
        if change is not None:
            by = [(FACETS[one], reverse) for one, reverse in wanted.items()]
            order = await updated(kept.positions, *change, by, view)
    if order is None:
        positions = await _ordered([*range(len(uids))], wanted, Relevancy(), view)
        await asyncio.sleep(0)
        order = array("I", positions)
        await let_go(positions)
        await asyncio.sleep(0)
    orders.keep(key, uids, KeptOrder(order), user.contracts.settings.kept_orders_octets)
    return order


async def _ordered(found: list[int], wanted: dict[SortKey, bool], relevancy: Relevancy, view: View) -> list[int]:
    turn = Turn()
    facets = [FACETS[key] for key in wanted if key in FACETS]
    by_facet = await read_columns(facets, found, view) if facets else {}
    columns = {key: by_facet[FACETS[key]] for key in wanted if key in FACETS}
    if SortKey.RELEVANCY in wanted:
        columns[SortKey.RELEVANCY] = await _least_first(found, relevancy)
    order = list(found)
    await turn.share()
    # from the last criterion to the first, since sorting keeps the order of what is equal
    for key, reverse in reversed(wanted.items()):
        if reverse:
            order.reverse()
        await sort_by(order, columns[key].__getitem__)
        if reverse:
            order.reverse()
    await let_go(*columns.values())
    return order


async def _least_first(found: list[int], relevancy: Relevancy) -> list[Any]:
    """A column by which the best messages come first; RFC 6203 5."""
    column = [0] * (found[-1] + 1 if found else 0)
    for at, score in zip(found, await relevancy.scores(found), strict=True):
        column[at] = -score
    return column
