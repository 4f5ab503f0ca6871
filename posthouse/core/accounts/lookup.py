"""From an address or a login name to the account, and who may send as whom."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from posthouse.core.accounts.errors import NoSuchAccount
from posthouse.core.accounts.records import (
    AccountRecord,
    AddressRecord,
    read_account,
    read_address,
    read_domain,
    read_group,
    scan_domains,
)
from posthouse.formats.address import Address, canonical_local, parse_address
from posthouse.storage.contract import ReadTransaction, query

DETAIL_SEPARATOR = "+"


class AccountFound(msgspec.Struct, array_like=True, frozen=True):
    """An account that an address leads to; `status` is "disabled" also when its domain is."""

    account: int
    address: str
    status: str


@query
def find_login(txn: ReadTransaction, name: str) -> AccountFound | None:
    """Whom a login name means: an address of one account, or its local part when there is one domain only."""
    address = _login_address(txn, name)
    if address is None:
        return None
    record = home_address(txn, address)
    if record is not None and record.kind == "alias" and len(record.targets) == 1:
        record = home_address(txn, parse_address(record.targets[0]))
    if record is None or record.kind != "account":
        return None
    account = read_account(txn, record.number)
    if account is None or account.status == "deleted":
        return None
    return AccountFound(record.number, account.address, effective_status(txn, account))


@query
def login_place(txn: ReadTransaction, name: str) -> str:
    """What all ways of writing a login name have in common, whether there is somebody or not."""
    address = _login_address(txn, name)
    if address is None:
        return name
    domain = read_domain(txn, address.domain)
    home = address.domain if domain is None else domain.alias_of or domain.name
    return f"{canonical_local(address.local)}@{home}"


@query
def may_send_as(txn: ReadTransaction, account: int, sender: str) -> bool:
    """True when `sender` is an address of the account, of one that it is a delegate of, or its group's with send-as.

    An account's addresses are its own and the aliases that lead to it, with or without a detail.
    """
    try:
        address = parse_address(sender)
    except ValueError:
        return False
    record = home_address(txn, address)
    if record is None and DETAIL_SEPARATOR in address.local:
        record = home_address(txn, Address(address.local.partition(DETAIL_SEPARATOR)[0], address.domain))
    if record is None:
        return False
    if record.kind == "group":
        group = read_group(txn, record.number)
        return group is not None and group.send_as and account in people_behind(txn, group.members)[0]
    owners = [record]
    if record.kind == "alias":
        targets = [home_address(txn, parse_address(target)) for target in record.targets]
        owners = [target for target in targets if target is not None and target.kind == "account"]
    if any(owner.number == account for owner in owners):
        return True
    held = [read_account(txn, owner.number) for owner in owners]
    delegates = [delegate for owner in held if owner is not None for delegate in owner.delegates]
    return account in people_behind(txn, delegates)[0]


def people_behind(txn: ReadTransaction, addresses: Iterable[str]) -> tuple[set[int], set[str]]:
    """The accounts behind addresses, and the (canonical) addresses of other servers; forwarding is not followed."""
    accounts: set[int] = set()
    elsewhere: set[str] = set()
    seen: set[str] = set()
    waiting = list(addresses)
    while waiting:
        text = waiting.pop()
        if text in seen:
            continue
        seen.add(text)
        address = parse_address(text)
        if read_domain(txn, address.domain) is None:
            elsewhere.add(f"{canonical_local(address.local)}@{address.domain}")
            continue
        record = home_address(txn, address)
        if record is None:
            continue
        if record.kind == "account":
            accounts.add(record.number)
        elif record.kind == "alias":
            waiting += record.targets
        elif (group := read_group(txn, record.number)) is not None:
            waiting += group.members
    return accounts, elsewhere


@query
def taken_addresses(txn: ReadTransaction, addresses: list[str]) -> list[str]:
    """Which of these lead anywhere already."""
    return [address for address in addresses if home_address(txn, parse_address(address)) is not None]


@query
def addresses_of(txn: ReadTransaction, accounts: list[int]) -> list[str]:
    """The address of each account; "" for one that is gone."""
    held = [read_account(txn, number) for number in accounts]
    return ["" if account is None or account.status == "deleted" else account.address for account in held]


def find_account(txn: ReadTransaction, address: str) -> tuple[int, AccountRecord]:
    """(account, record) of a main address; raises NoSuchAccount."""
    parsed = parse_address(address)
    record = home_address(txn, parsed)
    account = read_account(txn, record.number) if record is not None and record.kind == "account" else None
    if record is None or account is None:
        raise NoSuchAccount(str(parsed))
    return record.number, account


def home_address(txn: ReadTransaction, address: Address) -> AddressRecord | None:
    """What an address leads to, its domain perhaps an alias."""
    domain = read_domain(txn, address.domain)
    if domain is None:
        return None
    return read_address(txn, domain.alias_of or domain.name, address.local)


def effective_status(txn: ReadTransaction, account: AccountRecord) -> str:
    """The account's status, "disabled" when its domain is."""
    domain = read_domain(txn, account.domain)
    if domain is None or not domain.enabled:
        return "disabled"
    return account.status


def _login_address(txn: ReadTransaction, name: str) -> Address | None:
    try:
        return parse_address(name) if "@" in name else _only_domain(txn, name)
    except ValueError:
        return None


def _only_domain(txn: ReadTransaction, local: str) -> Address | None:
    domains = [domain for domain in scan_domains(txn) if domain.alias_of is None]
    return Address(local, domains[0].name) if len(domains) == 1 else None
