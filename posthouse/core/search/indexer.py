"""The indexer: follows the accounts and keeps the index, a step at a time, each durable before the next.

An account's messages are numbered in the order in which they came, for good, wherever they are moved: so one number
says how far the account is read, and what is above it, everybody finds in the store.
"""

from __future__ import annotations

import asyncio
import secrets
from typing import Protocol

from posthouse.core.search import source
from posthouse.core.search.reading import MessageReader
from posthouse.core.search.settings import SearchSettings
from posthouse.core.search.steps import Folder, Steps
from posthouse.storage.contract import Store
from posthouse.storage.topics import SEARCH_TOPIC, account_of

LOOK_SECONDS = 60.0  # a notice may be lost: so often all accounts are looked at
SWEEP_SECONDS = 86_400.0  # so often what was forgotten for good is looked for; it is in no mailbox, so in no answer
IDLE_SECONDS = 30.0  # then the writer's memory is given back
BACKLOG_SECONDS = 60.0  # between commits while there is more to read: a few large ones cost less than many small ones
PAGE_MESSAGES = 100
PAGE_OCTETS = 1 << 20
NUMBERS = 5000


class Notices:
    """What the bus said; a publisher that a store tells."""

    def __init__(self) -> None:
        self.accounts: dict[int, None] = {}
        self.is_renewed = False
        self.news = asyncio.Event()

    def publish(self, topic: str) -> None:
        """Something under `topic` changed."""
        account = account_of(topic)
        if account is not None:
            self.accounts[account] = None
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
    ) -> None:
        """`kept` is the index's own store, `store` that of the mail."""
        self._store = store
        self._steps = Steps(kept, folder)
        self._reader = reader
        self._settings = settings
        self._notices = notices
        self._tally = tally
        self._clock = asyncio.get_running_loop().time
        self._identity = b""
        self._behind: dict[int, int] = {}
        self._waiting = 0
        self._to_sweep: dict[int, None] = {}
        self._swept: dict[int, float] = {}
        self._stopping = False

    async def run(self) -> None:
        """Follow until stopped. Raises IndexBroken when the index cannot be written, StoreUnavailable."""
        looked = worked = -LOOK_SECONDS
        while not self._stopping:
            if self._notices.is_renewed or self._clock() - looked >= LOOK_SECONDS:
                await self._look()
                looked = self._clock()
            seconds = BACKLOG_SECONDS if self._notices.accounts else self._settings.commit_seconds
            if self._steps.age(self._clock()) >= seconds:
                await self._commit()
            if await self._work():
                worked = self._clock()
                continue
            if self._clock() - worked >= IDLE_SECONDS:
                await self._steps.rest()
            await self._wait()
        await self._commit()
        await self._steps.rest()

    async def catch_up(self) -> None:
        """Index all that there is now, and no more."""
        await self._look()
        while await self._work():
            pass
        await self._commit()
        await self._steps.rest()

    def stop(self) -> None:
        """Commit and end."""
        self._stopping = True
        self._notices.news.set()

    async def _wait(self) -> None:
        """Until there is news, or what was gathered must be written."""
        self._notices.news.clear()
        if self._stopping or self._notices.accounts or self._notices.is_renewed:
            return
        seconds = IDLE_SECONDS
        if self._steps.is_pending:
            seconds = max(0.0, self._settings.commit_seconds - self._steps.age(self._clock()))
        try:
            await asyncio.wait_for(self._notices.news.wait(), seconds)
        except TimeoutError:
            return

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
        if self._notices.accounts:
            account = next(iter(self._notices.accounts))
            del self._notices.accounts[account]
            await self._read(account)
        elif self._to_sweep:
            account = next(iter(self._to_sweep))
            del self._to_sweep[account]
            await self._sweep(account)
        else:
            return False
        await asyncio.sleep(0)
        return True

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
            self._notices.accounts[account] = None  # behind the others that wait
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

    def _set_behind(self, account: int, messages: int) -> None:
        self._waiting += messages - self._behind.pop(account, 0)
        if messages:
            self._behind[account] = messages
        self._tally.waiting(self._waiting + self._steps.messages)
