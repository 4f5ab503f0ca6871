"""Taking, renewing and giving up locks; RFC 4918 6, 9.10, 9.11. One table for all protocols."""

from __future__ import annotations

import msgspec

from posthouse.core.files.access import access_of
from posthouse.core.files.conditions import Conditions
from posthouse.core.files.covering import Lock, Locks
from posthouse.core.files.errors import LockConflict, NoSuchLock, TooManyLocks
from posthouse.core.files.records import ENCODER, Entry, LockRecord, decode_lock
from posthouse.core.files.settings import FileLimits
from posthouse.core.files.tree import above, locate
from posthouse.core.files.writing import Document, Written, put_document
from posthouse.core.sharing.rights import Right
from posthouse.storage.contract import ReadTransaction, WriteTransaction, operation, query
from posthouse.storage.spaces import FILE_LOCK


class LockWish(msgspec.Struct, array_like=True, frozen=True):
    """A lock to take: `token` is new and the caller's to choose, `owner` what its client says of itself."""

    token: str
    is_exclusive: bool
    is_deep: bool
    owner: str
    until: int


class NewlyLocked(msgspec.Struct, array_like=True, frozen=True):
    """A lock on what is there now; `is_new` when nothing was there before."""

    lock: Lock
    entry: Entry
    is_new: bool


@query
def locks_on(txn: ReadTransaction, account: int, node: int, now: int) -> list[Lock]:
    """The locks that hold for a node: its own, and deep ones above it; raises NoSuchFile."""
    return Locks(txn, account, now).covering(above(txn, account, node))


@query
def all_locks(txn: ReadTransaction, account: int, now: int) -> list[Lock]:
    """All locks on an account's files; there are few."""
    return Locks(txn, account, now).all


@operation
def lock(
    txn: WriteTransaction,
    account: int,
    node: int,
    wish: LockWish,
    conditions: Conditions,
    limits: FileLimits,
    now: int,
) -> NewlyLocked:
    """Lock a node.

    Raises NoSuchFile, NotPermitted, ConditionFailed, LockConflict, TooManyLocks.
    """
    nodes = above(txn, account, node)
    found = locate(txn, account, node)
    access_of(txn, account, conditions).need(nodes, Right.WRITE, found.entry)
    conditions.check(found.place.name, found.entry)
    return NewlyLocked(_take(txn, account, nodes, wish, conditions.who, limits, now), found.entry, False)


@operation
def lock_new(
    txn: WriteTransaction,
    account: int,
    folder: int,
    name: str,
    document: Document,
    wish: LockWish,
    conditions: Conditions,
    limits: FileLimits,
    now: int,
) -> NewlyLocked:
    """Lock a name: an empty document is made when nothing is called so (RFC 4918 7.3). Raises as both do."""
    none = msgspec.structs.replace(conditions, none_match=("*",))
    written: Written = put_document(txn, account, folder, name, document, none, limits, now)
    nodes = above(txn, account, written.entry.node)
    return NewlyLocked(_take(txn, account, nodes, wish, conditions.who, limits, now), written.entry, True)


@operation
def refresh_lock(
    txn: WriteTransaction, account: int, node: int, token: str, until: int, conditions: Conditions, now: int
) -> Lock:
    """Hold a lock that covers a node until then (RFC 4918 9.10.2); raises NoSuchFile, NotPermitted, NoSuchLock."""
    nodes, entry = above(txn, account, node), locate(txn, account, node).entry
    access_of(txn, account, conditions).need(nodes, Right.WRITE, entry)
    held = _held(txn, account, nodes, token, now)
    if held is None or conditions.who not in (held.record.who, account):
        raise NoSuchLock(token)
    held.record.expires = until
    txn.put(FILE_LOCK.key(account, held.node, token), ENCODER.encode(held.record))
    return held


@operation
def unlock(txn: WriteTransaction, account: int, node: int, token: str, conditions: Conditions, now: int) -> None:
    """Give up a lock that covers a node (RFC 4918 9.11); who administers the files may break any.

    Raises NoSuchFile, NotPermitted, NoSuchLock.
    """
    nodes = above(txn, account, node)
    held = _held(txn, account, nodes, token, now)
    access = access_of(txn, account, conditions)
    access.need(nodes, Right.LOOKUP)
    if held is None:
        raise NoSuchLock(token)
    if held.record.who != conditions.who:
        access.need(nodes, Right.ADMINISTER)  # RFC 3744 3.5
    txn.delete(FILE_LOCK.key(account, held.node, token))


@operation
def forget_locks(txn: WriteTransaction, after: bytes, limit: int, now: int) -> bytes:
    """Forget those of `limit` locks behind the key `after` (b"" to begin) that ran out; the last key, or b""."""
    start, end = FILE_LOCK.range()
    seen = []
    for key, value in txn.scan(after + b"\x00" if after else start, end):
        seen.append((key, decode_lock(value).expires))
        if len(seen) == limit:
            break
    for key, expires in seen:
        if expires <= now:
            txn.delete(key)
    return seen[-1][0] if len(seen) == limit else b""


def _take(
    txn: WriteTransaction, account: int, nodes: list[int], wish: LockWish, who: int, limits: FileLimits, now: int
) -> Lock:
    locks = Locks(txn, account, now)
    near = locks.covering(nodes) + (locks.under(nodes[0]) if wish.is_deep else [])
    for other in near:
        if wish.is_exclusive or other.record.is_exclusive:
            raise LockConflict(other.node, account)
    if len(locks.all) >= limits.locks:
        raise TooManyLocks(limits.locks)
    record = LockRecord(wish.is_exclusive, wish.is_deep, who, wish.owner, now, wish.until)
    txn.put(FILE_LOCK.key(account, nodes[0], wish.token), ENCODER.encode(record))
    return Lock(nodes[0], wish.token, record)


def _held(txn: ReadTransaction, account: int, nodes: list[int], token: str, now: int) -> Lock | None:
    return next((one for one in Locks(txn, account, now).covering(nodes) if one.token == token), None)
