"""A worker's end of the index: read in place while another process writes it; it may not be there, or be made anew."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import Executor
from typing import ParamSpec, Protocol, TypeVar

import structlog

from posthouse.core.search import shelf
from posthouse.core.search.contract import ASK_MESSAGE, NOTHING_KNOWN, NOTHING_RANKED, Candidates, Field, Ranking
from posthouse.core.search.index import Index, IndexBroken
from posthouse.core.search.records import FORMAT, SEPARATOR, IndexState
from posthouse.core.search.source import read_identity
from posthouse.storage.contract import Operation, ReadTransaction, Store, StoreUnavailable

P = ParamSpec("P")
R = TypeVar("R")

log = structlog.get_logger()

MOST_RANKED = 20_000
MOST_CANDIDATES = 100_000  # beyond, it is as quick to look into all texts


class Readable(Protocol):
    """A store that is only read."""

    async def read(self, query: Operation[ReadTransaction, P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """As `Store.read`."""


class IndexSearch:
    """TextSearch by the index; whatever is wrong with it, the answer is that nothing is known."""

    def __init__(self, store: Store, kept: Readable, open_index: Callable[[], Index], executor: Executor) -> None:
        """`executor` has one thread, in which the index is read."""
        self._store = store
        self._kept = kept
        self._open = open_index
        self._executor = executor
        self._index: Index | None = None
        self._seen: IndexState | None = None

    async def candidates(self, account: int, text: str) -> Candidates:
        if SEPARATOR in text:
            return NOTHING_KNOWN
        answer = await self._ask(account, lambda index: index.candidates(account, text, MOST_CANDIDATES))
        return NOTHING_KNOWN if answer is None else Candidates(*answer)

    async def ranking(self, account: int, fields: tuple[Field, ...], text: str) -> Ranking:
        answer = await self._ask(account, lambda index: index.ranked(account, fields, text, MOST_RANKED))
        return NOTHING_RANKED if answer is None else Ranking(*answer)

    async def _ask(self, account: int, question: Callable[[Index], R]) -> tuple[int, R] | None:
        """How far the account is, and what the index says; None when nothing is known."""
        state, upto = await self._standing(account)
        if state is None or not upto:
            return None
        try:
            found = await asyncio.get_running_loop().run_in_executor(self._executor, self._search, state, question)
        except IndexBroken as broken:
            log.warning("the search index cannot be read", why=str(broken))
            self._index = None
            return None
        # an index that was begun anew meanwhile may have been found empty
        after, _ = await self._standing(account)
        return None if after is None or after.commit < state.commit else (upto, found)

    async def holding(self, account: int, text: str, in_header: bool, messages: list[int], seconds: float) -> bytes:
        needle = text.encode("utf-8", "replace")
        try:
            return (await self._kept.read(shelf.holding, account, needle, in_header, messages, seconds)).answers
        except StoreUnavailable:
            return bytes([ASK_MESSAGE]) * len(messages)

    async def _standing(self, account: int) -> tuple[IndexState | None, int]:
        """The index's state where it is one of this store, and how far the account is."""
        try:
            state, upto = await self._kept.read(shelf.read_standing, account)
        except StoreUnavailable:
            return None, 0
        identity = await self._store.read(read_identity)
        if state is None or state.format != FORMAT or state.identity != identity:
            return None, 0
        return state, upto

    def _search(self, state: IndexState, question: Callable[[Index], R]) -> R:
        if self._index is None:
            self._index = self._open()
        elif self._seen != state:
            self._index.reload()
        self._seen = state
        return question(self._index)
