"""Outcomes on their way into the store: what comes in while a write is under way goes with the next one."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar

import structlog

from posthouse.core.queue.states import Pace
from posthouse.core.queue.transfer import Carried, record
from posthouse.storage.contract import Operation, OperationFailed, Store, StoreUnavailable

P = ParamSpec("P")
R = TypeVar("R")

log = structlog.get_logger()

AWAY_SECONDS = 1.0  # a store that is away is asked again after this
MOST_AT_ONCE = 500  # in one write: other writers wait so long


async def persist(store: Store, operation: Operation[Any, P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    """Write it, however long the store is away: what a remote has taken must not be forgotten.

    Raises OperationFailed.
    """
    while True:
        try:
            return await store.write(operation, *args, **kwargs)
        except OperationFailed:
            raise
        except StoreUnavailable as error:
            log.warning("the queue waits for the store", why=str(error))
            await asyncio.sleep(AWAY_SECONDS)


class Ledger:
    """The outcomes of one destination."""

    def __init__(self, store: Store, destination: str, pace: Pace, now: Callable[[], int]) -> None:
        self._store = store
        self._destination = destination
        self._pace = pace
        self._now = now
        self._waiting: list[tuple[Carried, asyncio.Future[None]]] = []
        self._writing: asyncio.Task[None] | None = None

    async def note(self, carried: Carried) -> None:
        """Returns when it is durable; raises OperationFailed. Whoever stops waiting has noted it all the same."""
        loop = asyncio.get_running_loop()
        written: asyncio.Future[None] = loop.create_future()
        self._waiting.append((carried, written))
        if self._writing is None:
            self._writing = loop.create_task(self._write())
        await written

    async def close(self) -> None:
        """Returns when all is written."""
        if self._writing is not None:
            await asyncio.shield(self._writing)

    async def _write(self) -> None:
        try:
            while self._waiting:
                entries, self._waiting = self._waiting[:MOST_AT_ONCE], self._waiting[MOST_AT_ONCE:]
                carried = [one for one, _ in entries]
                failure: OperationFailed | None = None
                try:
                    await persist(self._store, record, self._destination, carried, self._pace, self._now())
                except OperationFailed as error:
                    failure = error
                for _, written in entries:
                    if written.done():
                        continue  # cancelled
                    if failure is None:
                        written.set_result(None)
                    else:
                        written.set_exception(failure)
        finally:
            self._writing = None
