"""A store that another process writes, read in place; it may not be there yet, or be put anew in its place."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ParamSpec, TypeVar

import lmdb

from posthouse.storage.contract import Operation, ReadTransaction, StoreUnavailable
from posthouse.storage.lmdb.copies import DATABASE
from posthouse.storage.lmdb.readers import Reader, open_for_reading
from posthouse.storage.settings import StoreSettings

P = ParamSpec("P")
R = TypeVar("R")


class ReadOnlyStore:
    """Runs queries."""

    def __init__(self, directory: Path, settings: StoreSettings) -> None:
        self._directory = directory
        self._settings = settings
        self._environment: Any = None
        self._reader: Reader | None = None
        self._file = 0

    async def read(self, query: Operation[ReadTransaction, P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """What the query returns; raises StoreUnavailable while there is no store."""
        return self._opened().run(query, args)

    def close(self) -> None:
        """Let go of it."""
        if self._environment is not None:
            self._environment.close()
            self._environment = self._reader = None

    def _opened(self) -> Reader:
        try:
            file = (self._directory / DATABASE).stat().st_ino
        except OSError as error:
            raise StoreUnavailable(str(error)) from error
        if self._reader is None or file != self._file:
            self.close()
            try:
                self._environment = open_for_reading(self._directory, self._settings)
            except lmdb.Error as error:
                raise StoreUnavailable(str(error)) from error
            self._reader, self._file = Reader(self._environment), file
        return self._reader
