"""Which locks are in the way of a change; RFC 4918 6 and 7.

A lock holds for its node and, when it is deep, for all that is under it. What hangs in a folder is part of the
folder's state: who adds or removes a member needs the folder's lock (7.4). Whoever holds any of the locks that cover
a node may write (6.1: several can only be shared ones).
"""

from __future__ import annotations

import msgspec

from posthouse.core.files.conditions import Conditions
from posthouse.core.files.errors import Locked
from posthouse.core.files.records import LockRecord, decode_lock
from posthouse.core.files.tree import is_under
from posthouse.storage.contract import ReadTransaction, WriteTransaction
from posthouse.storage.spaces import FILE_LOCK


class Lock(msgspec.Struct, array_like=True, frozen=True):
    """A lock and the node that it was taken on."""

    node: int
    token: str
    record: LockRecord


class Locks:
    """The locks on an account's files that have not run out; most accounts have none."""

    __slots__ = ("account", "all", "txn")

    def __init__(self, txn: ReadTransaction, account: int, now: int) -> None:
        self.txn = txn
        self.account = account
        self.all: list[Lock] = []
        for key, value in txn.scan(*FILE_LOCK.range(account)):
            record = decode_lock(value)
            if record.expires > now:
                _, node, token = FILE_LOCK.parse(key)
                self.all.append(Lock(node, token, record))

    def covering(self, nodes: list[int]) -> list[Lock]:
        """The locks that hold for a node, given with those above it, itself first."""
        return [lock for lock in self.all if lock.node == nodes[0] or (lock.record.is_deep and lock.node in nodes)]

    def under(self, node: int) -> list[Lock]:
        """The locks on a node and on all that is in it."""
        return [lock for lock in self.all if is_under(self.txn, self.account, lock.node, node)]

    def guard(self, nodes: list[int], conditions: Conditions) -> None:
        """Raise Locked unless he may write to a node, given with those above it."""
        covering = self.covering(nodes) if self.all else []
        if covering and not any(is_held(lock, conditions) for lock in covering):
            raise Locked(covering[0].node, self.account)

    def guard_tree(self, nodes: list[int], conditions: Conditions) -> None:
        """Raise Locked unless he may take a node, with all in it, out of its folder."""
        if not self.all:
            return
        self.guard(nodes, conditions)
        self.guard(nodes[1:], conditions)
        strange = [lock for lock in self.under(nodes[0]) if not is_held(lock, conditions)]
        for lock in strange:
            beside = [other for other in self.all if other.node == lock.node]
            if not any(is_held(other, conditions) for other in beside):
                raise Locked(lock.node, self.account)

    def drop_under(self, txn: WriteTransaction, node: int) -> None:
        """A lock does not go along with what is moved or deleted (RFC 4918 7.5, 9.6.1)."""
        for lock in self.under(node) if self.all else []:
            txn.delete(FILE_LOCK.key(self.account, lock.node, lock.token))


def is_held(lock: Lock, conditions: Conditions) -> bool:
    """True when he sent its token and it is his: a token that somebody has seen gives him nothing (RFC 4918 6.4)."""
    return lock.token in conditions.tokens and lock.record.who == conditions.who
