"""Access-control lists as they are stored: one record a collection or file, and an index of those that name somebody.

A collection without a list has that of the nearest collection above it (SPEC F3: rights are inherited); a list that is
there and empty shares with nobody. A group's folders stand under its root, a collection that holds nothing but a list.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal, NamedTuple

import msgspec

from posthouse.core.accounts.records import read_account
from posthouse.core.sharing.rights import Right
from posthouse.storage.contract import ReadTransaction, WriteTransaction
from posthouse.storage.keys import Space
from posthouse.storage.spaces import ACL, FILE_ACL, FILE_GRANT, GRANT

ROOT = 1  # the collection of a group's account that all its folders are under
ROOT_KIND = "root"


class Kept(NamedTuple):
    """Where the lists of one kind are kept, by account and number, and the index of the names in them."""

    lists: Space
    names: Space


COLLECTIONS = Kept(ACL, GRANT)
FILES = Kept(FILE_ACL, FILE_GRANT)  # by node: core/files


class Grantee(msgspec.Struct, array_like=True, frozen=True):
    """An account or a group by its number, or anyone."""

    kind: Literal["account", "group", "anyone"]
    number: int = 0


ANYONE = Grantee("anyone")


class Grant(msgspec.Struct, array_like=True, frozen=True):
    """What somebody may do, as bits of `Right`."""

    grantee: Grantee
    rights: int


class AclRecord(msgspec.Struct, array_like=True, tag=1, frozen=True):
    """Who may do what with a collection; each grantee once."""

    grants: tuple[Grant, ...]

    def with_rights(self, grantee: Grantee, rights: Right | None) -> AclRecord:
        """The list in which the grantee has those rights; without him for None."""
        left = tuple(grant for grant in self.grants if grant.grantee != grantee)
        return AclRecord(left if rights is None else (*left, Grant(grantee, int(rights))))

    def rights_of(self, grantee: Grantee) -> Right:
        """What the grantee has by his own entry."""
        return Right(next((grant.rights for grant in self.grants if grant.grantee == grantee), 0))


_ENCODER = msgspec.msgpack.Encoder()
_ACL = msgspec.msgpack.Decoder(AclRecord)


def read_acl(txn: ReadTransaction, account: int, collection: int, kept: Kept = COLLECTIONS) -> AclRecord | None:
    """A collection's own list; None where it inherits."""
    value = txn.get(kept.lists.key(account, collection))
    return None if value is None else _ACL.decode(value)


def scan_acls(txn: ReadTransaction, account: int, kept: Kept = COLLECTIONS) -> Iterator[tuple[int, AclRecord]]:
    """(collection, list) of all collections of an account that have one."""
    for key, value in txn.scan(*kept.lists.range(account)):
        yield int.from_bytes(key[-4:], "big"), _ACL.decode(value)


def write_acl(
    txn: WriteTransaction, account: int, collection: int, record: AclRecord | None, kept: Kept = COLLECTIONS
) -> None:
    """Store a collection's own list, and index whom it names; None lets it inherit."""
    held = read_acl(txn, account, collection, kept)
    for grant in () if held is None else held.grants:
        txn.delete(grant_key(txn, grant.grantee, account, collection, kept))
    if record is None:
        txn.delete(kept.lists.key(account, collection))
        return
    for grant in record.grants:
        txn.put(grant_key(txn, grant.grantee, account, collection, kept), b"")
    txn.put(kept.lists.key(account, collection), _ENCODER.encode(record))


def forget_acls(txn: WriteTransaction, account: int) -> None:
    """An account goes, and with it what it shared."""
    for kept in (COLLECTIONS, FILES):
        for number, _ in list(scan_acls(txn, account, kept)):
            write_acl(txn, account, number, None, kept)


def forget_grantee(txn: WriteTransaction, grantee: Grantee) -> None:
    """Somebody goes: no list names him any more."""
    for kept in (COLLECTIONS, FILES):
        for key, _ in list(txn.scan(*kept.names.range(mark(grantee, "")))):
            _, account, number = kept.names.parse(key)
            held = read_acl(txn, account, number, kept)
            if held is not None:
                write_acl(txn, account, number, held.with_rights(grantee, None), kept)


def granted(txn: ReadTransaction, whom: str, kept: Kept = COLLECTIONS) -> list[int]:
    """The accounts that have a list with that mark in it, ascending."""
    found: list[int] = []
    start, end = kept.names.range(whom)
    while (key := next((key for key, _ in txn.scan(start, end)), None)) is not None:
        account = kept.names.parse(key)[1]
        found.append(account)
        start = kept.names.range(whom, account)[1]
    return found


def mark(grantee: Grantee, domain: str) -> str:
    """How the index calls a grantee; "anyone" is one for each domain whose accounts share with anyone."""
    return f"anyone {domain}" if grantee.kind == "anyone" else f"{grantee.kind} {grantee.number}"


def grant_key(txn: ReadTransaction, grantee: Grantee, account: int, collection: int, kept: Kept = COLLECTIONS) -> bytes:
    """Where the index says that a list names the grantee."""
    domain = ""
    if grantee == ANYONE:
        owner = read_account(txn, account)
        domain = "" if owner is None else owner.domain
    return kept.names.key(mark(grantee, domain), account, collection)
