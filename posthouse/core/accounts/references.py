"""Addresses that others lead to or name: kept as their owners write them, taken out when they go.

They stand in aliases, groups, catch-alls, forwarding and delegations.
"""

from __future__ import annotations

from collections.abc import Iterable

from posthouse.core.accounts.errors import NotHere
from posthouse.core.accounts.lookup import home_address
from posthouse.core.accounts.records import (
    AddressRecord,
    delete_address,
    read_domain,
    read_group,
    scan_accounts,
    scan_addresses,
    scan_domains,
    write_account,
    write_address,
    write_domain,
    write_group,
)
from posthouse.formats.address import Address, canonical_local, parse_address
from posthouse.storage.contract import ReadTransaction, WriteTransaction


def referred(txn: ReadTransaction, text: str) -> tuple[str, AddressRecord | None]:
    """An address as it is kept where others refer to it, and what it is: None for one of another server.

    Raises NotHere for one in a domain of ours that nobody has.
    """
    parsed = parse_address(text)
    domain = read_domain(txn, parsed.domain)
    if domain is None:
        return str(parsed), None
    record = home_address(txn, parsed)
    if record is None:
        raise NotHere(str(parsed))
    return str(Address(record.local, domain.alias_of or domain.name)), record


def referred_here(txn: ReadTransaction, text: str) -> tuple[str, AddressRecord]:
    """The same of an address of ours; raises NotHere for any other."""
    kept, record = referred(txn, text)
    if record is None:
        raise NotHere(kept)
    return kept, record


def without(addresses: Iterable[str], gone: str) -> list[str]:
    """`addresses` but for one, however it is written."""
    mark = _mark(gone)
    return [address for address in addresses if _mark(address) != mark]


def forget_references(txn: WriteTransaction, address: str) -> None:
    """Take an address that goes out of all that names it; an alias that leads nowhere goes, too."""
    for domain, record in list(scan_addresses(txn)):
        if record.kind == "alias" and len(left := without(record.targets, address)) < len(record.targets):
            record.targets = left
            if left:
                write_address(txn, domain, record)
            else:
                delete_address(txn, domain, record.local)
        elif record.kind == "group":
            _forget_in_group(txn, record.number, address)
    for held in list(scan_domains(txn)):
        if held.catch_all is not None and not without([held.catch_all], address):
            held.catch_all = None
            write_domain(txn, held)
    _forget_in_accounts(txn, address)


def _forget_in_group(txn: WriteTransaction, number: int, address: str) -> None:
    group = read_group(txn, number)
    if group is None:
        return
    members = without(group.members, address)
    is_owned = group.owner is not None and bool(without([group.owner], address))
    if len(members) < len(group.members) or is_owned != (group.owner is not None):
        group.members = members
        group.owner = group.owner if is_owned else None
        write_group(txn, number, group)


def _forget_in_accounts(txn: WriteTransaction, address: str) -> None:
    named = [(number, record) for number, record in scan_accounts(txn) if record.forward_to or record.delegates]
    for number, record in named:
        forward_to, delegates = tuple(without(record.forward_to, address)), tuple(without(record.delegates, address))
        if (forward_to, delegates) != (record.forward_to, record.delegates):
            record.forward_to, record.delegates = forward_to, delegates
            write_account(txn, number, record)


def _mark(text: str) -> tuple[str, str]:
    address = parse_address(text)
    return canonical_local(address.local), address.domain
