"""What changed among an account's files since a modseq: WebDAV's sync-token (RFC 6578), JMAP's state."""

from __future__ import annotations

from itertools import islice

import msgspec

from posthouse.core.files.tree import files_collection
from posthouse.storage import ranges
from posthouse.storage.changes import decode_change
from posthouse.storage.collections import read_sequence
from posthouse.storage.contract import ReadTransaction, query
from posthouse.storage.ranges import Range
from posthouse.storage.spaces import CHANGE


class FileChanges(msgspec.Struct, array_like=True, frozen=True):
    """What became of nodes in the operations up to `modseq`; net, so that a node stands in one list only.

    `left` are (folder's node, name) that something was called by and is no more; another may be called so by now. A
    node that was created or updated need not be in the tree: it may be in the trash, or on its way out (`paths_of`).
    `is_complete` is False when the log no longer reaches back so far: the lists say nothing then. `more` tells that
    there are more entries of the log.
    """

    modseq: int
    created: list[Range]
    updated: list[Range]
    destroyed: list[Range]
    left: list[tuple[int, str]]
    is_complete: bool
    more: bool


@query
def file_changes(txn: ReadTransaction, account: int, since: int, limit: int) -> FileChanges:
    """What up to `limit` entries of the log after `since` say of files; a modseq that is to come is not complete."""
    collection = files_collection(txn, account)
    modseq = 0 if collection is None else collection[1].modseq
    if collection is None or since >= modseq:
        return FileChanges(modseq, [], [], [], [], since <= modseq, False)
    sequence = read_sequence(txn, account)
    if since < sequence.log_from:
        return FileChanges(modseq, [], [], [], [], False, False)
    created: list[Range] = []
    updated: list[Range] = []
    destroyed: list[Range] = []
    left: dict[tuple[int, str], None] = {}
    start, end = CHANGE.key(account, since + 1), CHANGE.key(account, modseq) + b"\x00"
    entries = list(islice(txn.scan(start, end), limit))
    for _, value in entries:
        for change in decode_change(value).collections:
            if change.collection == collection[0]:
                created += change.created
                updated += change.updated
                destroyed += change.destroyed
                left.update(dict.fromkeys(change.left))
    reached = CHANGE.parse(entries[-1][0])[1] if len(entries) == limit else modseq
    created, updated, destroyed = ranges.merge(created), ranges.merge(updated), ranges.merge(destroyed)
    return FileChanges(
        reached,
        ranges.subtract(created, destroyed),
        ranges.subtract(ranges.subtract(updated, created), destroyed),
        ranges.subtract(destroyed, created),
        list(left),
        True,
        reached < modseq,
    )
