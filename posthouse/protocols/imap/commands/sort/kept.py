"""A whole mailbox in order as it is kept, and brought up to date with what came and went; RFC 5256 3."""

from __future__ import annotations

import asyncio
from array import array
from collections.abc import Sequence
from itertools import compress
from typing import Any

import msgspec

from posthouse.core.mail.digests.facets import Facet
from posthouse.protocols.imap.commands.columns import read_chosen
from posthouse.protocols.imap.view import View

AT_ONCE = 10_000  # positions that shift without a pause, about 1 ms

By = Sequence[tuple[Facet, bool]]  # from the first criterion on, True for a reverse one


class KeptOrder(msgspec.Struct, frozen=True):
    """Positions in order."""

    positions: array[int]

    @property
    def octets(self) -> int:
        """How much memory it takes."""
        return len(self.positions) * self.positions.itemsize


async def updated(
    before: array[int], gone: Sequence[int], came: Sequence[int], by: By, view: View
) -> array[int] | None:
    """The order when messages went (positions among those in `before`) and others came (positions in the view).

    None where one would have to be looked at that is gone, though the peer was not told yet.
    """
    order = await _shifted(before, gone, came, len(await view.uids()))
    if not came:
        return order
    try:
        places = await _places(order, came, by, view)
    except _GoneMeanwhile:
        return None
    found = order[:0]
    at = 0
    for place, position in places:
        found += order[at:place]
        found.append(position)
        at = place
    return found + order[at:]


async def _shifted(before: array[int], gone: Sequence[int], came: Sequence[int], count: int) -> array[int]:
    """What is left, at the positions where it is now."""
    left = len(before) - len(gone)
    if not gone and [*came] == [*range(left, count)]:
        return before
    is_new = bytearray(count)
    for at in came:
        is_new[at] = 1
    stays = bytearray(b"\x01" * len(before))
    for at in gone:
        stays[at] = 0
    now = (at for at in range(count) if not is_new[at])
    shifted = array("I")
    for start in range(0, len(stays), AT_ONCE):
        shifted.extend([next(now) if stay else 0 for stay in stays[start : start + AT_ONCE]])
        await asyncio.sleep(0)
    order = array("I")
    for start in range(0, len(before), AT_ONCE):
        some = before[start : start + AT_ONCE]
        order.extend([shifted[at] for at in compress(some, [stays[at] for at in some])])
        await asyncio.sleep(0)
    return order


class _GoneMeanwhile(Exception):
    """A message of the view is no longer there."""


class _Key:
    """A message as it is compared."""

    __slots__ = ("by", "position", "values")

    def __init__(self, position: int, values: list[Any], by: By) -> None:
        self.position, self.values, self.by = position, values, by

    def __lt__(self, other: _Key) -> bool:
        for mine, others, (_, reverse) in zip(self.values, other.values, self.by, strict=True):
            if mine != others:
                return bool(mine < others) is not reverse
        return self.position < other.position  # also where the order is reverse; RFC 5256 3


async def _places(order: array[int], came: Sequence[int], by: By, view: View) -> list[tuple[int, int]]:
    """Where in the order the messages that came are put, in their own order: (place, position).

    All are looked for at once, halving what each may be in, so that few messages are read, some at a time.
    """
    keys = sorted(await _keys(came, by, view))
    low, high = [0] * len(keys), [len(order)] * len(keys)
    while open_ones := [n for n in range(len(keys)) if low[n] < high[n]]:
        middle = {n: (low[n] + high[n]) // 2 for n in open_ones}
        probes = sorted({order[at] for at in middle.values()})
        probed = {probe.position: probe for probe in await _keys(probes, by, view)}
        for n, at in middle.items():
            if probed[order[at]] < keys[n]:
                low[n] = at + 1
            else:
                high[n] = at
    return [(place, key.position) for place, key in zip(low, keys, strict=True)]


async def _keys(positions: Sequence[int], by: By, view: View) -> list[_Key]:
    columns = await read_chosen([Facet.UIDS, *[facet for facet, _ in by]], positions, view)
    if not all(columns[Facet.UIDS]):
        raise _GoneMeanwhile
    return [_Key(position, [columns[facet][place] for facet, _ in by], by) for place, position in enumerate(positions)]
