"""Locks in mapped directories, by path; RFC 4918 6, 7 and 9.10. The rules are those of core/files/covering.

A lock is looked at before the file system is asked for a change, not in one transaction with it: one that is taken in
that very moment may come too late (docs/decisions/0011).
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from posthouse.core.directories.errors import PathLocked
from posthouse.core.directories.mapping import read_directory
from posthouse.core.directories.records import ENCODER, MappedLock, decode_lock, lock_key
from posthouse.core.files.errors import NoSuchLock, TooManyLocks
from posthouse.storage.contract import ReadTransaction, WriteTransaction, operation, query
from posthouse.storage.spaces import MAPPED_LOCK


class Held(msgspec.Struct, array_like=True, frozen=True):
    """A lock and its token."""

    token: str
    lock: MappedLock


class Holder(msgspec.Struct, array_like=True, frozen=True):
    """Who asks, and the lock tokens that he sent: only his own count (RFC 4918 6.4)."""

    who: int
    tokens: tuple[str, ...]

    def holds(self, held: Held) -> bool:
        """True when he sent its token and it is his."""
        return held.token in self.tokens and held.lock.who == self.who


@query
def locks_in(txn: ReadTransaction, name: str, now: int) -> list[Held]:
    """All locks in a directory that have not run out; there are few."""
    found = [(MAPPED_LOCK.parse(key)[2], decode_lock(value)) for key, value in txn.scan(*MAPPED_LOCK.range(name))]
    return [Held(token, lock) for token, lock in found if lock.expires > now]


@query
def check_written(txn: ReadTransaction, name: str, paths: list[list[str]], holder: Holder, now: int) -> None:
    """Raise PathLocked unless he may write to what is at these paths."""
    _guard(locks_in(txn, name, now), paths, holder)


@query
def check_trees(txn: ReadTransaction, name: str, paths: list[list[str]], holder: Holder, now: int) -> None:
    """Raise PathLocked unless he may take what is at these paths, with all below, out of their folders (7.4, 9.6)."""
    locks = locks_in(txn, name, now)
    for path in paths:
        _guard(locks, [path, path[:-1]], holder)
        for held in locks:
            if held.lock.path[: len(path)] == path:
                _guard([each for each in locks if each.lock.path == held.lock.path], [held.lock.path], holder)


@operation
def take_lock(txn: WriteTransaction, name: str, token: str, lock: MappedLock, most: int, now: int) -> None:
    """Take a lock; raises NoSuchDirectory, PathLocked (by what it cannot be together with), TooManyLocks."""
    read_directory(txn, name)
    locks = locks_in(txn, name, now)
    for each in locks:
        meets = each.lock.covers(lock.path) or lock.covers(each.lock.path)
        if meets and (lock.is_exclusive or each.lock.is_exclusive):
            raise PathLocked(each.lock.path, each.lock.is_folder)
    if len(locks) >= most:
        raise TooManyLocks(most)
    forget_old(txn, name, now)
    txn.put(lock_key(name, lock.path, token), ENCODER.encode(lock))


@operation
def renew_lock(txn: WriteTransaction, name: str, path: list[str], token: str, until: int, who: int, now: int) -> Held:
    """Hold a lock that covers a path until then (RFC 4918 9.10.2); raises NoSuchLock."""
    held = _covering(txn, name, path, token, now)
    if held.lock.who != who:
        raise NoSuchLock(token)
    renewed = msgspec.structs.replace(held.lock, expires=until)
    txn.put(lock_key(name, renewed.path, token), ENCODER.encode(renewed))
    return Held(token, renewed)


@operation
def give_up_lock(
    txn: WriteTransaction, name: str, path: list[str], token: str, who: int, may_break: bool, now: int
) -> None:
    """Give up a lock that covers a path; of others' only who may break them. Raises NoSuchLock."""
    held = _covering(txn, name, path, token, now)
    if held.lock.who != who and not may_break:
        raise NoSuchLock(token)
    txn.delete(lock_key(name, held.lock.path, token))


@operation
def drop_locks(txn: WriteTransaction, name: str, path: list[str]) -> None:
    """A lock does not go along with what is moved or deleted (RFC 4918 7.5, 9.6.1)."""
    for key, value in list(txn.scan(*MAPPED_LOCK.range(name))):
        if decode_lock(value).path[: len(path)] == path:
            txn.delete(key)


def forget_old(txn: WriteTransaction, name: str, now: int) -> None:
    """Forget locks that have run out."""
    for key, value in list(txn.scan(*MAPPED_LOCK.range(name))):
        if decode_lock(value).expires <= now:
            txn.delete(key)


def _covering(txn: ReadTransaction, name: str, path: list[str], token: str, now: int) -> Held:
    for held in locks_in(txn, name, now):
        if held.token == token and held.lock.covers(path):
            return held
    raise NoSuchLock(token)


def _guard(locks: list[Held], paths: Iterable[list[str]], holder: Holder) -> None:
    for path in paths:
        covering = [held for held in locks if held.lock.covers(path)]
        if covering and not any(holder.holds(held) for held in covering):
            raise PathLocked(covering[0].lock.path, covering[0].lock.is_folder)
