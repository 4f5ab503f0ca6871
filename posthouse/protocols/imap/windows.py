"""Very many ranges of UIDs, worked on some at a time: what is done with ranges is done for each stretch of UIDs."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import AsyncIterator, Sequence

from posthouse.core.turns import Turn
from posthouse.storage import ranges as uid_ranges
from posthouse.storage.ranges import Range

RANGES = 1_000  # of all lists in one window, more or less: about 1 ms of work
SAMPLED = 50  # one of so many is looked at to find where to cut


async def windows(*lists: Sequence[Range]) -> AsyncIterator[list[list[Range]]]:
    """The ranges of each list by windows of UIDs, from the lowest up; those that reach over several are cut."""
    count = sum(map(len, lists))
    if count <= RANGES:
        yield [list(one) for one in lists]
        return
    turn = Turn()
    sample = sorted([one[0] for ranges in lists for one in ranges[::SAMPLED]])
    step = max(1, RANGES // SAMPLED)
    cuts = sorted(set(sample[step::step]))
    parts: list[list[list[Range]]] = [[[] for _ in lists] for _ in range(len(cuts) + 1)]
    for which, ranges in enumerate(lists):
        for whole_first, last in ranges:
            first, at = whole_first, bisect_right(cuts, whole_first)
            while at < len(cuts) and last >= cuts[at]:
                parts[at][which].append((first, cuts[at] - 1))
                first = cuts[at]
                at += 1
            parts[at][which].append((first, last))
            await turn.share()
    for part in parts:
        yield part
        await turn.share()


async def merged(*lists: Sequence[Range]) -> list[Range]:
    """What is in any of the lists, as `ranges.merge` has it."""
    found: list[Range] = []
    async for parts in windows(*lists):
        join(found, uid_ranges.merge([one for part in parts for one in part]))
    return found


async def intersected(one: Sequence[Range], other: Sequence[Range]) -> list[Range]:
    """What is in both; both merged."""
    found: list[Range] = []
    async for mine, theirs in windows(one, other):
        join(found, uid_ranges.intersect(mine, theirs))
    return found


def join(found: list[Range], more: list[Range]) -> None:
    """Add what was found in the next window; a range that was cut becomes one again."""
    if found and more and found[-1][1] + 1 == more[0][0]:
        more[0] = found.pop()[0], more[0][1]
    found += more
