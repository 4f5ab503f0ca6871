"""Delivery of one letter to all its local recipients in one transaction: accepted means it is in every mailbox.

A recipient's quota counts where one account stands behind the address, for then the sender can be told. A group's mail
goes to all its members: one full mailbox must not keep it from the others, and nobody could be told of the one.
"""

from __future__ import annotations

from collections import Counter

import msgspec

from posthouse.core.accounts.errors import OverQuota
from posthouse.core.accounts.quota import charge
from posthouse.core.mail.mailboxes import INBOX_ID
from posthouse.core.mail.places import place_letter
from posthouse.core.mail.records import Letter
from posthouse.storage.blobs.records import keep
from posthouse.storage.changes import Revision
from posthouse.storage.contract import Refused, WriteTransaction, operation


class MailboxGone(Refused):
    """The account was deleted after its address had been resolved. args: the recipient."""


class Target(msgspec.Struct, array_like=True, frozen=True):
    """One account that a recipient's address led to; `recipient` is the address as it was given."""

    recipient: str
    account: int


class Receipt(msgspec.Struct, array_like=True, frozen=True):
    """What became of one target; `reason` is None when it was delivered, else "over quota" or "no mailbox"."""

    recipient: str
    account: int
    reason: str | None


@operation
def deliver(txn: WriteTransaction, letter: Letter, targets: list[Target], now: int) -> list[Receipt]:
    """Put `letter` into the inbox of each account, once however many of its addresses were named.

    A full mailbox gets nothing while the others get theirs. One receipt a target, in their order.
    """
    alone = _alone(targets)
    outcomes: dict[int, str | None] = {}
    for target in targets:
        if target.account not in outcomes:
            enforce = target.account in alone
            outcomes[target.account] = _deliver_to(txn, letter, target.account, now, enforce=enforce)
    placed = sum(1 for reason in outcomes.values() if reason is None)
    if placed:
        keep(txn, letter.blob, placed)
    return [Receipt(target.recipient, target.account, outcomes[target.account]) for target in targets]


@operation
def deliver_to_all(txn: WriteTransaction, letter: Letter, targets: list[Target], now: int) -> int:
    """The same, to all recipients or to none; how many mailboxes have it now. Raises OverQuota, MailboxGone."""
    receipts = deliver(txn, letter, targets, now)
    delivered = {receipt.recipient for receipt in receipts if receipt.reason is None}
    for receipt in receipts:
        if receipt.recipient not in delivered:
            raise (OverQuota if receipt.reason == "over quota" else MailboxGone)(receipt.recipient)
    return len({receipt.account for receipt in receipts if receipt.reason is None})


def _alone(targets: list[Target]) -> set[int]:
    """The accounts that one of the recipients leads to and to no other."""
    if len(targets) == 1:
        return {targets[0].account}  # as of most letters
    accounts = Counter(recipient for recipient, _ in {(target.recipient, target.account) for target in targets})
    return {target.account for target in targets if accounts[target.recipient] == 1}


def _deliver_to(txn: WriteTransaction, letter: Letter, account: int, now: int, *, enforce: bool) -> str | None:
    with Revision(txn, account) as revision:
        try:
            revision.collection(INBOX_ID)
        except LookupError:
            return "no mailbox"
        try:
            charge(txn, account, 1, letter.size, enforce=enforce)
        except OverQuota:
            return "over quota"
        place_letter(revision, INBOX_ID, letter, 0, (), now, now)
    return None
