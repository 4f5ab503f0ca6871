"""Distribution groups: one address for many."""

from __future__ import annotations

import msgspec

from posthouse.core.accounts.domains import own_domain
from posthouse.core.accounts.errors import AddressExists, NoSuchGroup
from posthouse.core.accounts.lookup import home_address
from posthouse.core.accounts.records import (
    AddressRecord,
    GroupRecord,
    Posting,
    delete_address,
    next_number,
    read_group,
    scan_addresses,
    write_address,
    write_group,
)
from posthouse.core.accounts.references import forget_references, referred, without
from posthouse.formats.address import Address, parse_address
from posthouse.storage.contract import ReadTransaction, WriteTransaction, operation, query
from posthouse.storage.spaces import GROUP


class GroupShown(msgspec.Struct, array_like=True, frozen=True):
    """A group."""

    address: str
    name: str
    posting: Posting
    members: list[str]


@operation
def add_group(txn: WriteTransaction, address: str, name: str, posting: Posting, members: list[str], now: int) -> None:
    """Add a group; raises NoSuchDomain, AddressExists, NotHere for a member who is none of ours."""
    parsed = parse_address(address)
    own_domain(txn, parsed.domain)
    held = home_address(txn, parsed)
    if held is not None:
        raise AddressExists(str(parsed), held.kind)
    number = next_number(txn, "groups")
    write_group(txn, number, GroupRecord(parsed.local, parsed.domain, name, now, posting, []))
    write_address(txn, parsed.domain, AddressRecord("group", parsed.local, number))
    change_members(txn, address, members, [])


@operation
def change_group(
    txn: WriteTransaction, address: str, name: str | None, posting: Posting | None, add: list[str], remove: list[str]
) -> None:
    """Change what is not None, add and remove members; raises NoSuchGroup, NotHere."""
    change_members(txn, address, add, remove)
    number, record = find_group(txn, address)
    record.name = record.name if name is None else name
    record.posting = record.posting if posting is None else posting
    write_group(txn, number, record)


@operation
def change_members(txn: WriteTransaction, address: str, add: list[str], remove: list[str]) -> list[str]:
    """Add and remove members; who they are then. Raises NoSuchGroup, NotHere for one who is none of ours."""
    number, record = find_group(txn, address)
    for member in add:
        kept, _ = referred(txn, member)
        if kept not in record.members:
            record.members.append(kept)
    for member in remove:
        record.members = without(record.members, member)
    write_group(txn, number, record)
    return record.members


@operation
def delete_group(txn: WriteTransaction, address: str) -> None:
    """Take a group away, also out of groups and aliases that lead to it; raises NoSuchGroup."""
    number, record = find_group(txn, address)
    delete_address(txn, record.domain, record.local)
    txn.delete(GROUP.key(number))
    forget_references(txn, str(Address(record.local, record.domain)))


@query
def list_groups(txn: ReadTransaction, domain: str | None) -> list[GroupShown]:
    """All groups, or those of one domain."""
    scanned = scan_addresses(txn) if domain is None else scan_addresses(txn, domain)
    found = []
    for name, record in scanned:
        group = read_group(txn, record.number) if record.kind == "group" else None
        if group is not None:
            found.append(_shown(Address(record.local, name), group))
    return found


@query
def show_group(txn: ReadTransaction, address: str) -> GroupShown:
    """One group; raises NoSuchGroup."""
    _, record = find_group(txn, address)
    return _shown(Address(record.local, record.domain), record)


def find_group(txn: ReadTransaction, address: str) -> tuple[int, GroupRecord]:
    """(number, record); raises NoSuchGroup."""
    parsed = parse_address(address)
    held = home_address(txn, parsed)
    record = read_group(txn, held.number) if held is not None and held.kind == "group" else None
    if held is None or record is None:
        raise NoSuchGroup(str(parsed))
    return held.number, record


def _shown(address: Address, record: GroupRecord) -> GroupShown:
    return GroupShown(str(address), record.name, record.posting, record.members)
