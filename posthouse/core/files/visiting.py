"""What others see of an account's files: whose there are, what is at a path, what is in a folder."""

from __future__ import annotations

import hashlib
from typing import Literal

import msgspec

from posthouse.core.accounts.lookup import home_address
from posthouse.core.accounts.records import read_account, read_group
from posthouse.core.files.access import Access
from posthouse.core.files.errors import NoSuchFile
from posthouse.core.files.names import canonical
from posthouse.core.files.records import ROOT, Entry
from posthouse.core.files.tree import Resolved, above, list_folder, locate, read_entry, resolve
from posthouse.core.sharing.effective import Identity, Visitor, owners
from posthouse.core.sharing.grants import COLLECTIONS, FILES
from posthouse.core.sharing.rights import Right
from posthouse.formats.address import parse_address
from posthouse.storage.contract import ReadTransaction, query


class Owner(msgspec.Struct, array_like=True, frozen=True):
    """Whose files there are: the account that they are kept in, the address of the account or group."""

    account: int
    address: str
    kind: Literal["account", "group"]


class Visited(msgspec.Struct, array_like=True, frozen=True):
    """What is at a path, as far as the visitor may know, and what he may do with it."""

    resolved: Resolved
    rights: int


class Glimpse(msgspec.Struct, array_like=True, frozen=True):
    """Some of a folder's members, each with the visitor's rights; `after` begins the next, None at the end."""

    members: list[tuple[str, Entry, int]]
    after: str | None


@query
def find_owner(txn: ReadTransaction, visitor: Visitor, address: str) -> Owner | None:
    """Whose files are called so; None when there are none, or none that the visitor may know of."""
    try:
        held = home_address(txn, parse_address(address))
    except ValueError:
        return None
    group = read_group(txn, held.number) if held is not None and held.kind == "group" else None
    if held is None or held.kind == "alias" or (group is not None and not group.account):
        return None
    number = held.number if group is None else group.account
    owner = read_account(txn, number)
    if owner is None or not Access(txn, number, visitor).sees_any:
        return None
    return Owner(number, owner.address, "account" if group is None else "group")


@query
def list_owners(txn: ReadTransaction, visitor: Visitor) -> list[Owner]:
    """All who share files with the visitor, by address; groups that he is in are there by themselves."""
    found = []
    for number, owner in owners(txn, Identity(txn, visitor), (FILES, COLLECTIONS)):
        if Access(txn, number, visitor).sees_any:
            found.append(Owner(number, owner.address, "group" if owner.group else "account"))
    return sorted(found, key=lambda each: each.address)


@query
def visit(txn: ReadTransaction, account: int, path: list[str], visitor: Visitor) -> Visited:
    """What is at a path of another's files; what one may not know of is not there."""
    access = Access(txn, account, visitor)
    resolved = resolve(txn, account, path)
    folder = resolved.parent
    if folder and not access.sees(above(txn, account, folder)):
        folder = 0
    entry = resolved.entry
    nodes = [] if entry is None else above(txn, account, entry.node)
    if entry is None or not access.sees(nodes):
        return Visited(Resolved(folder, canonical(path[-1]) if path else "", None), 0)
    return Visited(Resolved(folder, resolved.name, entry), int(access.rights(nodes, entry)))


@query
def glimpse(txn: ReadTransaction, account: int, folder: int, after: str, limit: int, visitor: Visitor) -> Glimpse:
    """What the visitor may know of among up to `limit` members of a folder behind the name `after` ("" to begin).

    Nothing of a folder that is gone.
    """
    access = Access(txn, account, visitor)
    try:
        nodes = above(txn, account, folder)
    except NoSuchFile:
        return Glimpse([], None)
    if not access.rights(nodes) & Right.READ:
        return Glimpse(_shown(access, nodes, _on_the_way(txn, account, folder, access)), None)
    page = list_folder(txn, account, folder, after, limit)
    return Glimpse(_shown(access, nodes, page), page[-1][0] if len(page) == limit else None)


@query
def seen_among(
    txn: ReadTransaction, account: int, folder: int, members: list[tuple[str, Entry]], visitor: Visitor
) -> list[tuple[str, Entry, int]]:
    """Those of a folder's members that the visitor may know of, each with what he may do with it."""
    return _shown(Access(txn, account, visitor), above(txn, account, folder), members)


@query
def view_of(txn: ReadTransaction, account: int, visitor: Visitor) -> tuple[str, bool]:
    """What names all rights that the visitor has now, and whether they hide anything in what he may see.

    When they change, so does what he sees, without any file that changes.
    """
    access = Access(txn, account, visitor)
    digest = hashlib.sha256(repr(sorted((node, int(rights)) for node, rights in access.by_list.items())).encode())
    return f"v{digest.hexdigest()[:12]}", not all(rights & Right.LOOKUP for rights in access.by_list.values())


def _shown(access: Access, folder: list[int], members: list[tuple[str, Entry]]) -> list[tuple[str, Entry, int]]:
    beneath = access.rights(folder)
    shown = []
    for name, entry in members:
        rights = access.by_list.get(entry.node, beneath)
        if rights & Right.LOOKUP or entry.node in access.way:
            shown.append((name, entry, int(rights | access.as_writer(rights, entry))))
    return shown


def _on_the_way(txn: ReadTransaction, account: int, folder: int, access: Access) -> list[tuple[str, Entry]]:
    """What leads on from a folder that cannot be read: members with rights of their own, and those above such."""
    found = {}
    for node in {*access.way, *(node for node, rights in access.by_list.items() if rights & Right.LOOKUP)} - {ROOT}:
        try:
            place = locate(txn, account, node).place
        except NoSuchFile:
            continue
        entry = read_entry(txn, account, folder, place.name) if place.parent == folder else None
        if entry is not None:
            found[place.name] = entry
    return sorted(found.items(), key=lambda each: each[0].encode())
