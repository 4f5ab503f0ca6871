"""Making folders and writing documents; each contents before the last stays as a revision for a while."""

from __future__ import annotations

import msgspec

from posthouse.core.accounts.errors import OverQuota
from posthouse.core.files.access import access_of
from posthouse.core.files.conditions import Conditions
from posthouse.core.files.covering import Locks
from posthouse.core.files.errors import FileExists, IsAFolder
from posthouse.core.files.filing import Filing
from posthouse.core.files.names import checked
from posthouse.core.files.records import ENCODER, Earlier, Entry
from posthouse.core.files.settings import FileLimits
from posthouse.core.files.tree import Found, chain, locate, read_entry
from posthouse.core.files.watching import Spot, note
from posthouse.core.sharing.rights import Right
from posthouse.storage.blobs.records import Blob, keep
from posthouse.storage.contract import WriteTransaction, operation
from posthouse.storage.spaces import FILE_REVISION


class Document(msgspec.Struct, array_like=True, frozen=True):
    """Contents to write; `created` and `modified` (ms) are what a client says, None for now."""

    blob: Blob
    media_type: str
    created: int | None = None
    modified: int | None = None


class Written(msgspec.Struct, array_like=True, frozen=True):
    """What stands there now; `is_new` when nothing did before."""

    entry: Entry
    is_new: bool
    modseq: int


@operation
def put_document(
    txn: WriteTransaction,
    account: int,
    folder: int,
    name: str,
    document: Document,
    conditions: Conditions,
    limits: FileLimits,
    now: int,
) -> Written:
    """Write a document of that name, new or in place of its contents.

    Raises NameNotAllowed, NoSuchFile, NotPermitted, NotAFolder, IsAFolder, ConditionFailed, Locked, TooDeep,
    TooManyFiles, OverQuota.
    """
    name = checked(name)
    nodes = chain(txn, account, folder, limits.depth)
    held = read_entry(txn, account, folder, name)
    access = access_of(txn, account, conditions)
    if held is None or not access.sees([held.node, *nodes]):  # what is hidden answers as what is not there
        access.need_addition(nodes, folder=False)
    if held is not None:
        access.need([held.node, *nodes], Right.WRITE, held)
    conditions.check(name, held)
    locks = Locks(txn, account, now)
    if held is not None and held.is_folder:
        raise IsAFolder(name)
    locks.guard(nodes if held is None else [held.node, *nodes], conditions)
    with Filing(txn, account, now) as filing:
        if held is not None:
            entry = write_contents(filing, locate(txn, account, held.node), document, conditions.who, limits)
            if entry.revision != held.revision:
                note(filing, conditions, "changed", entry, Spot(nodes, name))
            return Written(entry, False, filing.modseq)
        filing.check_room(limits.nodes)
        keep(txn, document.blob)
        entry = Entry(
            0,
            False,
            document.blob.hash,
            document.blob.size,
            document.media_type,
            now if document.created is None else document.created,
            now if document.modified is None else document.modified,
            conditions.who,
        )
        filing.add(folder, name, entry)
        note(filing, conditions, "added", entry, Spot(nodes, name))
        return Written(entry, True, filing.modseq)


@operation
def make_folder(
    txn: WriteTransaction,
    account: int,
    folder: int,
    name: str,
    conditions: Conditions,
    limits: FileLimits,
    now: int,
) -> Written:
    """Make a folder of that name.

    Raises FileExists, and what `put_document` does but IsAFolder and OverQuota.
    """
    name = checked(name)
    nodes = chain(txn, account, folder, limits.depth)
    access_of(txn, account, conditions).need_addition(nodes, folder=True)
    held = read_entry(txn, account, folder, name)
    conditions.check(name, held)
    if held is not None:
        raise FileExists(name)
    Locks(txn, account, now).guard(nodes, conditions)
    with Filing(txn, account, now) as filing:
        filing.check_room(limits.nodes)
        entry = Entry(0, True, b"", 0, "", now, now, conditions.who)
        filing.add(folder, name, entry)
        note(filing, conditions, "added", entry, Spot(nodes, name))
        return Written(entry, True, filing.modseq)


def write_contents(filing: Filing, found: Found, document: Document, who: int, limits: FileLimits) -> Entry:
    """Give a document other contents; what it had stays as a revision where there is room. Raises OverQuota."""
    txn, entry = filing.txn, msgspec.structs.replace(found.entry)
    is_other = document.blob.hash != entry.hash
    entry.media_type = document.media_type
    entry.modified = filing.now if document.modified is None else document.modified
    entry.created = entry.created if document.created is None else document.created
    entry.who = who
    if is_other:
        earlier = found.entry
        # its reference to the blob goes over to the revision
        key = FILE_REVISION.key(filing.account, entry.node, earlier.revision)
        value = Earlier(earlier.hash, earlier.size, earlier.media_type, earlier.modified, earlier.who, filing.now)
        txn.put(key, ENCODER.encode(value))
        filing.octets += earlier.size
        keep(txn, document.blob)
        entry.hash, entry.size = document.blob.hash, document.blob.size
        entry.revision += 1
    filing.replace(found, entry)
    if is_other:
        _drop_oldest(filing, entry.node, limits.revisions)
        try:
            filing.charge()
        except OverQuota:
            _drop_oldest(filing, entry.node, 0)
            filing.charge()
    return entry


def _drop_oldest(filing: Filing, node: int, keep_count: int) -> None:
    held = list(filing.txn.scan(*FILE_REVISION.range(filing.account, node)))
    for key, value in held[: max(0, len(held) - keep_count)]:
        filing.drop_revision(key, value)
