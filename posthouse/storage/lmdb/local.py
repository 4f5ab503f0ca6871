"""The store in the caller's own process: for the command line when no server runs, and for tests."""

from __future__ import annotations

from pathlib import Path
from typing import ParamSpec, TypeVar

from posthouse.storage.contract import (
    Operation,
    OperationFailed,
    Publisher,
    ReadTransaction,
    WriteTransaction,
)
from posthouse.storage.lmdb.engine import Engine, Work, now_ms, unavailable
from posthouse.storage.lmdb.readers import Reader
from posthouse.storage.settings import StoreSettings
from posthouse.storage.wire import FAILED, REFUSED, UNAVAILABLE, decode_refusal

P = ParamSpec("P")
R = TypeVar("R")


class LocalStore:
    """Each write is a commit of its own, made before it returns."""

    def __init__(self, engine: Engine, bus: Publisher | None) -> None:
        self._engine = engine
        self._bus = bus
        self._reader = Reader(engine.environment)

    @classmethod
    def open(cls, directory: Path, settings: StoreSettings, bus: Publisher | None = None) -> LocalStore:
        """Open or create the store; raises StoreInUse while a server runs on it."""
        return cls(Engine(directory, settings), bus)

    async def write(self, operation: Operation[WriteTransaction, P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        environment = self._engine.environment
        (answer,), topics = self._engine.run([Work(operation, args)], now_ms())
        if self._engine.environment is not environment and self._engine.environment is not None:
            self._reader = Reader(self._engine.environment)
        if answer.kind == REFUSED:
            raise decode_refusal(answer.body)
        if answer.kind == FAILED:
            raise OperationFailed(operation.name)
        if answer.kind == UNAVAILABLE:
            raise unavailable(answer)
        if self._bus is not None:
            for topic in topics:
                self._bus.publish(topic)
        return operation.decode_result(answer.body)

    async def read(self, query: Operation[ReadTransaction, P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        return self._reader.run(query, args)

    def close(self) -> None:
        """Let others have the store."""
        self._engine.close()
