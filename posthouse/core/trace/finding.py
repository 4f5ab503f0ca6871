"""Letters by their number, by a mark, by when they came; and forgetting old ones. Numbers sort by time."""

from __future__ import annotations

import msgspec

from posthouse.core.queue.numbers import first_number
from posthouse.core.trace.records import TraceEvent, erase_trace, last_step, read_events
from posthouse.storage.contract import ReadTransaction, WriteTransaction, operation, query
from posthouse.storage.spaces import TRACE

LAST = 0xFFFF_FFFF_FFFF_FFFF  # behind every number


class TracedLetter(msgspec.Struct, array_like=True, frozen=True):
    """A letter and all that was done with it, in its order."""

    number: int
    events: list[TraceEvent]


@query
def find_number(txn: ReadTransaction, number: int) -> TracedLetter | None:
    """The letter of that number."""
    events = read_events(txn, number)
    return TracedLetter(number, events) if events else None


class Looked(msgspec.Struct, array_like=True, frozen=True):
    """What was found among letters with numbers from `down_to` on; 0 when there are no more to look at."""

    letters: list[TracedLetter]
    down_to: int


@query
def find_marked(txn: ReadTransaction, mark: str, first: int, before: int, limit: int) -> Looked:
    """The letters with that mark among about the `limit` newest steps with numbers from `first` up to `before`."""
    octets = mark.encode()
    found: list[TracedLetter] = []
    last = 0
    for seen, (key, value) in enumerate(txn.scan(TRACE.prefix(first), TRACE.prefix(before), reverse=True)):
        if seen >= limit:  # the letter that the limit falls in is still looked at as a whole
            number = TRACE.parse(key)[0]
            if last and number != last:
                return Looked(found, last)
            last = number
        if octets in value:
            number = TRACE.parse(key)[0]
            if found and found[-1].number == number:
                continue
            events = read_events(txn, number)
            if any(mark in event.marks for event in events):
                found.append(TracedLetter(number, events))
    return Looked(found, 0)


@query
def find_between(txn: ReadTransaction, first: int, before: int, limit: int) -> list[TracedLetter]:
    """Up to `limit` letters with numbers from `first` up to `before`, newest first."""
    found: list[TracedLetter] = []
    while len(found) < limit:
        newest = next(txn.scan(TRACE.prefix(first), TRACE.prefix(before), reverse=True), None)
        if newest is None:
            break
        before = TRACE.parse(newest[0])[0]
        events = read_events(txn, before)
        if events:
            found.append(TracedLetter(before, events))
    return found


@operation
def forget_letters(txn: WriteTransaction, before: int, after: int, limit: int) -> int:
    """Forget letters with which nothing was done since `before` (ms).

    Looks at up to `limit` with numbers above `after`; the last of them, 0 at the end.
    """
    end = TRACE.prefix(first_number(before))
    for _ in range(limit):
        oldest = next(txn.scan(TRACE.prefix(after + 1), end), None)
        if oldest is None:
            return 0
        after = TRACE.parse(oldest[0])[0]
        if last_step(txn, after) < before:
            erase_trace(txn, after)
    return after
