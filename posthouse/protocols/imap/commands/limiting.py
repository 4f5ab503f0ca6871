"""How many messages one command may change, RFC 9738, and one transaction, which holds up all other changes.

Commands that only look (FETCH, SEARCH, SORT, THREAD) go through any number, a page at a time.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from posthouse.protocols.imap.view import View
from posthouse.protocols.imap.wire.sequence import SequenceSet
from posthouse.storage.ranges import Range, runs

CHANGED_AT_ONCE = 1000  # messages that one transaction changes where a command need not be one; about 3 ms


async def newest_of(ranges: list[Range], view: View, limit: int) -> tuple[list[Range], bytes | None]:
    """The `limit` messages of the ranges with the highest UIDs, and the code that says so, None for all of them."""
    if view.exists <= limit:
        return ranges, None
    uids = await view.uids()
    left = limit
    kept: list[Range] = []
    for start, stop in reversed(SequenceSet(tuple(ranges)).uid_positions(uids)):
        first = max(start, stop - left)
        kept.append((uids[first], uids[stop - 1]))
        left -= stop - first
        if first > start or not left:
            break
    kept.reverse()
    if kept and kept[0][0] > ranges[0][0]:
        return kept, message_limit(limit, kept[0][0])
    return ranges, None


def portions(positions: list[Range], uids: Sequence[int]) -> Iterator[list[Range]]:
    """The UIDs of messages at half-open ranges of positions, `CHANGED_AT_ONCE` at a time; `uids` are all there are."""
    portion: list[Range] = []
    room = CHANGED_AT_ONCE
    for start, stop in positions:
        at = start
        while at < stop:
            end = min(at + room, stop)
            portion.append((uids[at], uids[end - 1]))
            room -= end - at
            at = end
            if not room:
                yield portion
                portion, room = [], CHANGED_AT_ONCE
    if portion:
        yield portion


def batches(uids: Sequence[int]) -> Iterator[list[Range]]:
    """Ascending UIDs, `CHANGED_AT_ONCE` at a time, as ranges that name no other."""
    for at in range(0, len(uids), CHANGED_AT_ONCE):
        yield runs(uids[at : at + CHANGED_AT_ONCE])


def message_limit(limit: int, lowest: int) -> bytes:
    """The code that says how many messages were done, and the lowest UID among them; RFC 9738 5."""
    return b"MESSAGELIMIT %d %d" % (limit, lowest)
