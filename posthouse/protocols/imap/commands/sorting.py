"""Sorting many positions, and letting go of what was made of many, some at a time."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Mapping, Sequence
from itertools import islice
from typing import Any

from posthouse.core.turns import Turn

PIECE = 5_000  # positions sorted without a pause, about 1 ms
FREED_AT_ONCE = 10_000  # objects, about 1 ms


async def sort_by(order: list[int], key: Callable[[int], Any]) -> None:
    """Sort positions, keeping the order of what is equal.

    Of many, sorted runs are cut at the same values, and what lies between two cuts is sorted together: as fast as at
    one go, and never long without a pause.
    """
    if len(order) <= PIECE:
        order.sort(key=key)
        return
    turn = Turn()
    runs = []
    for at in range(0, len(order), PIECE):
        runs.append(sorted(order[at : at + PIECE], key=key))
        await turn.share()
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
        await turn.share()


async def picked(values: Mapping[int, Any] | Sequence[Any], wanted: Sequence[int]) -> list[Any]:
    """The values there, in that order."""
    turn = Turn()
    found: list[Any] = []
    for start in range(0, len(wanted), PIECE):
        found += [values[one] for one in wanted[start : start + PIECE]]
        await turn.share()
    return found


async def let_go(*many: list[Any] | dict[Any, Any] | set[Any]) -> None:
    """Empty what nobody needs any more: to free a hundred thousand objects takes some milliseconds."""
    turn = Turn()
    for one in many:
        while one:
            if isinstance(one, list):
                del one[-FREED_AT_ONCE:]
            elif isinstance(one, dict):
                for key in [*islice(one, FREED_AT_ONCE)]:
                    del one[key]
            else:
                one.difference_update([*islice(one, FREED_AT_ONCE)])
            await turn.share()
