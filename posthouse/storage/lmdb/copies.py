"""Consistent copies of an LMDB store, also while it is served, and its size in numbers."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import msgspec

from posthouse.storage.durable import sync
from posthouse.storage.lmdb.readers import open_for_reading
from posthouse.storage.settings import StoreSettings

DATABASE = "data.mdb"


class StoreFigures(msgspec.Struct, frozen=True):
    """How large a store is; `commits` counts since it was made."""

    entries: int
    used_octets: int
    map_octets: int
    readers: int
    commits: int


def copy_environment(environment: Any, target: Path) -> None:
    """Write a compact snapshot to the new folder `target`; it has that name only once it is whole and durable.

    A long call, but one that lets other threads run. Raises FileExistsError, lmdb.Error or OSError.
    """
    if target.exists():
        raise FileExistsError(str(target))
    partial = target.with_name(target.name + ".partial")
    if partial.exists():
        shutil.rmtree(partial)
    partial.mkdir(mode=0o700, parents=True)
    environment.copy(str(partial), compact=True)
    for path in (partial / DATABASE, partial):
        sync(path)
    partial.rename(target)
    sync(target.parent)


def copy_snapshot(directory: Path, target: Path, settings: StoreSettings | None = None) -> None:
    """Copy the store in `directory` to the new folder `target`, also while a server runs on it.

    For a process that has no store open on that folder; one that has uses its `copy_to`.
    """
    environment = open_for_reading(directory, settings or StoreSettings())
    try:
        copy_environment(environment, target)
    finally:
        environment.close()


def figures(environment: Any) -> StoreFigures:
    """The numbers of an open store."""
    about = environment.info()
    stat = environment.stat()
    return StoreFigures(
        entries=stat["entries"],
        used_octets=(about["last_pgno"] + 1) * stat["psize"],
        map_octets=about["map_size"],
        readers=about["num_readers"],
        commits=about["last_txnid"],
    )
