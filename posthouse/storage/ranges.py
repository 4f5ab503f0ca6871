"""Sets of numbers as sorted, disjoint, inclusive ranges: how UIDs stand in the change log and in requests."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

Range = tuple[int, int]


def add(ranges: list[Range], number: int) -> None:
    """Add `number` to a list that mostly grows at its end, in place; the list may need `merge` later."""
    if ranges and ranges[-1][1] + 1 == number:
        ranges[-1] = (ranges[-1][0], number)
    else:
        ranges.append((number, number))


def extend(ranges: list[Range], more: Sequence[Range]) -> None:
    """`add` for ascending ranges."""
    for first, last in more:
        if ranges and ranges[-1][1] + 1 == first:
            ranges[-1] = (ranges[-1][0], last)
        else:
            ranges.append((first, last))


def runs(ascending: Sequence[int]) -> list[Range]:
    """Ascending numbers, each once, as ranges; quick where most stand side by side."""
    found: list[Range] = []
    at, end = 0, len(ascending)
    while at < end:
        first = ascending[at]
        step, stop = 1, at + 1  # the run goes on up to `stop` at least
        while stop < end:
            ahead = min(stop + step, end)
            if ascending[ahead - 1] - first == ahead - 1 - at:
                stop, step = ahead, step * 2
            elif step > 1:
                step = 1
            else:
                break
        found.append((first, ascending[stop - 1]))
        at = stop
    return found


def merge(ranges: Iterable[Range]) -> list[Range]:
    """The same numbers, sorted, without overlap or adjacency."""
    merged: list[Range] = []
    for first, last in sorted(ranges):
        if merged and first <= merged[-1][1] + 1:
            if last > merged[-1][1]:
                merged[-1] = (merged[-1][0], last)
        else:
            merged.append((first, last))
    return merged


def subtract(ranges: Sequence[Range], minus: Sequence[Range]) -> list[Range]:
    """What of `ranges` is not in `minus`; both merged."""
    left: list[Range] = []
    at = 0
    for whole_first, last in ranges:
        first = whole_first
        while at < len(minus) and minus[at][1] < first:
            at += 1
        cut = at
        while cut < len(minus) and minus[cut][0] <= last:
            if minus[cut][0] > first:
                left.append((first, minus[cut][0] - 1))
            first = max(first, minus[cut][1] + 1)
            cut += 1
        if first <= last:
            left.append((first, last))
    return left


def intersect(ranges: Sequence[Range], other: Sequence[Range]) -> list[Range]:
    """What is in both; both merged."""
    common: list[Range] = []
    at = 0
    for first, last in ranges:
        while at < len(other) and other[at][1] < first:
            at += 1
        with_ = at
        while with_ < len(other) and other[with_][0] <= last:
            common.append((max(first, other[with_][0]), min(last, other[with_][1])))
            with_ += 1
    return common


def numbers(ranges: Iterable[Range]) -> Iterator[int]:
    """Each number."""
    for first, last in ranges:
        yield from range(first, last + 1)


def count(ranges: Iterable[Range]) -> int:
    """How many numbers."""
    return sum(last - first + 1 for first, last in ranges)
