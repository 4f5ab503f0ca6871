"""Earlier contents of documents: listed, put back, dropped, forgotten when they are old."""

from __future__ import annotations

from itertools import islice

import msgspec

from posthouse.core.files.access import access_of
from posthouse.core.files.conditions import Conditions
from posthouse.core.files.covering import Locks
from posthouse.core.files.errors import NoSuchRevision
from posthouse.core.files.filing import Filing
from posthouse.core.files.records import Earlier, Entry, decode_earlier
from posthouse.core.files.settings import FileLimits
from posthouse.core.files.tree import above, locate
from posthouse.core.files.watching import Spot, note
from posthouse.core.files.writing import Document, write_contents
from posthouse.core.sharing.rights import Right
from posthouse.storage.blobs.records import Blob, BlobPlace, place
from posthouse.storage.contract import ReadTransaction, WriteTransaction, operation, query
from posthouse.storage.spaces import FILE_REVISION


class Scanned(msgspec.Struct, array_like=True, frozen=True):
    """Some of all revisions: old ones (account, node, revision), and what the next begin behind, b"" at the end."""

    old: list[tuple[int, int, int]]
    next: bytes


@query
def list_revisions(txn: ReadTransaction, account: int, node: int) -> list[tuple[int, Earlier]]:
    """(revision, earlier contents) of a document, the oldest first; what it has now is none of them."""
    return [
        (FILE_REVISION.parse(key)[2], decode_earlier(value))
        for key, value in txn.scan(*FILE_REVISION.range(account, node))
    ]


@query
def revision_place(txn: ReadTransaction, account: int, node: int, revision: int) -> BlobPlace:
    """Where the octets of earlier contents are; raises NoSuchRevision."""
    found = place(txn, _read(txn, account, node, revision).hash)
    if found is None:
        raise NoSuchRevision(node, revision)
    return found


@query
def contents_place(txn: ReadTransaction, hash_: bytes) -> BlobPlace | None:
    """Where the octets of an entry's contents are; None when they are stored no more."""
    return place(txn, hash_)


@operation
def restore_revision(
    txn: WriteTransaction,
    account: int,
    node: int,
    revision: int,
    conditions: Conditions,
    limits: FileLimits,
    now: int,
) -> Entry:
    """Give a document its earlier contents again; those that it has become a revision where there is room for both.

    Raises NoSuchFile, NotPermitted, NoSuchRevision, ConditionFailed, Locked.
    """
    found = locate(txn, account, node)
    nodes = above(txn, account, node)
    access_of(txn, account, conditions).need(nodes, Right.WRITE, found.entry)
    earlier = _read(txn, account, node, revision)
    conditions.check(found.place.name, found.entry)
    Locks(txn, account, now).guard(nodes, conditions)
    document = Document(Blob(earlier.hash, earlier.size, None, None), earlier.media_type)
    with Filing(txn, account, now) as filing:
        note(filing, conditions, "changed", found.entry, Spot(nodes[1:], found.place.name))
        return write_contents(filing, found, document, conditions.who, limits)


@operation
def drop_revisions(txn: WriteTransaction, account: int, revisions: list[tuple[int, int]], now: int) -> int:
    """Forget earlier contents, each given as (node, revision); how many there were."""
    dropped = 0
    with Filing(txn, account, now) as filing:
        for node, revision in revisions:
            key = FILE_REVISION.key(account, node, revision)
            value = txn.get(key)
            if value is not None:
                filing.drop_revision(key, value)
                dropped += 1
    return dropped


@query
def old_revisions(txn: ReadTransaction, after: bytes, before: int, limit: int) -> Scanned:
    """Those of `limit` revisions behind the key `after` (b"" to begin) that were replaced before then (ms)."""
    start, end = FILE_REVISION.range()
    scan = list(islice(txn.scan(after + b"\x00" if after else start, end), limit))
    keys = [key for key, value in scan if decode_earlier(value).replaced < before]
    old: list[tuple[int, int, int]] = [FILE_REVISION.parse(key) for key in keys]
    return Scanned(old, scan[-1][0] if len(scan) == limit else b"")


def _read(txn: ReadTransaction, account: int, node: int, revision: int) -> Earlier:
    value = txn.get(FILE_REVISION.key(account, node, revision))
    if value is None:
        raise NoSuchRevision(node, revision)
    return decode_earlier(value)
