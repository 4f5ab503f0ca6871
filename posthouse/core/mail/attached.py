"""What hangs on a mailbox beside its messages, and goes with it."""

from __future__ import annotations

from posthouse.core.sharing.grants import write_acl
from posthouse.storage.contract import WriteTransaction
from posthouse.storage.spaces import ANNOTATION


def forget_attached(txn: WriteTransaction, account: int, collection: int) -> None:
    """Forget its access-control list and its annotations.

    What others noted of it for themselves stays with them and is not found again: its number is never used again.
    """
    write_acl(txn, account, collection, None)
    txn.delete_range(*ANNOTATION.range(account, account, collection))


def copy_annotations(txn: WriteTransaction, account: int, collection: int, target: int) -> None:
    """A mailbox gets the owner's annotations of another: of the inbox, when it is renamed (RFC 5464 4.1)."""
    for key, value in list(txn.scan(*ANNOTATION.range(account, account, collection))):
        txn.put(ANNOTATION.key(account, account, target, ANNOTATION.parse(key)[3]), value)
