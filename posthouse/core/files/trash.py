"""The trash: what was deleted, the latest last, each with where it was; restored, or erased after some days."""

from __future__ import annotations

from itertools import islice

import msgspec

from posthouse.core.files.access import access_of
from posthouse.core.files.conditions import Conditions
from posthouse.core.files.covering import Locks
from posthouse.core.files.erasing import doom
from posthouse.core.files.errors import FileExists, NoSuchFile, NotAFolder, NotInTrash, TooDeep
from posthouse.core.files.filing import Filing
from posthouse.core.files.names import checked, numbered
from posthouse.core.files.records import ROOT, STAGING, TRASH, Entry, Place, decode_entry
from posthouse.core.files.settings import FileLimits
from posthouse.core.files.tree import Found, chain, list_folder, locate, paths_of, read_entry, read_place
from posthouse.core.files.watching import Spot, note
from posthouse.core.sharing.rights import Right
from posthouse.storage.contract import ReadTransaction, WriteTransaction, operation, query
from posthouse.storage.spaces import FILE_CHILD, FILE_TREE


class Trashed(msgspec.Struct, array_like=True, frozen=True):
    """Something in the trash: when (ms) it came, what it was called, the path of its folder, None when that is gone.

    `key` is what a next page begins behind.
    """

    key: str
    name: str
    folder: list[str] | None
    discarded: int
    entry: Entry


class Restored(msgspec.Struct, array_like=True, frozen=True):
    """Where something stands again."""

    folder: int
    name: str
    entry: Entry


@query
def list_trash(txn: ReadTransaction, account: int, after: str, limit: int) -> list[Trashed]:
    """Up to `limit` of what can be restored, the oldest first, behind the key `after` ("" to begin)."""
    found = []
    for key, entry in list_folder(txn, account, TRASH, after, limit):
        place = read_place(txn, account, entry.node) or Place(TRASH, key)
        parent, name = place.origin or (ROOT, str(entry.node))
        found.append(Trashed(key, name, paths_of(txn, account, [parent])[0], place.discarded, entry))
    return found


@operation
def restore(
    txn: WriteTransaction,
    account: int,
    node: int,
    folder: int | None,
    name: str | None,
    conditions: Conditions,
    limits: FileLimits,
    now: int,
) -> Restored:
    """Hang what was deleted where it was, or under the root where that folder is gone; or as `folder`, `name` say.

    Where its own name is taken it gets a number behind it. Who administers all files may, too. Raises NotInTrash,
    Locked, NoSuchFile, NotPermitted, and for what the caller said NotAFolder, TooDeep, NameNotAllowed, FileExists.
    """
    access_of(txn, account, conditions).need([ROOT], Right.ADMINISTER)
    place = read_place(txn, account, node)
    if place is None or place.parent != TRASH:
        raise NotInTrash(node)
    origin, called = place.origin or (ROOT, str(node))
    parent = _still_there(txn, account, origin, limits) if folder is None else folder
    nodes = chain(txn, account, parent, limits.depth)
    wanted = called if name is None else checked(name)
    if read_entry(txn, account, parent, wanted) is not None:
        if name is not None:
            raise FileExists(wanted)
        wanted = next((other for other in numbered(wanted) if read_entry(txn, account, parent, other) is None), "")
        if not wanted:
            raise FileExists(called)
    Locks(txn, account, now).guard(nodes, conditions)
    found = locate(txn, account, node)
    with Filing(txn, account, now) as filing:
        filing.rehang(found, Place(parent, wanted, place.note))
        note(filing, conditions, "added", found.entry, Spot(nodes, wanted))
    return Restored(parent, wanted, found.entry)


@operation
def erase_from_trash(txn: WriteTransaction, account: int, node: int, now: int) -> None:
    """Erase one thing in the trash for good; raises NotInTrash."""
    place = read_place(txn, account, node)
    if place is None or place.parent != TRASH:
        raise NotInTrash(node)
    with Filing(txn, account, now) as filing:
        doom(filing, locate(txn, account, node))


@operation
def empty_trash(txn: WriteTransaction, account: int, before: int, staged_before: int, limit: int, now: int) -> bool:
    """Erase up to `limit` of what came into an account's trash before then (ms); True when nothing such is left.

    So, too, copies of trees that began before `staged_before` and are not whole: whoever made them has died.
    """
    left = limit
    for folder, until in ((TRASH, before), (STAGING, staged_before)):
        old = _older(txn, account, folder, until, left)
        if old:
            with Filing(txn, account, now) as filing:
                filing.is_quiet = True
                for name, entry in old:
                    doom(filing, Found(Place(folder, name), entry))
        left -= len(old)
    return left > 0


@query
def accounts_to_empty(
    txn: ReadTransaction, after: int, before: int, staged_before: int, limit: int
) -> list[tuple[int, bool]]:
    """(account, whether `empty_trash` would find something) of up to `limit` accounts above `after` that have files."""
    found = []
    for key, _ in islice(txn.scan(FILE_TREE.key(after + 1), FILE_TREE.range()[1]), limit):
        account = FILE_TREE.parse(key)[0]
        old = _older(txn, account, TRASH, before, 1) or _older(txn, account, STAGING, staged_before, 1)
        found.append((account, bool(old)))
    return found


def _older(txn: ReadTransaction, account: int, folder: int, before: int, limit: int) -> list[tuple[str, Entry]]:
    start, _ = FILE_CHILD.range(account, folder)
    end = FILE_CHILD.key(account, folder, f"{before:015d}")
    return [(FILE_CHILD.parse(key)[2], decode_entry(value)) for key, value in islice(txn.scan(start, end), limit)]


def _still_there(txn: ReadTransaction, account: int, folder: int, limits: FileLimits) -> int:
    try:
        return chain(txn, account, folder, limits.depth)[0]
    except (NoSuchFile, NotAFolder, TooDeep):
        return ROOT
