"""How many messages one command may change; RFC 9738. Only what changes messages is bound: it is one transaction.

Commands that only look (FETCH, SEARCH, SORT, THREAD) go through any number, a page at a time.
"""

from __future__ import annotations

from posthouse.protocols.imap.view import View
from posthouse.protocols.imap.wire.sequence import SequenceSet
from posthouse.storage.ranges import Range


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


def message_limit(limit: int, lowest: int) -> bytes:
    """The code that says how many messages were done, and the lowest UID among them; RFC 9738 5."""
    return b"MESSAGELIMIT %d %d" % (limit, lowest)
