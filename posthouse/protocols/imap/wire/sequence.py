"""Sequence sets: `1,3:5,7:*` and `$`; RFC 9051 9 (sequence-set), RFC 5182 2.1 (`$`)."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence

import msgspec

STAR = 0  # stands for `*`; no message has this number or UID
Ranges = list[tuple[int, int]]


class SequenceSet(msgspec.Struct, frozen=True, gc=False):
    """Ranges of message numbers or UIDs as the peer wrote them: in any order, either end first, `STAR` for `*`.

    `saved` is `$`, the result of the last SEARCH RETURN (SAVE); it has no ranges of its own, so its holder puts
    what was saved in its place before it resolves.
    """

    ranges: tuple[tuple[int, int], ...] = ()
    saved: bool = False

    def resolve(self, largest: int) -> Ranges:
        """Inclusive ascending ranges, joined where they touch, with `*` as `largest`.

        `largest` is the number of messages, or the highest UID; 0 in an empty mailbox, where nothing is meant.
        Numbers above `largest` stay.
        """
        if not largest:
            return []
        return coalesce((first or largest, last or largest) for first, last in self.ranges)

    def exceeds(self, count: int) -> bool:
        """True when a message number above `count` is named, which RFC 9051 6.4 answers with BAD.

        `*` never exceeds, nor does the 1 of `1:*`: clients ask for that of an empty mailbox.
        """
        if not count:
            return any(first > 1 or last > 1 or (first and last) for first, last in self.ranges)
        return any(first > count or last > count for first, last in self.ranges)

    def positions(self, count: int) -> Ranges:
        """Message numbers as half-open ranges of positions from 0 in a view of `count` messages; others drop out."""
        return [(first - 1, min(last, count)) for first, last in self.resolve(count) if first <= count]

    def uid_positions(self, uids: Sequence[int]) -> Ranges:
        """UIDs as half-open ranges of positions in the ascending `uids`; UIDs that are not there drop out."""
        if not uids:
            return []
        found = []
        for first, last in self.resolve(uids[-1]):
            start = bisect_left(uids, first)
            stop = bisect_right(uids, last, start)
            if start < stop:
                found.append((start, stop))
        return coalesce_positions(found)


def coalesce(ranges: Iterable[tuple[int, int]]) -> Ranges:
    """Inclusive ranges in any order, either end first, as ascending ones that neither overlap nor touch."""
    joined: Ranges = []
    last = -1
    for start, end in sorted((a, b) if a <= b else (b, a) for a, b in ranges):
        if joined and start <= last + 1:
            if end > last:
                last = end
                joined[-1] = (joined[-1][0], end)
        else:
            joined.append((start, end))
            last = end
    return joined


def coalesce_positions(ranges: Ranges) -> Ranges:
    """Ascending half-open ranges, joined where they touch."""
    joined: Ranges = []
    for start, stop in ranges:
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], stop)
        else:
            joined.append((start, stop))
    return joined


def ranges_of(numbers: Iterable[int]) -> Ranges:
    """Ascending numbers as inclusive ranges."""
    ranges: Ranges = []
    first = last = -2
    for number in numbers:
        if number == last + 1:
            last = number
            continue
        if last >= 0:
            ranges.append((first, last))
        first = last = number
    if last >= 0:
        ranges.append((first, last))
    return ranges
