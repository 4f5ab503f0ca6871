"""The reading end of an LMDB store: the memory map, read in place by whoever may open it."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ParamSpec, TypeVar

import lmdb

from posthouse.storage.contract import Operation, ReadTransaction
from posthouse.storage.lmdb.transaction import LmdbTransaction
from posthouse.storage.settings import StoreSettings

P = ParamSpec("P")
R = TypeVar("R")


class Reader:
    """Runs queries one after the other, each on the newest snapshot; none outlives its query."""

    def __init__(self, environment: Any) -> None:
        self._begin = environment.begin

    def run(self, query: Operation[ReadTransaction, P, R], args: tuple[Any, ...]) -> R:
        """What the query returns."""
        txn = self._begin()  # the environment keeps spare ones: this renews, and abort resets
        try:
            return query.function(LmdbTransaction(txn, {}), *args)  # type: ignore[call-arg]
        finally:
            txn.abort()


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


def copy_snapshot(directory: Path, target: Path, settings: StoreSettings | None = None) -> None:
    """Write a consistent, compact copy of the store in `directory` to `target`, also while it is served."""
    environment = open_for_reading(directory, settings or StoreSettings())
    try:
        environment.copy(str(target), compact=True)
    finally:
        environment.close()
