"""Subscriptions that do not stand in mailboxes' own records: to those of other accounts, and to names that are left.

What is subscribed to and deleted stays subscribed to by its name until the client says otherwise (RFC 9051 6.3.7,
RFC 3501 6.3.9); a mailbox that gets the name is subscribed to.
"""

from __future__ import annotations

from posthouse.storage.contract import ReadTransaction, WriteTransaction, operation, query
from posthouse.storage.spaces import SUBSCRIBED_NAME, SUBSCRIPTION
from posthouse.storage.topics import SHARING_TOPIC

MOST_NAMES = 1000  # that are left, so that nobody fills the store with them; of further ones none is kept


@operation
def subscribe_shared(txn: WriteTransaction, account: int, owner: int, mailbox: int, subscribed: bool) -> None:
    """Subscribe to mailbox `mailbox` of `owner`, or not: a group's are subscribed to by themselves."""
    txn.put(SUBSCRIPTION.key(account, owner, mailbox), b"\x01" if subscribed else b"\x00")
    txn.announce(SHARING_TOPIC)


@query
def names_left(txn: ReadTransaction, account: int) -> list[str]:
    """Names that are subscribed to and no mailbox has, in order."""
    return [SUBSCRIBED_NAME.parse(key)[1] for key, _ in txn.scan(*SUBSCRIBED_NAME.range(account))]


def leave_name(txn: WriteTransaction, account: int, name: str) -> None:
    """A mailbox that is subscribed to goes."""
    if len(names_left(txn, account)) < MOST_NAMES:
        txn.put(SUBSCRIBED_NAME.key(account, name), b"")


def take_name(txn: WriteTransaction, account: int, name: str) -> bool:
    """A mailbox gets the name, or nobody wants it any more; True when it was left."""
    key = SUBSCRIBED_NAME.key(account, name)
    if txn.get(key) is None:
        return False
    txn.delete(key)
    return True
