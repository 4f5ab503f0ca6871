"""Aliases: further addresses that lead to accounts and groups of ours, and to people elsewhere."""

from __future__ import annotations

import msgspec

from posthouse.core.accounts.domains import own_domain
from posthouse.core.accounts.errors import AddressExists, NoSuchAlias, NotHere
from posthouse.core.accounts.lookup import home_address
from posthouse.core.accounts.records import AddressRecord, delete_address, scan_addresses, write_address
from posthouse.core.accounts.references import forget_references, referred
from posthouse.formats.address import Address, parse_address
from posthouse.storage.contract import ReadTransaction, WriteTransaction, operation, query


class AliasShown(msgspec.Struct, array_like=True, frozen=True):
    """An alias and where it leads."""

    address: str
    targets: list[str]


@operation
def add_alias(txn: WriteTransaction, address: str, targets: list[str]) -> None:
    """Let an address lead to others, to more when it does so already.

    Raises NoSuchDomain, AddressExists for an account's or a group's address, NotHere for a target in a domain of ours
    that nobody has, and for another alias.
    """
    alias = parse_address(address)
    own_domain(txn, alias.domain)
    held = home_address(txn, alias)
    if held is not None and held.kind != "alias":
        raise AddressExists(str(alias), held.kind)
    record = held or AddressRecord("alias", alias.local, targets=[])
    for target in targets:
        kept, found = referred(txn, target)
        if found is not None and found.kind == "alias":
            raise NotHere(kept)
        if kept not in record.targets:
            record.targets.append(kept)
    write_address(txn, alias.domain, record)


@operation
def delete_alias(txn: WriteTransaction, address: str) -> None:
    """Take an alias away; raises NoSuchAlias."""
    alias = parse_address(address)
    held = home_address(txn, alias)
    if held is None or held.kind != "alias":
        raise NoSuchAlias(str(alias))
    delete_address(txn, alias.domain, alias.local)
    forget_references(txn, str(alias))


@query
def list_aliases(txn: ReadTransaction, domain: str | None) -> list[AliasShown]:
    """All aliases, or those of one domain."""
    scanned = scan_addresses(txn) if domain is None else scan_addresses(txn, domain)
    return [
        AliasShown(str(Address(record.local, name)), record.targets)
        for name, record in scanned
        if record.kind == "alias"
    ]
