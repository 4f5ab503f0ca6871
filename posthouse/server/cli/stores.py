"""How verbs reach the store: through the store process of a running server, else by opening it with its lock."""

from __future__ import annotations

import asyncio
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import structlog

from posthouse.server.configuration import Configuration
from posthouse.server.configuration.tree import places
from posthouse.storage.contract import Store, StoreUnavailable
from posthouse.storage.lmdb.engine import HalfRestored, StoreInUse
from posthouse.storage.lmdb.local import LocalStore
from posthouse.storage.lmdb.remote import RemoteStore
from posthouse.storage.schema import SchemaTooNew

PATIENCE_SECONDS = 10.0  # a server that starts or stops has the lock but does not answer yet, or no more
_PAUSE_SECONDS = 0.05


@asynccontextmanager
async def open_store(configuration: Configuration) -> AsyncIterator[Store]:
    """The store of this installation; raises StoreUnavailable."""
    log_to_standard_error()
    store = await _reach(configuration)
    try:
        yield store
    finally:
        store.close()


def log_to_standard_error() -> None:
    """Keep what a store logs that is opened in this process out of what the verb prints."""
    structlog.configure(logger_factory=lambda *_: structlog.PrintLogger(sys.stderr))


async def _reach(configuration: Configuration) -> RemoteStore | LocalStore:
    where = places(configuration)
    if not where.base.is_dir():
        raise StoreUnavailable(f"{where.base} is not there; run posthouse init")
    ends = asyncio.get_running_loop().time() + PATIENCE_SECONDS
    while True:
        if _answers(where.store_socket):
            return await RemoteStore.connect(where.store, where.store_socket, configuration.store)
        try:
            return LocalStore.open(where.store, configuration.store)
        except StoreInUse as error:
            if asyncio.get_running_loop().time() > ends:
                raise StoreUnavailable(str(error)) from error
        except (HalfRestored, SchemaTooNew) as error:
            raise StoreUnavailable(str(error)) from error
        await asyncio.sleep(_PAUSE_SECONDS)


def _answers(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        try:
            probe.connect(str(path))
        except OSError:
            return False
        return True
