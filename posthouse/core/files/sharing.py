"""Who may do what with files and folders: lists read, given, changed and taken away."""

from __future__ import annotations

from itertools import islice

import msgspec

from posthouse.core.accounts.errors import NotHere
from posthouse.core.accounts.lookup import home_address
from posthouse.core.accounts.records import read_account, read_group
from posthouse.core.files.access import access_of
from posthouse.core.files.conditions import Conditions
from posthouse.core.files.covering import Locks
from posthouse.core.files.errors import NoSuchFile, TooManyLists
from posthouse.core.files.filing import Filing
from posthouse.core.files.records import ROOT
from posthouse.core.files.settings import FileLimits
from posthouse.core.files.tree import above, locate, resolve
from posthouse.core.sharing.changing import Mode, Shared, grantee_of, name_of
from posthouse.core.sharing.errors import OwnerHasAll, TooManyGrants
from posthouse.core.sharing.grants import FILES, AclRecord, read_acl, scan_acls, write_acl
from posthouse.core.sharing.grants import ROOT as GROUP_ROOT
from posthouse.core.sharing.rights import Right
from posthouse.core.sharing.settings import SharingSettings
from posthouse.formats.address import parse_address
from posthouse.storage.contract import ReadTransaction, WriteTransaction, operation, query
from posthouse.storage.spaces import FILE_ACL


class FileList(msgspec.Struct, array_like=True, frozen=True):
    """The list that a node has of its own: whom by name, with what rights."""

    node: int
    grants: list[Shared]


@query
def file_lists(txn: ReadTransaction, account: int) -> list[FileList]:
    """All lists that an account's files have of their own."""
    return [FileList(node, _named(txn, acl)) for node, acl in scan_acls(txn, account, FILES)]


class Spot(msgspec.Struct, array_like=True, frozen=True):
    """A file of an account; both 0 for a group that has no files yet."""

    account: int
    node: int


@query
def find_file(txn: ReadTransaction, owner: str, path: list[str]) -> Spot:
    """What is at a path among an account's or a group's files, [] for all of them; raises NotHere, NoSuchFile."""
    held = home_address(txn, parse_address(owner))
    group = read_group(txn, held.number) if held is not None and held.kind == "group" else None
    if held is None or held.kind == "alias":
        raise NotHere(owner)
    account = held.number if group is None else group.account
    if not account and not path:
        return Spot(0, 0)
    entry = resolve(txn, account, path).entry
    if entry is None:
        raise NoSuchFile("/".join(path))
    return Spot(account, entry.node)


@query
def list_on(txn: ReadTransaction, account: int, node: int) -> FileList:
    """The list that holds for a node: its own or the nearest above it, or an empty one of node 0.

    Raises NoSuchFile.
    """
    held, acl = _nearest(txn, account, above(txn, account, node))
    return FileList(held, _named(txn, acl))


@operation
def share_file(
    txn: WriteTransaction,
    account: int,
    node: int,
    name: str,
    mode: Mode,
    rights: int,
    conditions: Conditions,
    settings: SharingSettings,
    limits: FileLimits,
    now: int,
) -> None:
    """Give somebody rights on a node, more, or fewer ones; a list that was inherited becomes the node's own.

    Raises NoSuchFile, NotPermitted, Locked, NoSuchGrantee, OwnerHasAll, TooManyGrants, TooManyLists.
    """
    nodes = above(txn, account, node)
    _, acl = _nearest(txn, account, nodes)
    grantee = grantee_of(txn, account, name, settings)
    held = acl.rights_of(grantee)
    wanted = Right(rights) if mode == "set" else held | rights if mode == "add" else held & ~Right(rights)
    _write(txn, account, nodes, acl.with_rights(grantee, wanted or None), conditions, settings, limits, now)


@operation
def set_file_list(
    txn: WriteTransaction,
    account: int,
    node: int,
    grants: list[Shared] | None,
    conditions: Conditions,
    settings: SharingSettings,
    limits: FileLimits,
    now: int,
) -> None:
    """Give a node this very list, or for None none of its own. What the owner is given he has already.

    Raises NoSuchFile, NotPermitted, ConditionFailed, Locked, NoSuchGrantee, TooManyGrants, TooManyLists.
    """
    acl = None if grants is None else AclRecord(())
    for grant in grants or ():
        try:
            grantee = grantee_of(txn, account, grant.name, settings)
        except OwnerHasAll:
            continue
        if acl is not None and grant.rights:
            acl = acl.with_rights(grantee, acl.rights_of(grantee) | grant.rights)
    _write(txn, account, above(txn, account, node), acl, conditions, settings, limits, now)


def _write(
    txn: WriteTransaction,
    account: int,
    nodes: list[int],
    acl: AclRecord | None,
    conditions: Conditions,
    settings: SharingSettings,
    limits: FileLimits,
    now: int,
) -> None:
    node = nodes[0]
    found = locate(txn, account, node)
    access_of(txn, account, conditions).need(nodes, Right.ADMINISTER)
    conditions.check(found.place.name, found.entry)
    Locks(txn, account, now).guard(nodes, conditions)
    if acl is not None:
        if len(acl.grants) > settings.grants:
            raise TooManyGrants(settings.grants)
        is_new = read_acl(txn, account, node, FILES) is None
        if is_new and sum(1 for _ in islice(txn.scan(*FILE_ACL.range(account)), limits.lists)) >= limits.lists:
            raise TooManyLists(limits.lists)
    with Filing(txn, account, now) as filing:  # who looks at it hears that something is otherwise
        filing.touch(filing.number)
        filing.mark(found.entry)
    write_acl(txn, account, node, acl, FILES)


def _nearest(txn: ReadTransaction, account: int, nodes: list[int]) -> tuple[int, AclRecord]:
    for node in nodes:
        acl = read_acl(txn, account, node, FILES)
        if acl is not None:
            return node, acl
    acl = _of_group(txn, account)
    return (0, AclRecord(())) if acl is None else (ROOT, acl)


def _of_group(txn: ReadTransaction, account: int) -> AclRecord | None:
    """What holds for all that a group has."""
    owner = read_account(txn, account)
    return read_acl(txn, account, GROUP_ROOT) if owner is not None and owner.group else None


def _named(txn: ReadTransaction, acl: AclRecord) -> list[Shared]:
    named = [(name_of(txn, grant.grantee), grant.rights) for grant in acl.grants]
    return sorted((Shared(name, rights) for name, rights in named if name is not None), key=lambda each: each.name)
