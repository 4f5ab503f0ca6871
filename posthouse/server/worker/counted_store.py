"""The store as a worker's parts see it: every write is timed."""

from __future__ import annotations

import time
from typing import ParamSpec, TypeVar

from posthouse.server.worker.metrics import Metrics
from posthouse.storage.contract import Operation, Store, StoreUnavailable, WriteTransaction

P = ParamSpec("P")
R = TypeVar("R")


class CountedStore:
    """Passes everything on."""

    def __init__(self, store: Store, metrics: Metrics) -> None:
        self._store = store
        self._seconds = metrics.write_seconds
        self._failed = metrics.writes_failed
        self.read = store.read

    async def write(self, operation: Operation[WriteTransaction, P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        begun = time.perf_counter()
        try:
            return await self._store.write(operation, *args, **kwargs)
        except StoreUnavailable:
            self._failed.inc()
            raise
        finally:
            self._seconds.observe(time.perf_counter() - begun)
