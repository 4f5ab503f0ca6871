"""Moving and renaming: one entry, however much is under it."""

from __future__ import annotations

import msgspec

from posthouse.core.files.access import access_of
from posthouse.core.files.conditions import Conditions
from posthouse.core.files.covering import Locks
from posthouse.core.files.erasing import unhang
from posthouse.core.files.errors import FileExists, IntoItself
from posthouse.core.files.filing import Filing
from posthouse.core.files.names import checked
from posthouse.core.files.records import ROOT, Entry, Place
from posthouse.core.files.settings import FileLimits
from posthouse.core.files.tree import above, chain, locate, read_entry
from posthouse.core.files.watching import Spot, note
from posthouse.storage.contract import ReadTransaction, WriteTransaction, operation


class Target(msgspec.Struct, array_like=True, frozen=True):
    """Where something shall be, and whether what is there already may be replaced; `account` 0 is the source's."""

    folder: int
    name: str
    overwrite: bool = False
    account: int = 0


class Moved(msgspec.Struct, array_like=True, frozen=True):
    """What stands at the target now; `is_new` when nothing did before."""

    entry: Entry
    is_new: bool


@operation
def move(
    txn: WriteTransaction,
    account: int,
    node: int,
    target: Target,
    conditions: Conditions,
    limits: FileLimits,
    now: int,
) -> Moved:
    """Move a node with all under it (RFC 4918 9.9); what it replaces is deleted first. Its locks do not go along.

    Within one account. Raises NoSuchFile, NotPermitted, ConditionFailed (the conditions are on what is moved),
    NotAFolder, NameNotAllowed, FileExists, IntoItself, Locked, TooDeep.
    """
    found = locate(txn, account, node)
    if node == ROOT:
        raise IntoItself("")
    source = above(txn, account, node)
    access = access_of(txn, account, conditions)
    access.need_removal(source, found.entry)
    conditions.check(found.place.name, found.entry)
    folder = above(txn, account, target.folder)
    access.need_addition(folder, folder=found.entry.is_folder)  # first: nothing hidden shall show by what is refused
    held = check_target(txn, account, source, target, limits)
    name = checked(target.name)
    if held is not None and held.node == node:
        return Moved(found.entry, False)
    locks = Locks(txn, account, now)
    locks.guard_tree(source, conditions)
    if held is not None:
        access.need_removal([held.node, *folder], held)
    guard_target(txn, locks, target.folder, held, conditions)
    with Filing(txn, account, now) as filing:
        if held is not None:
            unhang(filing, locate(txn, account, held.node), to_trash=limits.keeps_trash)
        locks.drop_under(txn, node)
        filing.rehang(found, Place(target.folder, name, found.place.note))
        there = Spot(folder, name)
        note(filing, conditions, "moved", found.entry, there, Spot(source[1:], found.place.name))
        return Moved(found.entry, held is None)


def check_target(
    txn: ReadTransaction, account: int, source: list[int], target: Target, limits: FileLimits
) -> Entry | None:
    """What something, given with those above it, would replace; raises as `move` does, but Locked."""
    name = checked(target.name)
    if source[0] in chain(txn, account, target.folder, limits.depth):
        raise IntoItself(name)
    held = read_entry(txn, account, target.folder, name)
    if held is None or held.node == source[0]:
        return held
    if not target.overwrite:
        raise FileExists(name)
    if held.node in source:
        raise IntoItself(name)
    return held


def guard_target(txn: ReadTransaction, locks: Locks, folder: int, held: Entry | None, conditions: Conditions) -> None:
    """Raise Locked unless he may put something into a folder, in place of what is there."""
    nodes = above(txn, locks.account, folder)
    locks.guard(nodes, conditions)
    if held is not None:
        locks.guard_tree([held.node, *nodes], conditions)
