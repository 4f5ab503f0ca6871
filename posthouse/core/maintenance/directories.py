"""Mapped directories: whether their records can be read, and whether every lock is in one that is there."""

from __future__ import annotations

from collections.abc import Iterator

from posthouse.core.directories.records import MappedLock, MappedRecord
from posthouse.core.maintenance.faults import REBUILD, RESTORE, Fault
from posthouse.core.maintenance.records import scan_readable
from posthouse.storage.contract import ReadTransaction, WriteTransaction, operation, query
from posthouse.storage.spaces import MAPPED, MAPPED_LOCK


@query
def check_directories(txn: ReadTransaction) -> list[Fault]:
    """What is wrong with them."""
    faults = [
        Fault(_where(name), "its record cannot be read", f"{RESTORE}, or posthouse directory remove {name} and add")
        for (name,), record in scan_readable(txn, MAPPED, MappedRecord)
        if record is None
    ]
    return faults + [Fault(_where(name), what, REBUILD) for name, what, _ in _wrong_locks(txn)]


@operation
def mend_directories(txn: WriteTransaction) -> list[Fault]:
    """Drop locks that mean nothing; the faults that there were."""
    faults = check_directories(txn)
    for _, _, key in list(_wrong_locks(txn)):
        txn.delete(key)
    return faults


def _wrong_locks(txn: ReadTransaction) -> Iterator[tuple[str, str, bytes]]:
    """(directory's name, what is wrong, key)."""
    names = {MAPPED.parse(key)[0] for key, _ in txn.scan(*MAPPED.range())}
    for values, lock in scan_readable(txn, MAPPED_LOCK, MappedLock):
        if lock is None:
            yield values[0], "a lock cannot be read", MAPPED_LOCK.key(*values)
        elif values[0] not in names:
            yield values[0], "a lock is there without it", MAPPED_LOCK.key(*values)


def _where(name: str) -> str:
    return f"mapped directory {name}"
