"""Distribution groups: one address for many."""

from __future__ import annotations

import msgspec

from posthouse.core.accounts.accounts import erase_later
from posthouse.core.accounts.change import apply
from posthouse.core.accounts.domains import own_domain
from posthouse.core.accounts.errors import AddressExists, NoOwner, NoSuchGroup
from posthouse.core.accounts.lookup import home_address
from posthouse.core.accounts.records import (
    AddressRecord,
    GroupRecord,
    Posting,
    delete_address,
    delete_group_record,
    next_number,
    read_group,
    scan_addresses,
    write_address,
    write_group,
)
from posthouse.core.accounts.references import forget_references, referred, referred_here, without
from posthouse.core.sharing.grants import Grantee, forget_grantee
from posthouse.formats.address import Address, parse_address
from posthouse.storage.contract import ReadTransaction, WriteTransaction, operation, query
from posthouse.storage.topics import SHARING_TOPIC


class GroupShown(msgspec.Struct, array_like=True, frozen=True):
    """A group."""

    address: str
    name: str
    posting: Posting
    members: list[str]
    owner: str | None
    send_as: bool


class GroupChange(msgspec.Struct, frozen=True):
    """What shall be otherwise; fields left out stay. `owner` None: nobody."""

    name: str | msgspec.UnsetType = msgspec.UNSET
    posting: Posting | msgspec.UnsetType = msgspec.UNSET
    owner: str | msgspec.UnsetType | None = msgspec.UNSET
    send_as: bool | msgspec.UnsetType = msgspec.UNSET


@operation
def add_group(txn: WriteTransaction, address: str, name: str, posting: Posting, members: list[str], now: int) -> None:
    """Add a group; raises NoSuchDomain, AddressExists, NotHere for a member of our domains that nobody has."""
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
def set_up_group(txn: WriteTransaction, address: str, change: GroupChange, members: list[str], now: int) -> None:
    """Add a group that is as `change` says; raises NoSuchDomain, AddressExists, NotHere, NoOwner."""
    add_group(txn, address, "", "anyone", members, now)
    change_group(txn, address, change, [], [])


@operation
def change_group(txn: WriteTransaction, address: str, change: GroupChange, add: list[str], remove: list[str]) -> None:
    """Change a group, add and remove members; raises NoSuchGroup, NotHere, NoOwner for one that is a group."""
    change_members(txn, address, add, remove)
    number, record = find_group(txn, address)
    if isinstance(change.owner, str):
        change = msgspec.structs.replace(change, owner=_owner(txn, change.owner))
    apply(change, record)
    write_group(txn, number, record)


@operation
def change_members(txn: WriteTransaction, address: str, add: list[str], remove: list[str]) -> list[str]:
    """Add and remove members; who they are then. Raises NoSuchGroup, and NotHere as above."""
    number, record = find_group(txn, address)
    for member in add:
        kept, _ = referred(txn, member)
        if kept not in record.members:
            record.members.append(kept)
    for member in remove:
        record.members = without(record.members, member)
    write_group(txn, number, record)
    txn.announce(SHARING_TOPIC)
    return record.members


@operation
def delete_group(txn: WriteTransaction, address: str, now: int) -> None:
    """Take a group away, also out of groups and aliases that lead to it; its folders are erased in the background.

    Raises NoSuchGroup.
    """
    number, record = find_group(txn, address)
    delete_address(txn, record.domain, record.local)
    delete_group_record(txn, number)
    forget_grantee(txn, Grantee("group", number))
    txn.announce(SHARING_TOPIC)
    if record.account:
        erase_later(txn, record.account, now)
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


def _owner(txn: ReadTransaction, address: str) -> str:
    kept, record = referred_here(txn, address)
    if record.kind == "group":
        raise NoOwner(kept)
    return kept


def _shown(address: Address, record: GroupRecord) -> GroupShown:
    return GroupShown(str(address), record.name, record.posting, record.members, record.owner, record.send_as)
