"""Delivery of one letter to all its local recipients in one transaction: accepted means it is in every mailbox."""

from __future__ import annotations

import msgspec

from posthouse.core.accounts.errors import OverQuota
from posthouse.core.accounts.quota import charge
from posthouse.core.mail.mailboxes import INBOX_ID
from posthouse.core.mail.places import place_letter
from posthouse.core.mail.records import Letter
from posthouse.storage.blobs.records import keep
from posthouse.storage.changes import Revision
from posthouse.storage.collections import read_collection
from posthouse.storage.contract import WriteTransaction, operation


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
    outcomes: dict[int, str | None] = {}
    for target in targets:
        if target.account not in outcomes:
            outcomes[target.account] = _deliver_to(txn, letter, target.account, now)
    placed = sum(1 for reason in outcomes.values() if reason is None)
    if placed:
        keep(txn, letter.blob, placed)
    return [Receipt(target.recipient, target.account, outcomes[target.account]) for target in targets]


def _deliver_to(txn: WriteTransaction, letter: Letter, account: int, now: int) -> str | None:
    if read_collection(txn, account, INBOX_ID) is None:
        return "no mailbox"
    try:
        charge(txn, account, 1, letter.size)
    except OverQuota:
        return "over quota"
    with Revision(txn, account) as revision:
        place_letter(revision, INBOX_ID, letter, 0, (), now, now)
    return None
