"""What an account lets others have: its mail (forwarding), and its name (delegates who send as it)."""

from __future__ import annotations

from posthouse.core.accounts.errors import LeadsToItself
from posthouse.core.accounts.lookup import find_account
from posthouse.core.accounts.records import write_account
from posthouse.core.accounts.references import referred, referred_here, without
from posthouse.storage.contract import WriteTransaction, operation


@operation
def set_forwarding(txn: WriteTransaction, address: str, to: list[str], keeps: bool) -> list[str]:
    """Pass an account's mail on to these addresses and to no others, with `keeps` a copy staying; to none: end it.

    How they are kept. Raises NoSuchAccount, NotHere, LeadsToItself for the account's own address.
    """
    number, record = find_account(txn, address)
    kept: dict[str, None] = {}
    for target in to:
        text, found = referred(txn, target)
        if found is not None and (found.kind, found.number) == ("account", number):
            raise LeadsToItself(text)
        kept[text] = None
    record.forward_to = tuple(kept)
    record.forward_keeps = keeps or not kept
    write_account(txn, number, record)
    return list(kept)


@operation
def change_delegates(txn: WriteTransaction, address: str, add: list[str], remove: list[str]) -> list[str]:
    """Let accounts, or all of a group, send as this account, and others no more; who may then.

    Raises NoSuchAccount, NotHere.
    """
    number, record = find_account(txn, address)
    delegates = list(record.delegates)
    for delegate in add:
        kept, _ = referred_here(txn, delegate)
        if kept not in delegates:
            delegates.append(kept)
    for delegate in remove:
        delegates = without(delegates, delegate)
    record.delegates = tuple(delegates)
    write_account(txn, number, record)
    return delegates
