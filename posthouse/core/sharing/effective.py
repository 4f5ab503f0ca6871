"""What an account may do with the collections of another: all that it has by itself, by its groups and as anyone."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from posthouse.core.accounts.membership import groups_of
from posthouse.core.accounts.records import AccountRecord, read_account, scan_domains
from posthouse.core.sharing.grants import (
    COLLECTIONS,
    ROOT,
    ROOT_KIND,
    AclRecord,
    Grantee,
    Kept,
    granted,
    mark,
    scan_acls,
)
from posthouse.core.sharing.rights import ALL, Right
from posthouse.core.sharing.settings import Reach
from posthouse.storage.collections import CollectionRecord, read_collection
from posthouse.storage.contract import ReadTransaction

SEPARATOR = "/"


class Visitor(msgspec.Struct, array_like=True, frozen=True):
    """The account that asks, and how far sharing reaches on this server."""

    account: int
    reach: Reach = "domain"


class Identity:
    """Whom an access-control list may mean when it means the visitor."""

    __slots__ = ("account", "groups", "reach", "record")

    def __init__(self, txn: ReadTransaction, visitor: Visitor) -> None:
        self.account = visitor.account
        self.reach = visitor.reach
        self.record = read_account(txn, visitor.account)
        self.groups = set() if self.record is None else groups_of(txn, self.record)

    def may_meet(self, owner: AccountRecord) -> bool:
        """False where sharing does not reach."""
        if self.record is None or owner.status == "deleted":
            return False
        return self.reach == "server" or owner.domain == self.record.domain

    def rights_by(self, acl: AclRecord) -> Right:
        """The union of what the list gives to the visitor."""
        rights = 0
        for grant in acl.grants:
            kind, number = grant.grantee.kind, grant.grantee.number
            if kind == "anyone" or number in (self.groups if kind == "group" else (self.account,)):
                rights |= grant.rights
        return Right(rights) & ALL

    def marks(self, txn: ReadTransaction) -> list[str]:
        """How the index of grants calls the visitor."""
        if self.record is None:
            return []
        domains = [self.record.domain]
        if self.reach == "server":
            domains = [domain.name for domain in scan_domains(txn) if domain.alias_of is None]
        marks = [mark(Grantee("account", self.account), "")]
        marks += [mark(Grantee("group", number), "") for number in sorted(self.groups)]
        return marks + [f"anyone {domain}" for domain in domains]


class Lists:
    """The access-control lists of one account by the names of their collections; most accounts have few or none."""

    __slots__ = ("_by_name", "_rights")

    def __init__(self, txn: ReadTransaction, account: int) -> None:
        self._by_name: dict[str, AclRecord] = {}
        self._rights: dict[int, Right] = {}  # of the one visitor, by list: many collections have the same
        for number, acl in scan_acls(txn, account):
            record = read_collection(txn, account, number)
            if record is not None:
                self._by_name[record.name] = acl

    def acl(self, name: str) -> AclRecord | None:
        """The list that holds for what is called so, whether it is there or not: its own, or the nearest above.

        A group's root, above all, is called "".
        """
        while (acl := self._by_name.get(name)) is None and name:
            name = name.rpartition(SEPARATOR)[0]
        return acl

    def rights(self, identity: Identity, name: str) -> Right:
        """What the visitor may do with it."""
        acl = self.acl(name)
        if acl is None:
            return Right(0)
        rights = self._rights.get(id(acl))
        if rights is None:
            rights = self._rights[id(acl)] = identity.rights_by(acl)
        return rights


def owners(
    txn: ReadTransaction, identity: Identity, kept: Sequence[Kept] = (COLLECTIONS,)
) -> list[tuple[int, AccountRecord]]:
    """The accounts that share something with the visitor."""
    marks = identity.marks(txn)
    numbers = {account for each in kept for whom in marks for account in granted(txn, whom, each)}
    numbers.discard(identity.account)
    found = [(number, read_account(txn, number)) for number in sorted(numbers)]
    return [(number, record) for number, record in found if record is not None and identity.may_meet(record)]


def is_root(number: int, record: CollectionRecord) -> bool:
    """True for the collection that a group's folders stand under."""
    return number == ROOT and record.kind == ROOT_KIND
