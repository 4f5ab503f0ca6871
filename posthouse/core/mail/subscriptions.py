"""Subscriptions to mailboxes of other accounts; those to one's own stand in the mailboxes' records (RFC 9051 6.3.7)."""

from __future__ import annotations

from posthouse.storage.contract import WriteTransaction, operation
from posthouse.storage.spaces import SUBSCRIPTION
from posthouse.storage.topics import SHARING_TOPIC


@operation
def subscribe_shared(txn: WriteTransaction, account: int, owner: int, mailbox: int, subscribed: bool) -> None:
    """Subscribe to mailbox `mailbox` of `owner`, or not: a group's are subscribed to by themselves."""
    txn.put(SUBSCRIPTION.key(account, owner, mailbox), b"\x01" if subscribed else b"\x00")
    txn.announce(SHARING_TOPIC)
