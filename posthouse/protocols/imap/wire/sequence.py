"""Sequence sets: `1,3:5,7:*` and `$`; RFC 9051 9 (sequence-set), RFC 5182 2.1 (`$`)."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence

import msgspec

from posthouse.storage.ranges import Range, merge

STAR = 0  # stands for `*`; no message has this number or UID


class SequenceSet(msgspec.Struct, frozen=True, gc=False):
    """Ranges of message numbers or UIDs as the peer wrote them: in any order, either end first, `STAR` for `*`.

    `saved` is `$`, the result of the last SEARCH RETURN (SAVE); it has no ranges of its own, so its holder puts
    what was saved in its place before it resolves.
    """

    ranges: tuple[Range, ...] = ()
    saved: bool = False

    def resolve(self, largest: int) -> list[Range]:
        """Inclusive ascending ranges, joined where they touch, with `*` as `largest`.

        `largest` is the number of messages, or the highest UID; 0 in an empty mailbox, where nothing is meant.
        Numbers above `largest` stay.
        """
        if not largest:
            return []
        ends = ((first or largest, last or largest) for first, last in self.ranges)
        # RFC 9051 9, seq-range: the two ends may come in either order
        return merge((first, last) if first <= last else (last, first) for first, last in ends)

    def exceeds(self, count: int) -> bool:
        """True when a message number above `count` is named, an error of the peer (RFC 9051 9, seq-number).

        `*` never exceeds, nor does the 1 of `1:*` or `*:1`: clients ask for that of an empty mailbox.
        """
        for first, last in self.ranges:
            if first > count or last > count:
                return bool(count) or self.ranges not in (((1, STAR),), ((STAR, 1),))
        return False

    def positions(self, count: int) -> list[Range]:
        """Message numbers as half-open ranges of positions from 0 in a view of `count` messages; others drop out."""
        if len(self.ranges) == 1:
            first, last = self.ranges[0]
            if first == last != STAR:  # one message, as is asked most
                return [(first - 1, first)] if first <= count else []
        return [(first - 1, min(last, count)) for first, last in self.resolve(count) if first <= count]

    def uid_positions(self, uids: Sequence[int]) -> list[Range]:
        """UIDs as half-open ranges of positions in the ascending `uids`; UIDs that are not there drop out."""
        if not uids:
            return []
        found: list[Range] = []
        for first, last in self.resolve(uids[-1]):
            start = bisect_left(uids, first)
            stop = bisect_right(uids, last, start)
            if start == stop:
                continue
            if found and found[-1][1] == start:  # ranges of UIDs with nothing between them
                start = found.pop()[0]
            found.append((start, stop))
        return found


def ranges_of(numbers: Iterable[int]) -> list[Range]:
    """Numbers, each once, as inclusive ranges in the same order; ascending ones give the fewest."""
    ranges: list[Range] = []
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
