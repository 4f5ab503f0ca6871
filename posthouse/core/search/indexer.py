"""The indexer: follows the accounts and keeps the index, a step at a time, each durable before the next.

It works in pauses: while letters keep coming it waits, as long as its patience lasts (`lull`), and then takes them many
at a time. Searches read what the index has not yet, so it is only their time that waits.

An account's messages are numbered in the order in which they came, for good, wherever they are moved: so one number
says how far the account is read, and what is above it, everybody finds in the store.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Callable
from typing import Protocol

from posthouse.core.search import source
from posthouse.core.search.lull import Lull
from posthouse.core.search.reading import MessageReader
from posthouse.core.search.settings import SearchSettings
from posthouse.core.search.steps import Folder, Steps
from posthouse.storage.contract import Store
from posthouse.storage.topics import SEARCH_TOPIC, account_of

LOOK_SECONDS = 60.0  # a notice may be lost: so often all accounts are looked at
SWEEP_SECONDS = 86_400.0  # so often what was forgotten for good is looked for; it is in no mailbox, so in no answer
IDLE_SECONDS = 30.0  # then the writer's memory is given back
WARM_SECONDS = 2.0  # and then what its last threads have touched
BACKLOG_SECONDS = 60.0  # between commits while there is more to read: a few large ones cost less than many small ones
PAGE_MESSAGES = 100
PAGE_OCTETS = 1 << 20
NUMBERS = 5000


class Notices:
    """What the bus said; a publisher that a store tells."""

    def __init__(self, lull: Lull) -> None:
        """`lull` is told of all that comes."""
        self.lull = lull
        self.accounts: dict[int, None] = {}
        self.is_renewed = False
        self.news = asyncio.Event()

    def publish(self, topic: str) -> None:
        """Something under `topic` changed."""
        account = account_of(topic)
        if account is not None:
            self.accounts[account] = None
            self.lull.stir()
            self.news.set()
        elif topic == SEARCH_TOPIC:
            self.is_renewed = True
            self.news.set()


class Tally(Protocol):
    """Who counts what the indexer does."""

    def indexed(self, messages: int) -> None:
        """So many more messages are in the index."""

    def waiting(self, messages: int) -> None:
        """So many are not yet, at most."""


class Indexer:
    """One index's only writer."""

    def __init__(
        self,
        store: Store,
        kept: Store,
        folder: Folder,
        reader: MessageReader,
        settings: SearchSettings,
        notices: Notices,
        tally: Tally,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`kept` is the index's own store, `store` that of the mail; `clock` gives seconds."""
        self._store = store
        self._steps = Steps(kept, folder)
        self._reader = reader
        self._settings = settings
        self._notices = notices
        self._tally = tally
        self._clock = clock
        self._identity = b""
        self._due: dict[int, None] = {}  # accounts that are read now
        self._behind: dict[int, int] = {}
        self._waiting = 0
        self._to_sweep: dict[int, None] = {}
        self._swept: dict[int, float] = {}
        self._looked = self._worked = -LOOK_SECONDS
        self._stopping = asyncio.Event()

    async def run(self) -> None:
        """Follow until stopped. Raises IndexBroken when the index cannot be written, StoreUnavailable."""
        news, lull = self._notices.news, self._notices.lull
        while not self._stopping.is_set():
            if await self.turn():
                continue
            if left := lull.left():
                await _until(self._stopping, left)  # what comes now wakes nobody
                continue
            news.clear()
            if not (self._has_work or self._stopping.is_set()):
                await _until(news, self._idle_seconds())
        await self._commit()
        await self._steps.rest()

    async def turn(self) -> bool:
        """Do the next thing that may be done now; False when there is none."""
        if self._notices.is_renewed or self._clock() - self._looked >= LOOK_SECONDS:
            await self._look()
            self._looked = self._clock()
        if self._notices.lull.left():
            await self._count_waiting()
            return False
        if self._steps.age(self._clock()) >= (BACKLOG_SECONDS if self._has_work else self._settings.commit_seconds):
            await self._commit()
        if await self._work():
            self._worked = self._clock()
            return True
        if self._clock() - self._worked >= IDLE_SECONDS:
            await self._steps.rest()
        return False

    async def catch_up(self) -> None:
        """Index all that there is now, and no more."""
        await self._look()
        while await self._work():
            pass
        await self._commit()
        await self._steps.rest()

    def stop(self) -> None:
        """Commit and end."""
        self._stopping.set()
        self._notices.news.set()

    @property
    def _has_work(self) -> bool:
        return bool(self._due or self._notices.accounts or self._to_sweep or self._notices.is_renewed)

    def _idle_seconds(self) -> float:
        """How long there is nothing to do without news."""
        if not self._steps.is_pending:
            return WARM_SECONDS if self._steps.is_warm else IDLE_SECONDS
        return max(0.0, self._settings.commit_seconds - self._steps.age(self._clock()))

    async def _look(self) -> None:
        """See that the index is that of this store, and which accounts have anything new."""
        self._notices.is_renewed = False
        identity = await self._store.write(source.ensure_identity, secrets.token_bytes(source.IDENTITY_OCTETS))
        if identity != self._identity:
            self._to_sweep.clear()
            await self._steps.open(identity)
            self._identity = identity
        unseen = set(self._steps.progress)
        after = 0
        while accounts := await self._store.read(source.last_numbers, after, NUMBERS):
            for account, last in accounts:
                unseen.discard(account)
                upto = self._steps.progress.get(account, 0)
                self._set_behind(account, max(0, last - upto))
                if last != upto:
                    self._notices.accounts[account] = None
                if upto and self._clock() - self._swept.get(account, -SWEEP_SECONDS) >= SWEEP_SECONDS:
                    self._to_sweep[account] = None
                after = account
        for account in unseen:
            await self._forget(account)

    async def _work(self) -> bool:
        """Read some of one account that has news, else sweep one; False when there is nothing to do."""
        if not self._due:
            self._due, self._notices.accounts = self._notices.accounts, {}
        if self._due:
            account = next(iter(self._due))
            del self._due[account]
            await self._read(account)
            if not self._due:
                await self._end_round()
        elif self._to_sweep:
            account = next(iter(self._to_sweep))
            del self._to_sweep[account]
            await self._sweep(account)
        else:
            return False
        await asyncio.sleep(0)
        return True

    async def _end_round(self) -> None:
        """All that was due is read; where letters keep coming, the next round may be far."""
        self._notices.lull.settle()
        if self._notices.lull.left():
            await self._commit()

    async def _read(self, account: int) -> None:
        upto = self._steps.progress.get(account, 0)
        reading = await self._store.read(source.unread, account, upto, PAGE_MESSAGES, PAGE_OCTETS)
        if upto > reading.last:  # numbers were given again, or the account is gone
            await self._forget(account)
            return
        read = []
        for unread in reading.messages:
            read.append(await self._reader.read(account, unread))
            await asyncio.sleep(0)  # whoever asks how far we are
        await self._steps.add(read, self._clock())
        if reading.upto != upto:
            self._steps.advance(account, reading.upto, self._clock())
        self._set_behind(account, reading.last - reading.upto)
        if reading.upto < reading.last:
            self._due[account] = None  # behind the others that wait
        if self._steps.octets > self._settings.memory_mebibytes << 20 >> 2:  # the index takes as much thrice
            await self._commit()

    async def _sweep(self, account: int) -> None:
        """Take out of the index what the account has no more."""
        self._swept[account] = self._clock()
        await self._commit()
        after = 0
        while numbers := await self._steps.kept_messages(account, after, NUMBERS):
            there = await self._store.read(source.messages_there, account, numbers)
            gone = [number for number, is_there in zip(numbers, there, strict=True) if not is_there]
            self._steps.remove(account, gone, self._clock())
            after = numbers[-1]
            await asyncio.sleep(0)

    async def _commit(self) -> None:
        if self._steps.is_pending:
            self._tally.indexed(self._steps.messages)
            await self._steps.commit()
            self._tally.waiting(self._waiting)

    async def _forget(self, account: int) -> None:
        await self._commit()
        await self._steps.forget_account(account)
        self._to_sweep.pop(account, None)
        self._swept.pop(account, None)
        self._set_behind(account, 0)

    async def _count_waiting(self) -> None:
        """Say how much there is to read of accounts that have news."""
        accounts = list(self._notices.accounts)[:NUMBERS]
        lasts = await self._store.read(source.last_numbers_of, accounts)
        for account, last in zip(accounts, lasts, strict=True):
            self._set_behind(account, max(0, last - self._steps.progress.get(account, 0)))

    def _set_behind(self, account: int, messages: int) -> None:
        self._waiting += messages - self._behind.pop(account, 0)
        if messages:
            self._behind[account] = messages
        self._tally.waiting(self._waiting + self._steps.messages)


async def _until(event: asyncio.Event, seconds: float) -> None:
    """Wait for the event, or so long."""
    try:
        await asyncio.wait_for(event.wait(), seconds)
    except TimeoutError:
        return
