"""Where mail to an address goes: through domain aliases, plus-addresses, aliases, groups and the catch-all."""

from __future__ import annotations

import msgspec

from posthouse.core.accounts.errors import PostingNotAllowed, RecipientDisabled, RelayDenied, UnknownRecipient
from posthouse.core.accounts.lookup import DETAIL_SEPARATOR, effective_status, home_address
from posthouse.core.accounts.records import (
    AddressRecord,
    GroupRecord,
    read_account,
    read_address,
    read_domain,
    read_group,
)
from posthouse.formats.address import Address, parse_address
from posthouse.storage.contract import ReadTransaction, query

MAX_DEPTH = 10  # groups in groups


class Resolution(msgspec.Struct, array_like=True, frozen=True):
    """The accounts that a recipient leads to, each once; `detail` is what stood behind the plus."""

    accounts: list[int]
    detail: str | None = None


@query
def resolve(txn: ReadTransaction, recipient: str, sender: str) -> Resolution:
    """Where mail from `sender` ("" for bounces) to `recipient` goes.

    A group gives the members who can have mail. Raises RelayDenied, UnknownRecipient, RecipientDisabled,
    PostingNotAllowed.
    """
    try:
        address = parse_address(recipient)
    except ValueError:
        raise UnknownRecipient(recipient) from None
    domain = read_domain(txn, address.domain)
    if domain is None:
        raise RelayDenied(recipient)
    if not domain.enabled:
        raise RecipientDisabled(recipient)
    home = domain.alias_of or domain.name
    record, detail = read_address(txn, home, address.local), None
    if record is None and DETAIL_SEPARATOR in address.local:
        local, _, detail = address.local.partition(DETAIL_SEPARATOR)
        record = read_address(txn, home, local)
    if record is None:
        detail = None
        whole = read_domain(txn, home)
        if whole is not None and whole.catch_all is not None:
            record = home_address(txn, parse_address(whole.catch_all))
    if record is None:
        raise UnknownRecipient(recipient)
    if record.kind == "group":
        _check_posting(txn, record, recipient, sender)
    accounts: dict[int, None] = {}
    disabled = _follow(txn, record, accounts, set(), MAX_DEPTH)
    if not accounts:
        raise RecipientDisabled(recipient) if disabled else UnknownRecipient(recipient)
    return Resolution(list(accounts), detail)


def _follow(
    txn: ReadTransaction, record: AddressRecord, accounts: dict[int, None], groups: set[int], depth: int
) -> bool:
    """Gather the accounts behind `record`; True when some were left out because they are disabled."""
    if record.kind == "account":
        account = read_account(txn, record.number)
        if account is None or effective_status(txn, account) not in ("enabled", "locked"):
            return True
        accounts[record.number] = None
        return False
    if record.kind == "alias":
        targets = record.targets
    else:
        group = read_group(txn, record.number)
        if group is None or record.number in groups or depth == 0:
            return False
        groups.add(record.number)
        targets = group.members
    disabled = False
    for target in targets:
        found = home_address(txn, parse_address(target))
        if found is not None:
            disabled |= _follow(txn, found, accounts, groups, depth - 1)
    return disabled


def _check_posting(txn: ReadTransaction, record: AddressRecord, recipient: str, sender: str) -> None:
    group = read_group(txn, record.number)
    if group is not None and group.posting == "members" and not _is_member(txn, group, sender):
        raise PostingNotAllowed(recipient)


def _is_member(txn: ReadTransaction, group: GroupRecord, sender: str) -> bool:
    try:
        address = parse_address(sender)
    except ValueError:
        return False
    record = home_address(txn, Address(address.local.partition(DETAIL_SEPARATOR)[0], address.domain))
    record = home_address(txn, address) or record
    if record is None:
        return False
    senders: dict[int, None] = {}
    _follow(txn, record, senders, set(), 1)
    members: dict[int, None] = {}
    groups: set[int] = set()
    for member in group.members:
        found = home_address(txn, parse_address(member))
        if found is not None:
            _follow(txn, found, members, groups, MAX_DEPTH)
    return bool(senders) and set(senders) <= set(members)
