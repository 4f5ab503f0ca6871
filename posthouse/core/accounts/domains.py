"""Domains that we take mail for, and aliases of them."""

from __future__ import annotations

import msgspec

from posthouse.core.accounts.change import apply
from posthouse.core.accounts.errors import DomainExists, DomainInUse, NoSuchDomain, NotHere
from posthouse.core.accounts.quota import domain_usage
from posthouse.core.accounts.records import (
    DomainRecord,
    SmartHost,
    Usage,
    read_address,
    read_domain,
    scan_addresses,
    scan_domains,
    write_domain,
)
from posthouse.formats.address import parse_address
from posthouse.storage.contract import ReadTransaction, WriteTransaction, operation, query
from posthouse.storage.spaces import DKIM_KEY, DOMAIN, DOMAIN_USAGE
from posthouse.storage.topics import login_topic


class DomainChange(msgspec.Struct, frozen=True):
    """What shall be otherwise; fields left out stay. A quota or catch-all of None takes the limit away."""

    enabled: bool | msgspec.UnsetType = msgspec.UNSET
    catch_all: str | msgspec.UnsetType | None = msgspec.UNSET
    quota_messages: int | msgspec.UnsetType | None = msgspec.UNSET
    quota_octets: int | msgspec.UnsetType | None = msgspec.UNSET
    quota_accounts: int | msgspec.UnsetType | None = msgspec.UNSET
    account_quota_octets: int | msgspec.UnsetType | None = msgspec.UNSET
    smart_host: SmartHost | msgspec.UnsetType | None = msgspec.UNSET
    source_addresses: tuple[str, ...] | msgspec.UnsetType = msgspec.UNSET


class DomainShown(msgspec.Struct, array_like=True, frozen=True):
    """A domain, what it holds, and its aliases."""

    record: DomainRecord
    usage: Usage
    aliases: list[str]


@operation
def add_domain(txn: WriteTransaction, name: str, alias_of: str | None, now: int) -> None:
    """Take mail for a canonical domain, or for another one's people; raises DomainExists, NoSuchDomain."""
    if read_domain(txn, name) is not None:
        raise DomainExists(name)
    if alias_of is not None:
        whole = read_domain(txn, alias_of)
        if whole is None or whole.alias_of is not None:
            raise NoSuchDomain(alias_of)
    write_domain(txn, DomainRecord(name, now, alias_of))


@operation
def change_domain(txn: WriteTransaction, name: str, change: DomainChange) -> None:
    """Change settings of a domain; raises NoSuchDomain, and NotHere for a catch-all that is no address of ours."""
    record = own_domain(txn, name)
    catch_all = change.catch_all
    if isinstance(catch_all, str):
        address = parse_address(catch_all)
        domain = read_domain(txn, address.domain)
        if domain is None or read_address(txn, domain.alias_of or domain.name, address.local) is None:
            raise NotHere(catch_all)
    apply(change, record)
    write_domain(txn, record)
    if not record.enabled:
        for _, held in scan_addresses(txn, name):
            if held.kind == "account":
                txn.announce(login_topic(held.number))


@operation
def delete_domain(txn: WriteTransaction, name: str) -> None:
    """Take no more mail for it; raises NoSuchDomain, DomainInUse while addresses or aliases of it stand."""
    record = read_domain(txn, name)
    if record is None:
        raise NoSuchDomain(name)
    if record.alias_of is None:
        if next(scan_addresses(txn, name), None) is not None:
            raise DomainInUse(name, "addresses")
        if any(other.alias_of == name for other in scan_domains(txn)):
            raise DomainInUse(name, "aliases")
    txn.delete(DOMAIN.key(name))
    txn.delete(DOMAIN_USAGE.key(name))
    txn.delete_range(*DKIM_KEY.range(name))


@query
def list_domains(txn: ReadTransaction) -> list[DomainRecord]:
    """All domains and domain aliases, by name."""
    return list(scan_domains(txn))


@query
def is_served(txn: ReadTransaction, name: str) -> bool:
    """Whether mail for a domain, or domain alias, of that canonical name is taken."""
    record = read_domain(txn, name)
    return record is not None and record.enabled


@query
def show_domain(txn: ReadTransaction, name: str) -> DomainShown:
    """One domain; raises NoSuchDomain."""
    record = own_domain(txn, name)
    aliases = [other.name for other in scan_domains(txn) if other.alias_of == name]
    return DomainShown(record, domain_usage(txn, name), aliases)


def own_domain(txn: ReadTransaction, name: str) -> DomainRecord:
    """The record of a domain that is no alias; raises NoSuchDomain."""
    record = read_domain(txn, name)
    if record is None or record.alias_of is not None:
        raise NoSuchDomain(name)
    return record
