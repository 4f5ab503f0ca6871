"""Accounts: added with their mailboxes, changed, listed, and deleted in the background."""

from __future__ import annotations

import msgspec

from posthouse.core.accounts.change import apply
from posthouse.core.accounts.domains import own_domain
from posthouse.core.accounts.errors import AddressExists, TooManyAccounts
from posthouse.core.accounts.lookup import effective_status, find_account, home_address
from posthouse.core.accounts.quota import usage
from posthouse.core.accounts.records import (
    AccountRecord,
    AddressRecord,
    Status,
    Usage,
    delete_address,
    next_number,
    read_account,
    read_domain,
    scan_accounts,
    scan_addresses,
    write_account,
    write_address,
    write_domain,
)
from posthouse.core.accounts.references import forget_references
from posthouse.core.authentication.credentials import PasswordKeys, set_password
from posthouse.core.mail.mailboxes import create_default_mailboxes
from posthouse.core.sharing.grants import Grantee, forget_acls, forget_grantee
from posthouse.formats.address import parse_address
from posthouse.storage.contract import ReadTransaction, WriteTransaction, operation, query
from posthouse.storage.jobs import add_job
from posthouse.storage.spaces import ACCOUNT, CREDENTIALS, SENT, USAGE
from posthouse.storage.topics import login_topic

ERASE_ACCOUNT = "erase account"  # the job that follows a deletion; its body is the account's number


class NewAccount(msgspec.Struct, array_like=True, frozen=True):
    """An account to add; `keys` None: nobody can log in with a password yet.

    `quota_octets` None: its domain's default, or no limit at all when `unlimited`.
    """

    address: str
    name: str
    keys: PasswordKeys | None
    quota_octets: int | None
    unlimited: bool = False


class AccountChange(msgspec.Struct, frozen=True):
    """What shall be otherwise; fields left out stay."""

    name: str | msgspec.UnsetType = msgspec.UNSET
    status: Status | msgspec.UnsetType = msgspec.UNSET
    quota_messages: int | msgspec.UnsetType | None = msgspec.UNSET
    quota_octets: int | msgspec.UnsetType | None = msgspec.UNSET
    daily_recipients: int | msgspec.UnsetType | None = msgspec.UNSET


class AccountShown(msgspec.Struct, array_like=True, frozen=True):
    """An account and what it holds."""

    number: int
    address: str
    name: str
    status: str
    created: int
    usage: Usage
    quota_messages: int | None
    quota_octets: int | None
    daily_recipients: int | None
    forward_to: tuple[str, ...]
    forward_keeps: bool
    delegates: tuple[str, ...]


@operation
def add_account(txn: WriteTransaction, new: NewAccount, now: int) -> int:
    """Add an account with its mailboxes; its number. Raises NoSuchDomain, AddressExists, TooManyAccounts."""
    return _add(txn, new, now)


@operation
def add_accounts(txn: WriteTransaction, new: list[NewAccount], now: int) -> list[int]:
    """Add many, all or none."""
    return [_add(txn, one, now) for one in new]


@operation
def change_account(txn: WriteTransaction, address: str, change: AccountChange) -> None:
    """Change an account; raises NoSuchAccount."""
    number, record = find_account(txn, address)
    apply(change, record)
    write_account(txn, number, record)
    if record.status != "enabled":
        txn.announce(login_topic(number))


@operation
def set_account_password(txn: WriteTransaction, address: str, keys: PasswordKeys) -> None:
    """Set the password; raises NoSuchAccount."""
    number, _ = find_account(txn, address)
    set_password(txn, number, keys)


@operation
def delete_account(txn: WriteTransaction, address: str, now: int) -> None:
    """Take the account's addresses away at once and erase what it holds in the background; raises NoSuchAccount."""
    number, record = find_account(txn, address)
    delete_address(txn, record.domain, record.local)
    forget_references(txn, record.address)
    txn.delete(CREDENTIALS.key(number))
    txn.announce(login_topic(number))
    forget_grantee(txn, Grantee("account", number))
    _count(txn, record.domain, -1)
    erase_later(txn, number, now)


def erase_later(txn: WriteTransaction, account: int, now: int) -> None:
    """Let all that an account holds, and then the account, be erased in the background."""
    record = read_account(txn, account)
    if record is not None:
        forget_acls(txn, account)
        record.status = "deleted"
        write_account(txn, account, record)
        add_job(txn, ERASE_ACCOUNT, b"%d" % account, now, f"erase account {account}")


@operation
def forget_account(txn: WriteTransaction, account: int) -> None:
    """The last step of a deletion, when nothing is left of it."""
    txn.delete(ACCOUNT.key(account))
    txn.delete(USAGE.key(account))
    txn.delete_range(*SENT.range(account))


@query
def list_accounts(txn: ReadTransaction, domain: str | None, after: int, limit: int) -> list[AccountShown]:
    """Up to `limit` accounts with numbers above `after`, of one domain or all."""
    found: list[AccountShown] = []
    for number, record in scan_accounts(txn, after):
        if record.status != "deleted" and not record.group and domain in (None, record.domain):
            found.append(_shown(txn, number, record))
            if len(found) >= limit:
                break
    return found


@query
def show_account(txn: ReadTransaction, address: str) -> AccountShown:
    """One account; raises NoSuchAccount."""
    return _shown(txn, *find_account(txn, address))


@query
def account_addresses(txn: ReadTransaction, account: int) -> list[str]:
    """The main address and the aliases that lead to the account."""
    record = read_account(txn, account)
    if record is None:
        return []
    aliases = [
        f"{other.local}@{domain}"
        for domain, other in scan_addresses(txn)
        if other.kind == "alias" and record.address in other.targets
    ]
    return [record.address, *aliases]


def _add(txn: WriteTransaction, new: NewAccount, now: int) -> int:
    address = parse_address(new.address)
    domain = own_domain(txn, address.domain)
    held = home_address(txn, address)
    if held is not None:
        raise AddressExists(str(address), held.kind)
    if domain.quota_accounts is not None and domain.accounts >= domain.quota_accounts:
        raise TooManyAccounts(domain.name, domain.quota_accounts)
    number = next_number(txn, "accounts")
    quota = new.quota_octets
    if quota is None and not new.unlimited:
        quota = domain.account_quota_octets
    record = AccountRecord(address.local, address.domain, new.name, now, quota_octets=quota)
    write_account(txn, number, record)
    write_address(txn, address.domain, AddressRecord("account", address.local, number))
    _count(txn, address.domain, 1)
    if new.keys is not None:
        set_password(txn, number, new.keys)
    create_default_mailboxes(txn, number, now)
    return number


def _count(txn: WriteTransaction, name: str, by: int) -> None:
    domain = read_domain(txn, name)
    if domain is not None:
        domain.accounts += by
        write_domain(txn, domain)


def _shown(txn: ReadTransaction, number: int, record: AccountRecord) -> AccountShown:
    return AccountShown(
        number,
        record.address,
        record.name,
        effective_status(txn, record),
        record.created,
        usage(txn, number),
        record.quota_messages,
        record.quota_octets,
        record.daily_recipients,
        record.forward_to,
        record.forward_keeps,
        record.delegates,
    )
