"""Steps: the index and its own store kept in step, whatever moment the process dies at.

The index is committed first, then the store takes the same step and says which commit that was. Where the store is
behind, what it does not know of is done again, and removed before it is added; where the index is, all begins anew.
The index's calls are long and in C: they run in a thread, one at a time, so that this process answers meanwhile.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Protocol

import structlog

from posthouse.core.search import shelf
from posthouse.core.search.index import Document, IndexWriter
from posthouse.core.search.records import FORMAT, IndexState
from posthouse.core.search.shelf import Step
from posthouse.storage.contract import Store

log = structlog.get_logger()


class Folder(Protocol):
    """Where the index lies."""

    def writer(self) -> IndexWriter:
        """The right to write to the index, an empty one where none can be read; raises IndexBroken."""

    def begin_anew(self) -> None:
        """Remove the index; nobody writes to it now."""

    def rest(self) -> None:
        """Nobody will write to it for a while. A long call."""


class Steps:
    """The writing end of an index with its store. All but `open` needs it opened; all may raise IndexBroken."""

    def __init__(self, kept: Store, folder: Folder) -> None:
        self._kept = kept
        self._folder = folder
        self._identity = b""
        self._writer: IndexWriter | None = None
        self._is_warm = False
        self._again = False
        self._step = Step()
        self._began: float | None = None
        self.octets = 0  # of texts that wait for a commit
        self.messages = 0  # that do
        self.progress: dict[int, int] = {}  # account -> number of its last message here; with what is not committed

    @property
    def is_pending(self) -> bool:
        """Whether anything waits for a commit."""
        return self._began is not None

    def age(self, now: float) -> float:
        """How long the oldest of what waits for a commit has waited; 0 without any."""
        return 0.0 if self._began is None else now - self._began

    async def open(self, identity: bytes) -> None:
        """Go on with the index of the mail store of that identity; what is not its is dropped."""
        self._step, self._began, self.octets, self.messages = Step(), None, 0, 0
        self._identity = identity
        state = await self._kept.read(shelf.read_state)
        committed = self._open_writer().committed
        if state is None or (state.identity, state.format) != (identity, FORMAT) or committed < state.commit:
            log.info("the search index begins anew")
            await self._begin_anew()
            return
        self._again = committed > state.commit
        self.progress = await self._kept.read(shelf.all_progress)

    async def _begin_anew(self) -> None:
        await self._close_writer()
        await self._kept.write(shelf.clear)  # first: who finds the index empty must not believe that it is whole
        self._folder.begin_anew()
        self.progress = {}
        self._again = False
        number = self._open_writer().commit()
        await self._kept.write(shelf.take_step, IndexState(self._identity, FORMAT, number), Step())

    async def add(self, read: Sequence[tuple[Document, bytes | None]], now: float) -> None:
        """Take messages with their texts."""
        if not read:
            return
        await asyncio.to_thread(self._add, self._begin(now), [document for document, _ in read])
        self.messages += len(read)
        for document, text in read:
            if text is not None:
                self._step.texts.append((document.account, document.message, text))
                self.octets += len(text)

    def _add(self, writer: IndexWriter, documents: list[Document]) -> None:
        for document in documents:
            if self._again:
                writer.remove(document.account, [document.message])
            writer.add(document)

    def remove(self, account: int, messages: Sequence[int], now: float) -> None:
        """Drop messages that were taken in an earlier step."""
        if messages:
            self._begin(now).remove(account, messages)
            self._step.gone += [(account, message) for message in messages]

    def advance(self, account: int, upto: int, now: float) -> None:
        """Say up to which message an account is read."""
        self._begin(now)
        self.progress[account] = self._step.progress[account] = upto

    async def forget_account(self, account: int) -> None:
        """Drop all of an account, in a step of its own."""
        await self.commit()
        self._begin(0.0).remove_account(account)
        self._step.accounts_gone.append(account)
        self.progress.pop(account, None)
        await self.commit()

    async def kept_messages(self, account: int, after: int, limit: int) -> list[int]:
        """The numbers above `after` of messages that are in the index, but for those that wait."""
        return await self._kept.read(shelf.kept_messages, account, after, limit)

    async def commit(self) -> None:
        """Make durable what waits."""
        if self._began is None:
            return
        step, self._step = self._step, Step()
        self._began, self.octets, self.messages = None, 0, 0
        number = await asyncio.to_thread(self._open_writer().commit)
        await self._kept.write(shelf.take_step, IndexState(self._identity, FORMAT, number), step)
        self._again = False

    @property
    def is_warm(self) -> bool:
        """Whether another `rest`, a while after the first, gives more back."""
        return self._is_warm

    async def rest(self) -> None:
        """Commit, and give memory back until there is more to do: first the writer's, the next time the folder's.

        The threads of Tantivy's writer end some time after it, and touch what they need for that.
        """
        await self.commit()
        if self._writer is not None:
            await self._close_writer()
            self._is_warm = True
        elif self._is_warm:
            self._is_warm = False
            await asyncio.to_thread(self._folder.rest)

    def _begin(self, now: float) -> IndexWriter:
        if self._began is None:
            self._began = now
        return self._open_writer()

    def _open_writer(self) -> IndexWriter:
        if self._writer is None:
            self._writer = self._folder.writer()
        return self._writer

    async def _close_writer(self) -> None:
        writer, self._writer = self._writer, None
        if writer is not None:
            await asyncio.to_thread(writer.close)
