"""The mod-sequence that a SEARCH by MODSEQ tells with its result; RFC 7162 3.1.5, RFC 4731 3.2."""

from __future__ import annotations

import asyncio

from posthouse.core.mail.criteria import keys
from posthouse.protocols.imap.commands.reading import batches, read_rows
from posthouse.protocols.imap.view import View
from posthouse.protocols.imap.wire.search import ModSeq
from posthouse.protocols.imap.wire.sequence import ranges_of

ROWS_PER_BATCH = 1000  # about 5 ms


async def newest(key: keys.SearchKey, found: list[int], view: View) -> int | None:
    """The highest among the messages at those ascending positions; None without one, and when none was asked."""
    if not found or not keys.holds(key, ModSeq):
        return None
    highest = 0
    for batch in batches([(first, last + 1) for first, last in ranges_of(found)], ROWS_PER_BATCH):
        for row in await read_rows(view, batch, 0):
            highest = max(highest, row.modseq)
        await asyncio.sleep(0)
    return highest or None
