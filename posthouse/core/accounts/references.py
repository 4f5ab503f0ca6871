"""Addresses that stand in aliases, groups and catch-alls: kept as their owners write them, taken out when they go."""

from __future__ import annotations

from posthouse.core.accounts.errors import NotHere
from posthouse.core.accounts.lookup import home_address
from posthouse.core.accounts.records import (
    AddressRecord,
    delete_address,
    read_domain,
    read_group,
    scan_addresses,
    scan_domains,
    write_address,
    write_domain,
    write_group,
)
from posthouse.formats.address import Address, canonical_local, parse_address
from posthouse.storage.contract import ReadTransaction, WriteTransaction


def referred(txn: ReadTransaction, text: str) -> tuple[str, AddressRecord]:
    """An address of ours as it is kept where others refer to it, and what it is; raises NotHere."""
    parsed = parse_address(text)
    record = home_address(txn, parsed)
    domain = read_domain(txn, parsed.domain)
    if record is None or domain is None:
        raise NotHere(str(parsed))
    return str(Address(record.local, domain.alias_of or domain.name)), record


def without(addresses: list[str], gone: str) -> list[str]:
    """`addresses` but for one, however it is written."""
    mark = _mark(gone)
    return [address for address in addresses if _mark(address) != mark]


def forget_references(txn: WriteTransaction, address: str) -> None:
    """Take an address that goes out of all aliases, groups and catch-alls; an alias that leads nowhere goes, too."""
    for domain, record in list(scan_addresses(txn)):
        if record.kind == "alias" and len(left := without(record.targets, address)) < len(record.targets):
            record.targets = left
            if left:
                write_address(txn, domain, record)
            else:
                delete_address(txn, domain, record.local)
        elif record.kind == "group":
            group = read_group(txn, record.number)
            if group is not None and len(left := without(group.members, address)) < len(group.members):
                group.members = left
                write_group(txn, record.number, group)
    for held in list(scan_domains(txn)):
        if held.catch_all is not None and not without([held.catch_all], address):
            held.catch_all = None
            write_domain(txn, held)


def _mark(text: str) -> tuple[str, str]:
    address = parse_address(text)
    return canonical_local(address.local), address.domain
