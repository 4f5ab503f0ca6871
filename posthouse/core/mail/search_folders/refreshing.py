"""Bringing search folders up to date when somebody looks at them: at what happened since, not at all that there is.

Writing costs nobody anything for them: no delivery and no change of flags knows that there are search folders.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing
from weakref import WeakValueDictionary

import msgspec

from posthouse.core.mail.search_folders.judging import Judge
from posthouse.core.mail.search_folders.pending import Pending, next_step
from posthouse.core.mail.search_folders.settling import Verdict, drop_mailbox, settle
from posthouse.core.search.contract import TextSearch
from posthouse.storage.blobs.contract import Blobs
from posthouse.storage.contract import Store

WRITTEN_AT_ONCE = 200  # messages that become members, about 5 ms of the store process
LOOKED_AT_ONCE = 1000


class Turns:
    """Who of this worker looks at which folder: one at a time, so that nothing is looked at twice."""

    def __init__(self) -> None:
        self._locks: WeakValueDictionary[tuple[int, int], asyncio.Lock] = WeakValueDictionary()

    def of(self, account: int, folder: int) -> asyncio.Lock:
        """The lock to hold."""
        return self._locks.setdefault((account, folder), asyncio.Lock())


class Refresher(msgspec.Struct, frozen=True):
    """Brings folders up to date; `now` gives ms since the epoch."""

    store: Store
    blobs: Blobs
    search: TextSearch
    now: Callable[[], int]
    turns: Turns

    async def refresh(self, account: int, folder: int) -> None:
        """Make a folder show what fits now; raises NoSuchMailbox, StoreUnavailable.

        Others may do the same elsewhere: whoever comes second to write finds that the turn is over, and looks again.
        """
        async with self.turns.of(account, folder):
            while True:
                now = self.now()
                step = await self.store.read(next_step, account, folder, now)
                if step is None:
                    return
                await self._take(account, folder, step, now)
                await asyncio.sleep(0)

    async def _take(self, account: int, folder: int, step: Pending, now: int) -> None:
        if step.dropped:
            await self.store.write(drop_mailbox, account, folder, step.turn, step.dropped, step.after)
            return
        judge = Judge(self.store, self.blobs, self.search, account, step.criteria, now)
        turn = step.turn
        gathered: list[Verdict] = []
        async with aclosing(_gathered(judge.verdicts(step.looks))) as batches:
            async for batch in batches:
                if gathered:
                    if not await self.store.write(settle, account, folder, turn, gathered, [], None):
                        return
                    turn += 1
                gathered = batch
        await self.store.write(settle, account, folder, turn, gathered, step.due, step.after)


async def _gathered(verdicts: AsyncIterator[Verdict]) -> AsyncGenerator[list[Verdict], None]:
    """As many together as one write may take."""
    batch: list[Verdict] = []
    written = looked = 0
    async for verdict in verdicts:
        batch.append(verdict)
        written += len(verdict.fitting) + len(verdict.due)
        looked += 1
        if written >= WRITTEN_AT_ONCE or looked >= LOOKED_AT_ONCE:
            yield batch
            batch, written, looked = [], 0, 0
    if batch:
        yield batch
