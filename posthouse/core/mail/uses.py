"""What mailboxes are for: one use each, and one mailbox for each use; RFC 6154 2."""

from __future__ import annotations

from posthouse.core.mail.errors import UnsuitableUse
from posthouse.core.mail.mailboxes import INBOX_ID, KIND, find
from posthouse.storage.changes import Revision
from posthouse.storage.collections import scan_collections
from posthouse.storage.contract import WriteTransaction, operation

USES = frozenset({"archive", "drafts", "junk", "sent", "trash"})


@operation
def assign_use(txn: WriteTransaction, account: int, name: str, use: str | None) -> list[str]:
    """Say what a mailbox is for, None for nothing; the names of those that were for it and are no longer.

    Raises NoSuchMailbox, UnsuitableUse.
    """
    number, record = find(txn, account, name)
    if use is not None and (use not in USES or number == INBOX_ID or record.kind != KIND):
        raise UnsuitableUse(use)
    if record.role == use or number == INBOX_ID:
        return []
    others = [other for other, held in scan_collections(txn, account) if use is not None and held.role == use]
    with Revision(txn, account) as revision:
        revision.touch(number).role = use
        lost = [revision.touch(other) for other in others]
        for loser in lost:
            loser.role = None
    return [loser.name for loser in lost]
