"""Sharing mailboxes by the names that their owner, an account or a group, has for them."""

from __future__ import annotations

import msgspec

from posthouse.core.accounts.errors import NotHere
from posthouse.core.accounts.lookup import home_address
from posthouse.core.accounts.records import read_group
from posthouse.core.mail.errors import NoSuchMailbox
from posthouse.core.mail.mailboxes import KIND, find
from posthouse.core.sharing.changing import Shared, inherit, share, show_acl, unshare
from posthouse.core.sharing.grants import ROOT, scan_acls
from posthouse.core.sharing.settings import SharingSettings
from posthouse.formats.address import parse_address
from posthouse.storage.collections import read_collection
from posthouse.storage.contract import ReadTransaction, WriteTransaction, operation, query


class Folder(msgspec.Struct, array_like=True, frozen=True):
    """An account and a collection of it; both 0 for a group that has no folders yet."""

    account: int
    collection: int


@query
def find_folder(txn: ReadTransaction, owner: str, name: str | None) -> Folder:
    """The mailbox of that name, or the root of a group's for None; raises NotHere, NoSuchMailbox."""
    parsed = parse_address(owner)
    held = home_address(txn, parsed)
    if held is not None and held.kind == "account":
        if name is None:
            raise NoSuchMailbox("")
        return Folder(held.number, find(txn, held.number, name)[0])
    group = read_group(txn, held.number) if held is not None and held.kind == "group" else None
    if group is None:
        raise NotHere(owner)
    if name is None:
        return Folder(group.account, ROOT if group.account else 0)
    if not group.account:
        raise NoSuchMailbox(name)
    return Folder(group.account, find(txn, group.account, name)[0])


@query
def list_lists(txn: ReadTransaction, owner: str) -> list[tuple[str, list[Shared]]]:
    """(name, whom with what rights) of the mailboxes that have a list of their own, a group's root as "".

    Raises NotHere.
    """
    account = _account(txn, owner)
    found = []
    for collection, _ in scan_acls(txn, account):
        record = read_collection(txn, account, collection)
        if record is not None and (record.kind == KIND or not record.name):
            found.append((record.name, show_acl(txn, account, collection).grants))
    return sorted(found, key=lambda one: one[0])


@operation
def share_folder(
    txn: WriteTransaction, owner: str, name: str | None, whom: str, rights: int, settings: SharingSettings
) -> None:
    """Give somebody those rights and no others; raises as `find_folder` and `share`."""
    folder = find_folder(txn, owner, name)
    share(txn, folder.account, folder.collection, whom, "set", rights, settings)


@operation
def unshare_folder(
    txn: WriteTransaction, owner: str, name: str | None, whom: str | None, settings: SharingSettings
) -> None:
    """Take somebody off the list, or for None the list away; raises as `find_folder` and `unshare`."""
    folder = find_folder(txn, owner, name)
    if not folder.account:
        raise NoSuchMailbox(owner)
    if whom is None:
        inherit(txn, folder.account, folder.collection)
    else:
        unshare(txn, folder.account, folder.collection, whom, settings)


def _account(txn: ReadTransaction, owner: str) -> int:
    held = home_address(txn, parse_address(owner))
    if held is not None and held.kind == "account":
        return held.number
    group = read_group(txn, held.number) if held is not None and held.kind == "group" else None
    if group is None:
        raise NotHere(owner)
    return group.account
