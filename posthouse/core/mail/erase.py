"""Erasing all that a deleted account had, a batch at a time so that other writers are not held up."""

from __future__ import annotations

from posthouse.core.mail.deleting import DOOMED_SEARCH, empty
from posthouse.core.mail.digests.blocks import forget_digests
from posthouse.core.mail.origins import forget_origins
from posthouse.core.mail.places import erase_items
from posthouse.core.mail.search_folders.records import SEARCH_KIND
from posthouse.core.mail.threads import forget_threads
from posthouse.core.mail.undelete import erase_expunged
from posthouse.core.sharing.grants import forget_acls
from posthouse.storage.changes import Revision
from posthouse.storage.collections import scan_collections
from posthouse.storage.contract import WriteTransaction, operation
from posthouse.storage.item_bytes import first_items
from posthouse.storage.spaces import ANNOTATION, CHANGE, SEQUENCE, SUBSCRIBED_NAME, SUBSCRIPTION


@operation
def erase_some(txn: WriteTransaction, account: int, limit: int, now: int) -> bool:
    """Erase up to `limit` messages of the account, whose files are erased; True when nothing of its mail is left."""
    left = limit
    for number, record in list(scan_collections(txn, account)):
        if record.kind in (SEARCH_KIND, DOOMED_SEARCH):
            with Revision(txn, account) as revision:
                left = empty(revision, number, left, now)
            if left <= 0:
                return False
            continue
        items = first_items(txn, account, number, left)
        left -= len(items.uids)
        with Revision(txn, account) as revision:
            revision.collection(number)
            erase_items(revision, number, items, now)
            if record.exists == len(items.uids):
                revision.remove_collection(number)
        forget_digests(txn, account, number)
        if left <= 0:
            return False
    if erase_expunged(txn, account, left, now) >= left:
        return False
    forget_threads(txn, account)  # nothing is left of them, unless something was damaged
    forget_origins(txn, account)
    txn.delete_range(*CHANGE.range(account))
    txn.delete_range(*ANNOTATION.range(account))
    txn.delete_range(*SUBSCRIPTION.range(account))
    txn.delete_range(*SUBSCRIBED_NAME.range(account))
    forget_acls(txn, account)
    txn.delete(SEQUENCE.key(account))
    return True
