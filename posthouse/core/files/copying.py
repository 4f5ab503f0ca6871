"""Copying without a copied octet: documents share their blobs, also those of two accounts.

One node is copied by one operation. A tree is copied some nodes at a time among what is staged, where nobody sees it,
and hung into its place at the end: whoever looks finds all of it or none. What a dead copier left is erased in time.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

import msgspec

from posthouse.core.files.access import access_of
from posthouse.core.files.conditions import Conditions
from posthouse.core.files.covering import Locks
from posthouse.core.files.erasing import doom, trash_name, unhang
from posthouse.core.files.errors import IntoItself, NoSuchFile
from posthouse.core.files.filing import Filing
from posthouse.core.files.moving import Moved, Target, check_target, guard_target
from posthouse.core.files.names import checked
from posthouse.core.files.records import STAGING, Entry, Place
from posthouse.core.files.settings import FileLimits
from posthouse.core.files.tree import Found, above, list_folder, locate, read_place
from posthouse.core.files.watching import Spot, note
from posthouse.core.sharing.rights import Right
from posthouse.storage.blobs.records import add_references
from posthouse.storage.contract import ReadTransaction, Store, StoreUnavailable, WriteTransaction, operation, query
from posthouse.storage.spaces import FILE_PROPERTY

STEP = 1000  # nodes in one transaction: other writers wait so long
_PAGE = 128  # children that are read together, and so wait to be gone into


class Branch(msgspec.Struct, array_like=True, frozen=True):
    """A folder whose children behind the name `after` are still to be copied into another."""

    source: int
    target: int
    after: str = ""


class Copying(msgspec.Struct, array_like=True, frozen=True):
    """How far a copy of something of `source` into `account` is: its top node, what is left to do, the last first, and
    how many nodes there are already.
    """

    source: int
    account: int
    top: int
    branches: list[Branch]
    nodes: int


@query
def check_copy(
    txn: ReadTransaction,
    account: int,
    node: int,
    target: Target,
    conditions: Conditions,
    limits: FileLimits,
    now: int,
) -> None:
    """Raise what `copy_one` would, but OverQuota and TooManyFiles."""
    _checked(txn, account, node, target, conditions, limits, now)


@operation
def copy_one(
    txn: WriteTransaction,
    account: int,
    node: int,
    target: Target,
    conditions: Conditions,
    limits: FileLimits,
    now: int,
) -> Moved:
    """Copy a document, or a folder without what is in it (RFC 4918 9.8.3), with its properties; not its locks, nor
    whom it is shared with.

    Raises as `move` does, and TooManyFiles, OverQuota.
    """
    found, held = _checked(txn, account, node, target, conditions, limits, now)
    with Filing(txn, target.account or account, now) as filing:
        _make_way(filing, held, limits)
        entry = _copy(filing, account, found.entry, target.folder, checked(target.name), conditions.who, limits)
        there = Spot(above(txn, filing.account, target.folder), checked(target.name))
        note(filing, conditions, "added", entry, there)
        return Moved(entry, held is None)


@operation
def begin_copy(
    txn: WriteTransaction, account: int, node: int, target: int, who: int, limits: FileLimits, now: int
) -> Copying:
    """Stage a copy of a folder in the account `target`, with nothing in it yet; raises NoSuchFile, TooManyFiles."""
    found = locate(txn, account, node)
    above(txn, account, node)
    with Filing(txn, target, now) as filing:
        filing.is_quiet = True
        entry = _copy(filing, account, found.entry, STAGING, trash_name(now, node), who, limits)
        return Copying(account, target, entry.node, [Branch(node, entry.node)], 1)


@operation
def copy_some(
    txn: WriteTransaction, copying: Copying, limit: int, conditions: Conditions, limits: FileLimits, now: int
) -> Copying:
    """Copy up to `limit` nodes more, but what he may not read; no branch is left when it is whole.

    Raises NoSuchFile when what was staged is gone, TooManyFiles, OverQuota.
    """
    place = read_place(txn, copying.account, copying.top)
    if place is None or place.parent != STAGING:
        raise NoSuchFile(str(copying.top))
    branches = list(copying.branches)
    nodes = copying.nodes
    left = limit
    access = access_of(txn, copying.source, conditions)
    with Filing(txn, copying.account, now) as filing:
        while branches and left > 0:
            branch = branches.pop()
            page = list_folder(txn, copying.source, branch.source, branch.after, min(left, _PAGE))
            if len(page) == min(left, _PAGE):
                branches.append(Branch(branch.source, branch.target, page[-1][0]))
            way = [] if access.is_owner else above(txn, copying.source, branch.source)
            for name, entry in page:
                if not access.rights([entry.node, *way]) & Right.READ:
                    continue
                copied = _copy(filing, copying.source, entry, branch.target, name, conditions.who, limits)
                if entry.is_folder:
                    branches.append(Branch(entry.node, copied.node))
            left -= len(page)
            nodes += len(page)
    return msgspec.structs.replace(copying, branches=branches, nodes=nodes)


@operation
def finish_copy(
    txn: WriteTransaction,
    node: int,
    copying: Copying,
    target: Target,
    conditions: Conditions,
    limits: FileLimits,
    now: int,
) -> Moved:
    """Hang a whole copy of `node` into its place; raises as `move` does."""
    _, held = _checked(txn, copying.source, node, target, conditions, limits, now)
    staged = locate(txn, copying.account, copying.top)
    if staged.place.parent != STAGING:
        raise NoSuchFile(str(copying.top))
    with Filing(txn, copying.account, now) as filing:
        _make_way(filing, held, limits)
        filing.rehang(staged, Place(target.folder, checked(target.name), staged.place.note))
        there = Spot(above(txn, filing.account, target.folder), checked(target.name))
        note(filing, conditions, "added", staged.entry, there)
        return Moved(staged.entry, held is None)


@operation
def drop_staged(txn: WriteTransaction, account: int, node: int, now: int) -> None:
    """Erase a copy that did not become whole; nothing when it is gone."""
    place = read_place(txn, account, node)
    if place is not None and place.parent == STAGING:
        with Filing(txn, account, now) as filing:
            filing.is_quiet = True
            doom(filing, locate(txn, account, node))


async def copy_tree(
    store: Store,
    account: int,
    node: int,
    target: Target,
    conditions: Conditions,
    limits: FileLimits,
    now: Callable[[], int],
    done: Callable[[int], None],
) -> Moved:
    """Copy a node with all under it; `done` hears after each step how many nodes there are.

    Raises as `move` does, and TooManyFiles, OverQuota; then nothing of it is left.
    """
    await store.read(check_copy, account, node, target, conditions, limits, now())
    into = target.account or account
    copying = await store.write(begin_copy, account, node, into, conditions.who, limits, now())
    try:
        while copying.branches:
            copying = await store.write(copy_some, copying, STEP, conditions, limits, now())
            done(copying.nodes)
        return await store.write(finish_copy, node, copying, target, conditions, limits, now())
    except BaseException:
        with suppress(StoreUnavailable):  # then it is erased in time
            await store.write(drop_staged, into, copying.top, now())
        raise


def _checked(
    txn: ReadTransaction,
    account: int,
    node: int,
    target: Target,
    conditions: Conditions,
    limits: FileLimits,
    now: int,
) -> tuple[Found, Entry | None]:
    """What is copied, and what it replaces."""
    found = locate(txn, account, node)
    nodes = above(txn, account, node)
    access_of(txn, account, conditions).need(nodes, Right.READ)
    conditions.check(found.place.name, found.entry)
    into = target.account or account
    access, folder = access_of(txn, into, conditions), above(txn, into, target.folder)
    access.need_addition(folder, folder=found.entry.is_folder)  # first: nothing hidden shall show by what is refused
    held = check_target(txn, into, nodes if into == account else [0], target, limits)
    if into == account and held is not None and held.node == node:
        raise IntoItself(target.name)
    if held is not None:
        access.need_removal([held.node, *folder], held)
    guard_target(txn, Locks(txn, into, now), target.folder, held, conditions)
    return found, held


def _make_way(filing: Filing, held: Entry | None, limits: FileLimits) -> None:
    if held is not None:
        unhang(filing, locate(filing.txn, filing.account, held.node), to_trash=limits.keeps_trash)


def _copy(filing: Filing, owner: int, source: Entry, folder: int, name: str, who: int, limits: FileLimits) -> Entry:
    """A node more of the same contents and properties as one of `owner`."""
    txn, account = filing.txn, filing.account
    filing.check_room(limits.nodes)
    entry = msgspec.structs.replace(source, created=filing.now, who=who, revision=1)
    if entry.hash:
        add_references(txn, entry.hash, 1)
    filing.add(folder, name, entry)
    if entry.properties:
        for key, value in list(txn.scan(*FILE_PROPERTY.range(owner, source.node))):
            txn.put(FILE_PROPERTY.key(account, entry.node, FILE_PROPERTY.parse(key)[2]), value)
    return entry
