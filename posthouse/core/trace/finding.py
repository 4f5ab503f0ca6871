"""Letters by their number, by a mark, by when they came; and forgetting old ones. Numbers sort by time."""

from __future__ import annotations

import msgspec

from posthouse.core.queue.numbers import first_number
from posthouse.core.trace.records import TraceEvent, erase_trace, last_step, read_events
from posthouse.storage.contract import ReadTransaction, WriteTransaction, operation, query
from posthouse.storage.spaces import TRACE, TRACE_MARK

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


@query
def find_marked(txn: ReadTransaction, mark: str, first: int, before: int, limit: int) -> list[TracedLetter]:
    """Up to `limit` letters with that mark and numbers from `first` up to `before`, newest first."""
    found: list[TracedLetter] = []
    for key, _ in txn.scan(TRACE_MARK.key(mark, first), TRACE_MARK.key(mark, before), reverse=True):
        number = TRACE_MARK.parse(key)[1]
        events = read_events(txn, number)
        if events:
            found.append(TracedLetter(number, events))
            if len(found) >= limit:
                break
    return found


@query
def find_between(txn: ReadTransaction, first: int, before: int, limit: int) -> list[TracedLetter]:
    """Up to `limit` letters with numbers from `first` up to `before`, newest first."""
    found: list[TracedLetter] = []
    while len(found) < limit:
        newest = next(txn.scan(TRACE.key(first), TRACE.key(before), reverse=True), None)
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
    end = TRACE.key(first_number(before))
    for _ in range(limit):
        oldest = next(txn.scan(TRACE.key(after + 1), end), None)
        if oldest is None:
            return 0
        after = TRACE.parse(oldest[0])[0]
        if last_step(txn, after) < before:
            erase_trace(txn, after)
    return after
