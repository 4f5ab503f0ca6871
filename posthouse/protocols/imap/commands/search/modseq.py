"""The mod-sequence that a SEARCH by MODSEQ tells with its result; RFC 7162 3.1.5, RFC 4731 3.2."""

from __future__ import annotations

import asyncio
from itertools import compress

from posthouse.core.turns import Turn
from posthouse.protocols.imap.commands.reading import batches, read_rows
from posthouse.protocols.imap.view import View
from posthouse.storage.ranges import runs

ROWS_PER_BATCH = 500  # about 2 ms
POSITIONS_AT_ONCE = 5_000  # about 1 ms


async def newest(positions: list[int], view: View) -> int | None:
    """The highest among the messages at those ascending positions; None without one."""
    highest = 0
    turn = Turn()
    for start in range(0, len(positions), ROWS_PER_BATCH):
        some = runs(positions[start : start + ROWS_PER_BATCH])
        for batch in batches([(first, last + 1) for first, last in some], ROWS_PER_BATCH):
            for row in await read_rows(view, batch, 0):
                highest = max(highest, row.modseq)
            await turn.share()
    return highest or None


async def ascending(positions: list[int], count: int) -> list[int]:
    """Positions among `count` messages in their order, each once."""
    turn = Turn()
    mask = bytearray(count)
    for start in range(0, len(positions), POSITIONS_AT_ONCE):
        for at in positions[start : start + POSITIONS_AT_ONCE]:
            mask[at] = 1
        await turn.share()
    await asyncio.sleep(0)
    return list(compress(range(count), mask))
