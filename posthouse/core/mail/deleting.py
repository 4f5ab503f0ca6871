"""Deleting a mailbox: its name goes at once; what is in it, where that is much, some at a time by a job.

Until it is empty its collection has a kind that nothing opens or lists, and a name that no mailbox can have: so others
may be called as it was. What it has left counts in the quota.
"""

from __future__ import annotations

from collections.abc import Iterable

from posthouse.core.mail.counting import count_all, tally
from posthouse.core.mail.places import remove_items
from posthouse.core.mail.search_folders.records import SEARCH_KIND, decode_source, forget_definition
from posthouse.storage.changes import Revision
from posthouse.storage.collections import CollectionRecord, scan_collections
from posthouse.storage.contract import ReadTransaction, WriteTransaction, operation
from posthouse.storage.erasing import delete_some
from posthouse.storage.item_bytes import Items, first_items
from posthouse.storage.jobs import Lease, end_job, has_job, holds_job, need_job, put_off_job
from posthouse.storage.spaces import DIGEST, SEARCH_DUE, SEARCH_MEMBER, SEARCH_SOURCE

DOOMED, DOOMED_SEARCH = "deleted mail", "deleted search"
DOOMED_KINDS = frozenset({DOOMED, DOOMED_SEARCH})
ERASE_MAILBOXES = "erase mailboxes"  # the job that erases what is left of them; its body is the account's number
AT_ONCE = 1000  # messages in one transaction: about 3 ms
_MARK = "\0"


def doom(revision: Revision, number: int, now: int) -> None:
    """Delete a mailbox, or a search folder but not the messages that it shows; the caller knows that it may go."""
    txn, account = revision.txn, revision.account
    record = revision.touch(number)
    if record.kind == SEARCH_KIND:
        forget_definition(txn, account, number)  # so that nobody fills it any more
    record.kind = DOOMED_SEARCH if record.kind == SEARCH_KIND else DOOMED
    record.name, record.role, record.subscribed = _MARK + record.name, None, False
    if empty(revision, number, AT_ONCE, now) <= 0:
        need_erasing(txn, account, now)


def empty(revision: Revision, number: int, limit: int, now: int) -> int:
    """Take about `limit` messages out of a doomed mailbox, or a search folder, and with the last one itself.

    What is left of the limit: something where the mailbox has gone.
    """
    txn, account = revision.txn, revision.account
    record, left = revision.collection(number), limit
    if record.kind == DOOMED:
        items = first_items(txn, account, number, left)
        remove_items(revision, number, items, now, called=record.name.removeprefix(_MARK))
    else:
        left -= delete_some(txn, *SEARCH_DUE.range(account, number), left)
        items = first_items(txn, account, number, left)
        _hide(revision, number, record, items)
    left -= len(items.uids)
    left -= delete_some(txn, *DIGEST.range(account, number), left)
    if left > 0:
        forget_definition(txn, account, number)
        revision.remove_collection(number)
    return left


@operation
def erase_doomed(txn: WriteTransaction, account: int, limit: int, now: int) -> bool:
    """Erase about `limit` messages of deleted mailboxes; True when nothing is left of any."""
    left = limit
    for number in _doomed(txn, account):
        with Revision(txn, account) as revision:
            left = empty(revision, number, left, now)
        if left <= 0:
            return False
    return True


@operation
def finish_erasing_mailboxes(txn: WriteTransaction, lease: Lease, body: bytes, now: int) -> bool:
    """End the job, or put it off when another was deleted meanwhile; False when it is another's."""
    if not holds_job(txn, lease):
        return False
    if _doomed(txn, int(body)):
        return put_off_job(txn, lease, now)
    return end_job(txn, lease)


def need_erasing(txn: WriteTransaction, account: int, now: int) -> None:
    """Have what is left of the account's deleted mailboxes erased."""
    need_job(txn, ERASE_MAILBOXES, b"%d" % account, now, f"{ERASE_MAILBOXES} {account}")


def lacks_erasing(txn: ReadTransaction, account: int, collections: Iterable[CollectionRecord]) -> bool:
    """True where something is left of deleted mailboxes, among all of the account's, that no job erases."""
    is_left = any(record.kind in DOOMED_KINDS for record in collections)
    return is_left and not has_job(txn, f"{ERASE_MAILBOXES} {account}")


def _doomed(txn: ReadTransaction, account: int) -> list[int]:
    return [number for number, record in scan_collections(txn, account) if record.kind in DOOMED_KINDS]


def _hide(revision: Revision, folder: int, record: CollectionRecord, items: Items) -> None:
    txn, account = revision.txn, revision.account
    sources = SEARCH_SOURCE.keys(account, folder, last=items.uids)
    for key, source in zip(sources, txn.get_many(sources), strict=True):
        if source is not None:
            txn.delete(SEARCH_MEMBER.key(account, folder, *decode_source(source)))
            txn.delete(key)
    revision.destroy_all(folder, items.uids)
    count_all(record, tally(items.values), -1)
