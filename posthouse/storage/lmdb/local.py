"""The store in the caller's own process: for the command line when no server runs, and for tests."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

from posthouse.storage.clock import now_ms
from posthouse.storage.contract import (
    Operation,
    Publisher,
    ReadTransaction,
    StoreUnavailable,
    WriteTransaction,
)
from posthouse.storage.lmdb.copies import StoreFigures, copy_environment, figures
from posthouse.storage.lmdb.engine import Engine, Work
from posthouse.storage.lmdb.readers import Reader
from posthouse.storage.settings import StoreSettings
from posthouse.storage.wire import result_of

P = ParamSpec("P")
R = TypeVar("R")


class LocalStore:
    """Each write is a commit of its own, made before it returns."""

    def __init__(self, engine: Engine, bus: Publisher | None) -> None:
        self._engine = engine
        self._bus = bus

    @classmethod
    def open(cls, directory: Path, settings: StoreSettings, bus: Publisher | None = None) -> LocalStore:
        """Open or create the store; raises StoreInUse while a server runs on it, HalfRestored, SchemaTooNew."""
        return cls(Engine(directory, settings), bus)

    async def write(self, operation: Operation[WriteTransaction, P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        (answer,), topics = self._engine.run([Work(operation, args)], now_ms())
        result = result_of(operation, answer)
        if self._bus is not None:
            for topic in topics:
                self._bus.publish(topic)
        return result

    async def read(self, query: Operation[ReadTransaction, P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        return Reader(self._open_environment()).run(query, args)

    async def copy_to(self, target: Path) -> None:
        """Write a consistent copy to the new folder `target`; raises OSError, lmdb.Error."""
        environment = self._open_environment()
        await asyncio.get_running_loop().run_in_executor(None, copy_environment, environment, target)

    def figures(self) -> StoreFigures:
        """How large the store is."""
        return figures(self._open_environment())

    def _open_environment(self) -> Any:
        # asked for each time: the engine opens another when a commit has failed
        if self._engine.environment is None:
            raise StoreUnavailable("closed")
        return self._engine.environment

    def close(self) -> None:
        """Let others have the store."""
        self._engine.close()
