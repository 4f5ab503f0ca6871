"""Deleting: into the trash, or for good.

Either way the top is unhung at once, by a few puts however much is under it. What is for good hangs among the doomed
then, and a job erases it some nodes at a time: folders lay their children among the doomed until nothing is left.
"""

from __future__ import annotations

from contextlib import suppress
from itertools import islice

import msgspec

from posthouse.core.files.access import access_of
from posthouse.core.files.conditions import Conditions
from posthouse.core.files.covering import Locks
from posthouse.core.files.errors import NoSuchFile
from posthouse.core.files.filing import Filing, doomed_place
from posthouse.core.files.records import DOOMED, ROOT, TRASH, Place, decode_earlier, decode_entry, decode_tree
from posthouse.core.files.tree import Found, above, list_folder, locate, read_place
from posthouse.core.files.watching import Spot, note
from posthouse.storage.blobs.records import release
from posthouse.storage.changes import Revision
from posthouse.storage.contract import ReadTransaction, WriteTransaction, operation, query
from posthouse.storage.erasing import delete_some
from posthouse.storage.jobs import Lease, end_job, holds_job, need_job, put_off_job
from posthouse.storage.keys import Space
from posthouse.storage.spaces import (
    FILE_CHILD,
    FILE_DEED,
    FILE_LINK,
    FILE_LOCK,
    FILE_NODE,
    FILE_PROPERTY,
    FILE_REVISION,
    FILE_TREE,
    FILE_WATCH,
    ITEM,
)

ERASE_FILES = "erase files"  # the job that erases what is doomed; its body is the account's number


@operation
def remove(txn: WriteTransaction, account: int, node: int, to_trash: bool, conditions: Conditions, now: int) -> None:
    """Delete a node with all under it, into the trash or for good; it is gone from the tree when this returns.

    Raises NoSuchFile, NotPermitted, ConditionFailed, Locked.
    """
    check_removal(txn, account, node, conditions, now)
    found = locate(txn, account, node)
    with Filing(txn, account, now) as filing:
        note(filing, conditions, "deleted", found.entry, Spot(above(txn, account, node)[1:], found.place.name))
        unhang(filing, found, to_trash=to_trash)


@query
def check_removal(txn: ReadTransaction, account: int, node: int, conditions: Conditions, now: int) -> None:
    """Raise what `remove` would."""
    found = locate(txn, account, node)
    nodes = above(txn, account, node)
    if node == ROOT:
        raise NoSuchFile(str(node))  # it has no place that it could leave
    access_of(txn, account, conditions).need_removal(nodes, found.entry)
    conditions.check(found.place.name, found.entry)
    Locks(txn, account, now).guard_tree(nodes, conditions)


def unhang(filing: Filing, found: Found, *, to_trash: bool) -> None:
    """Take a node out of the tree; the caller knows that he may, and charges."""
    node = found.entry.node
    Locks(filing.txn, filing.account, filing.now).drop_under(filing.txn, node)
    if to_trash:
        held = found.place
        origin = (held.parent, held.name)
        filing.rehang(found, Place(TRASH, trash_name(filing.now, node), held.note, origin, filing.now))
    else:
        doom(filing, found)


def doom(filing: Filing, found: Found) -> None:
    """Erase a node: at once where nothing is in it, else by a job."""
    account, node = filing.account, found.entry.node
    if not found.entry.is_folder or not list_folder(filing.txn, account, node, "", 1):
        filing.erase(found)
        return
    filing.rehang(found, doomed_place(node))
    need_job(filing.txn, ERASE_FILES, b"%d" % account, filing.now, f"{ERASE_FILES} {account}")


@operation
def erase_doomed(txn: WriteTransaction, account: int, limit: int, now: int) -> bool:
    """Erase about `limit` nodes of what is doomed; True when nothing is left of it."""
    if not list_folder(txn, account, DOOMED, "", 1):
        return True
    left = limit
    with Filing(txn, account, now) as filing:
        filing.is_quiet = True
        while left > 0:
            doomed = list_folder(txn, account, DOOMED, "", 1)
            if not doomed:
                return True
            name, entry = doomed[0]
            if entry.is_folder:
                for child_name, child in list_folder(txn, account, entry.node, "", left):
                    held = Found(read_place(txn, account, child.node) or Place(entry.node, child_name), child)
                    if child.is_folder:
                        filing.rehang(held, doomed_place(child.node))
                    else:
                        filing.erase(held)
                    left -= 1
                if list_folder(txn, account, entry.node, "", 1):
                    break
            filing.erase(Found(Place(DOOMED, name), entry))
            left -= 1
    return False


@operation
def finish_erasing(txn: WriteTransaction, lease: Lease, body: bytes, now: int) -> bool:
    """End the job, or put it off when more was doomed meanwhile; False when it is another's."""
    if not holds_job(txn, lease):
        return False
    if list_folder(txn, int(body), DOOMED, "", 1):
        return put_off_job(txn, lease, now)
    return end_job(txn, lease)


@operation
def erase_files(txn: WriteTransaction, account: int, limit: int, now: int) -> bool:
    """Erase up to `limit` records of the files of an account that is being deleted; True when none is left.

    Nobody sees them any more and no quota holds: only blobs must be told.
    """
    left = limit
    for space in (FILE_CHILD, FILE_REVISION):
        for key, value in list(islice(txn.scan(*space.range(account)), left)):
            hash_ = _held(space, value)
            if hash_:
                release(txn, hash_, now)
            txn.delete(key)
            left -= 1
    for space in (FILE_NODE, FILE_PROPERTY, FILE_LOCK, FILE_LINK, FILE_WATCH, FILE_DEED):
        left -= delete_some(txn, *space.range(account), left)
    tree = txn.get(FILE_TREE.key(account))
    number = None
    if tree is not None:
        with suppress(msgspec.MsgspecError):
            number = decode_tree(tree).collection
    if number is not None and left > 0:
        left -= delete_some(txn, *ITEM.range(account, number), left)
    if left <= 0:
        return False
    if number is not None:
        with Revision(txn, account) as revision:
            revision.remove_collection(number)
    txn.delete(FILE_TREE.key(account))
    return True


def trash_name(when: int, node: int) -> str:
    """What a node is called in the trash: in the order of when it came (ms)."""
    return f"{when:015d} {node}"


def _held(space: Space, value: bytes) -> bytes:
    try:
        return decode_entry(value).hash if space is FILE_CHILD else decode_earlier(value).hash
    except (msgspec.MsgspecError, ValueError):  # text that is no UTF-8 is a ValueError
        return b""  # a rebuild counts who holds what
