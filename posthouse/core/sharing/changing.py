"""Giving rights and taking them: by names, as people write them."""

from __future__ import annotations

from typing import Literal

import msgspec

from posthouse.core.accounts.lookup import home_address
from posthouse.core.accounts.records import AccountRecord, read_account, read_group
from posthouse.core.mail.search_folders.errors import NotForSearchFolders
from posthouse.core.mail.search_folders.records import SEARCH_KIND
from posthouse.core.sharing.effective import Lists
from posthouse.core.sharing.errors import NoSuchGrantee, OwnerHasAll, TooManyGrants
from posthouse.core.sharing.grants import ANYONE, AclRecord, Grantee, read_acl, write_acl
from posthouse.core.sharing.rights import Right
from posthouse.core.sharing.settings import SharingSettings
from posthouse.formats.address import parse_address
from posthouse.storage.changes import Revision
from posthouse.storage.collections import read_collection
from posthouse.storage.contract import ReadTransaction, WriteTransaction, operation, query
from posthouse.storage.topics import SHARING_TOPIC

ANYONE_NAME = "anyone"  # RFC 4314 2

Mode = Literal["set", "add", "remove"]


class Shared(msgspec.Struct, array_like=True, frozen=True):
    """Somebody's rights by name: an address, or "anyone"."""

    name: str
    rights: int


class AclShown(msgspec.Struct, array_like=True, frozen=True):
    """A collection's list; `owner` is the address of whose it is, None for a group's.

    `inherited`: it is that of a collection above it.
    """

    owner: str | None
    grants: list[Shared]
    inherited: bool


@query
def show_acl(txn: ReadTransaction, account: int, collection: int) -> AclShown:
    """Whom a collection is shared with; nobody where it is a search folder, which is its owner's alone."""
    owner = read_account(txn, account)
    acl = _present(txn, account, collection)
    shown = [(name_of(txn, grant.grantee), grant.rights) for grant in acl.grants]
    return AclShown(
        None if owner is None or owner.group else owner.address,
        sorted((Shared(name, rights) for name, rights in shown if name is not None), key=lambda shared: shared.name),
        not _is_private(txn, account, collection) and read_acl(txn, account, collection) is None,
    )


@operation
def share(
    txn: WriteTransaction, account: int, collection: int, name: str, mode: Mode, rights: int, settings: SharingSettings
) -> None:
    """Give somebody rights on a collection, more, or fewer ones; without any he is no longer named.

    A list that was inherited becomes the collection's own. Raises NoSuchGrantee, NotForSearchFolders, OwnerHasAll,
    TooManyGrants.
    """
    grantee = _grantee_on(txn, account, collection, name, settings)
    acl = _present(txn, account, collection)
    held = acl.rights_of(grantee)
    wanted = Right(rights) if mode == "set" else held | rights if mode == "add" else held & ~Right(rights)
    acl = acl.with_rights(grantee, wanted or None)
    if len(acl.grants) > settings.grants:
        raise TooManyGrants(settings.grants)
    _write(txn, account, collection, acl)


@operation
def unshare(txn: WriteTransaction, account: int, collection: int, name: str, settings: SharingSettings) -> None:
    """Take somebody off a collection's list; raises NoSuchGrantee, OwnerHasAll."""
    grantee = grantee_of(txn, account, name, settings)
    if _is_private(txn, account, collection):
        return  # nobody is on its list
    _write(txn, account, collection, _present(txn, account, collection).with_rights(grantee, None))


@operation
def inherit(txn: WriteTransaction, account: int, collection: int) -> None:
    """Let a collection have the rights of the one above it again."""
    _write(txn, account, collection, None)


@query
def check_grantee(txn: ReadTransaction, account: int, collection: int, name: str, settings: SharingSettings) -> None:
    """Raise NoSuchGrantee, NotForSearchFolders or OwnerHasAll when `share` would."""
    _grantee_on(txn, account, collection, name, settings)


def _grantee_on(txn: ReadTransaction, account: int, collection: int, name: str, settings: SharingSettings) -> Grantee:
    grantee = grantee_of(txn, account, name, settings)
    if _is_private(txn, account, collection):
        raise NotForSearchFolders("be shared")
    return grantee


def grantee_of(txn: ReadTransaction, account: int, name: str, settings: SharingSettings) -> Grantee:
    """Whom a name means where `account` shares: an address, one without a domain being of its own, or "anyone".

    What sharing does not reach is as if it were not there. Raises NoSuchGrantee, OwnerHasAll.
    """
    owner = read_account(txn, account)
    if owner is None:
        raise NoSuchGrantee(name)
    if name == ANYONE_NAME:
        return ANYONE
    found = _named(txn, name if "@" in name else f"{name}@{owner.domain}", owner, settings)
    if found is None:
        raise NoSuchGrantee(name)
    if found == Grantee("account", account):
        raise OwnerHasAll(name)
    return found


def name_of(txn: ReadTransaction, grantee: Grantee) -> str | None:
    """What a grantee is called; None for one that is gone."""
    if grantee == ANYONE:
        return ANYONE_NAME
    if grantee.kind == "group":
        group = read_group(txn, grantee.number)
        return None if group is None else group.address
    account = read_account(txn, grantee.number)
    return None if account is None or account.status == "deleted" else account.address


def keep_rights(txn: WriteTransaction, account: int, collection: int, before: AclRecord | None) -> None:
    """A collection has moved: it keeps the list that held for it, if not the same holds now (RFC 4314 4, RENAME)."""
    record = read_collection(txn, account, collection)
    if record is None or record.kind == SEARCH_KIND:
        return
    if Lists(txn, account).acl(record.name) != before:
        write_acl(txn, account, collection, before or AclRecord(()))


def _named(txn: ReadTransaction, text: str, owner: AccountRecord, settings: SharingSettings) -> Grantee | None:
    try:
        record = home_address(txn, parse_address(text))
        if record is not None and record.kind == "alias" and len(record.targets) == 1:
            record = home_address(txn, parse_address(record.targets[0]))
    except ValueError:
        return None
    if record is None or record.kind == "alias":
        return None
    held = read_group(txn, record.number) if record.kind == "group" else read_account(txn, record.number)
    if held is None or (settings.reach == "domain" and held.domain != owner.domain):
        return None
    return Grantee(record.kind, record.number)


def _present(txn: ReadTransaction, account: int, collection: int) -> AclRecord:
    record = read_collection(txn, account, collection)
    acl = None if record is None or record.kind == SEARCH_KIND else Lists(txn, account).acl(record.name)
    return acl or AclRecord(())


def _is_private(txn: ReadTransaction, account: int, collection: int) -> bool:
    """True for a search folder: no list holds for it, not even that of a mailbox above it."""
    record = read_collection(txn, account, collection)
    return record is not None and record.kind == SEARCH_KIND


def _write(txn: WriteTransaction, account: int, collection: int, acl: AclRecord | None) -> None:
    with Revision(txn, account) as revision:
        revision.touch(collection)  # who looks at it hears that something is otherwise
        write_acl(txn, account, collection, acl)
    txn.announce(SHARING_TOPIC)
