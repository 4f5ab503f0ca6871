"""The reading end of an LMDB store: the memory map, read in place by whoever may open it."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ParamSpec, TypeVar

import lmdb

from posthouse.storage.contract import Operation, OperationFailed, ReadTransaction, StoreUnavailable
from posthouse.storage.lmdb.transaction import LmdbReading
from posthouse.storage.settings import StoreSettings

P = ParamSpec("P")
R = TypeVar("R")


class Reader:
    """Runs queries one after the other, each on the newest snapshot; none outlives its query."""

    def __init__(self, environment: Any) -> None:
        self._environment = environment
        self._begin = environment.begin

    def run(self, query: Operation[ReadTransaction, P, R], args: tuple[Any, ...]) -> R:
        """What the query returns; raises StoreUnavailable, OperationFailed, or what it raises."""
        try:
            txn = self._begin()  # the environment keeps spare ones: this renews, and abort resets
        except lmdb.Error as error:
            txn = self._begin_again(error)
        try:
            return query.function(LmdbReading(txn), *args)  # type: ignore[call-arg]  # they are of its kinds
        except lmdb.Error as error:
            raise OperationFailed(query.name) from error
        finally:
            txn.abort()

    def _begin_again(self, error: lmdb.Error) -> Any:
        try:
            if isinstance(error, lmdb.MapResizedError):
                self._environment.set_mapsize(0)  # the writer's settings have grown: take its size
            elif isinstance(error, lmdb.ReadersFullError):
                self._environment.reader_check()  # perhaps some of them are dead
            return self._begin()
        except lmdb.Error as still:
            raise StoreUnavailable(str(still)) from still


def open_for_reading(directory: Path, settings: StoreSettings) -> Any:
    """The environment, read only; raises lmdb.Error when there is none."""
    return lmdb.open(
        str(directory),
        map_size=settings.map_octets,
        max_readers=settings.readers,
        readonly=True,
        create=False,
        max_spare_txns=2,
    )
