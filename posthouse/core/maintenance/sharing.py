"""Who is a member of what, and what is shared with whom: the indexes against the records that they are made from."""

from __future__ import annotations

from collections.abc import Iterator

from posthouse.core.accounts.records import AccountRecord, AddressRecord, GroupRecord, member_key
from posthouse.core.files.records import ROOT
from posthouse.core.maintenance.faults import REBUILD, Fault
from posthouse.core.maintenance.records import get_readable, scan_readable
from posthouse.core.sharing.grants import COLLECTIONS, FILES, AclRecord, Grantee, Kept, grant_key, write_acl
from posthouse.formats.address import Address
from posthouse.storage.contract import ReadTransaction, WriteTransaction, operation, query
from posthouse.storage.spaces import ACCOUNT, ADDRESS, COLLECTION, FILE_NODE, GROUP, MEMBER

Place = tuple[int, int]  # account, collection or node


@query
def check_sharing(txn: ReadTransaction) -> list[Fault]:
    """What does not agree."""
    return [*_check_members(txn), *_check_acls(txn, COLLECTIONS), *_check_acls(txn, FILES)]


@operation
def mend_sharing(txn: WriteTransaction) -> list[Fault]:
    """Make the indexes anew; the faults that there were. A list that cannot be read shares with nobody from now on."""
    faults = check_sharing(txn)
    members = _right_members(txn)
    txn.delete_range(*MEMBER.range())
    for key in members:
        txn.put(key, b"")
    for kept in (COLLECTIONS, FILES):
        lists: dict[Place, AclRecord] = {}
        for place, acl in list(_acls(txn, kept)):
            txn.delete(kept.lists.key(*place))
            if _is_held(txn, place, kept):
                lists[place] = AclRecord(()) if acl is None else _without_gone(txn, acl)
        txn.delete_range(*kept.names.range())
        for place, acl in lists.items():
            write_acl(txn, *place, acl, kept)
    return faults


def _check_members(txn: ReadTransaction) -> Iterator[Fault]:
    right = _right_members(txn)
    for key in sorted(right ^ _keys(txn, MEMBER.range())):
        domain, local, above_domain, above_local = MEMBER.parse(key)
        what = "is not found as a member" if key in right else "is found as a member, and is none"
        yield Fault(f"address {Address(above_local, above_domain)}", f"{Address(local, domain)} {what}", REBUILD)


def _right_members(txn: ReadTransaction) -> set[bytes]:
    found: set[bytes] = set()
    for (domain, local), record in scan_readable(txn, ADDRESS, AddressRecord):
        targets: list[str] = []
        if record is not None and record.kind == "alias":
            targets = record.targets
        elif record is not None and record.kind == "group":
            group = get_readable(txn, GROUP.key(record.number), GroupRecord)
            targets = [] if group is None else group.members
        found.update(member_key(target, domain, local) for target in targets)
    return found


def _check_acls(txn: ReadTransaction, kept: Kept) -> Iterator[Fault]:
    right: set[bytes] = set()
    called = "file" if kept is FILES else "collection"
    for place, acl in _acls(txn, kept):
        where = f"account {place[0]}, {called} {place[1]}"
        if not _is_held(txn, place, kept):
            yield Fault(where, "it is gone, and its access-control list is here", REBUILD)
        elif acl is None:
            yield Fault(where, "its access-control list cannot be read; whom it is shared with is lost", REBUILD)
        if acl is not None:
            right.update(grant_key(txn, grant.grantee, *place, kept) for grant in acl.grants)
            if _without_gone(txn, acl) != acl:
                yield Fault(where, "it is shared with somebody who is gone", REBUILD)
    for key in sorted(right ^ _keys(txn, kept.names.range())):
        whom, account, number = kept.names.parse(key)
        what = "is not found to have it shared" if key in right else "finds it, and it is not shared with it"
        yield Fault(f"account {account}, {called} {number}", f"{whom} {what}", REBUILD)


def _acls(txn: ReadTransaction, kept: Kept) -> Iterator[tuple[Place, AclRecord | None]]:
    return scan_readable(txn, kept.lists, AclRecord)


def _is_held(txn: ReadTransaction, place: Place, kept: Kept) -> bool:
    """False for a list of nothing."""
    if kept is FILES:
        return place[1] == ROOT or txn.get(FILE_NODE.key(*place)) is not None
    return txn.get(COLLECTION.key(*place)) is not None


def _without_gone(txn: ReadTransaction, acl: AclRecord) -> AclRecord:
    return AclRecord(tuple(grant for grant in acl.grants if _is_there(txn, grant.grantee)))


def _is_there(txn: ReadTransaction, grantee: Grantee) -> bool:
    """False for who is certainly gone."""
    if grantee.kind == "anyone":
        return True
    if grantee.kind == "group":
        return txn.get(GROUP.key(grantee.number)) is not None
    if txn.get(ACCOUNT.key(grantee.number)) is None:
        return False
    account = get_readable(txn, ACCOUNT.key(grantee.number), AccountRecord)
    return account is None or account.status != "deleted"


def _keys(txn: ReadTransaction, span: tuple[bytes, bytes]) -> set[bytes]:
    return {key for key, _ in txn.scan(*span)}
