"""PARTIAL: some of a result, by their places in it; RFC 9394 3."""

from __future__ import annotations

from posthouse.storage.ranges import Range


def places(partial: tuple[int, int], count: int) -> Range:
    """The places that `1:100` names in a result of `count`, or `-1:-100` from its end; half-open, counted from 0."""
    first, last = sorted(map(abs, partial))
    if partial[0] > 0:
        return min(first - 1, count), min(last, count)
    return max(count - last, 0), max(count - first + 1, 0)


def within(positions: list[Range], partial: tuple[int, int]) -> list[Range]:
    """Likewise of a result that is ascending half-open ranges."""
    start, stop = places(partial, sum(last - first for first, last in positions))
    found: list[Range] = []
    passed = 0
    for first, last in positions:
        low, high = max(start - passed, 0), min(stop - passed, last - first)
        if low < high:
            found.append((first + low, first + high))
        passed += last - first
    return found
