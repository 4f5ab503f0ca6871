"""Access-control lists as they are stored: one record a collection, and an index of the lists that name somebody.

A collection without a list has that of the nearest collection above it (SPEC F3: rights are inherited); a list that is
there and empty shares with nobody. A group's folders stand under its root, a collection that holds nothing but a list.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import msgspec

from posthouse.core.accounts.records import read_account
from posthouse.core.sharing.rights import Right
from posthouse.storage.contract import ReadTransaction, WriteTransaction
from posthouse.storage.spaces import ACL, GRANT

ROOT = 1  # the collection of a group's account that all its folders are under
ROOT_KIND = "root"


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


def read_acl(txn: ReadTransaction, account: int, collection: int) -> AclRecord | None:
    """A collection's own list; None where it inherits."""
    value = txn.get(ACL.key(account, collection))
    return None if value is None else _ACL.decode(value)


def scan_acls(txn: ReadTransaction, account: int) -> Iterator[tuple[int, AclRecord]]:
    """(collection, list) of all collections of an account that have one."""
    for key, value in txn.scan(*ACL.range(account)):
        yield int.from_bytes(key[-4:], "big"), _ACL.decode(value)


def write_acl(txn: WriteTransaction, account: int, collection: int, record: AclRecord | None) -> None:
    """Store a collection's own list, and index whom it names; None lets it inherit."""
    held = read_acl(txn, account, collection)
    for grant in () if held is None else held.grants:
        txn.delete(grant_key(txn, grant.grantee, account, collection))
    if record is None:
        txn.delete(ACL.key(account, collection))
        return
    for grant in record.grants:
        txn.put(grant_key(txn, grant.grantee, account, collection), b"")
    txn.put(ACL.key(account, collection), _ENCODER.encode(record))


def forget_acls(txn: WriteTransaction, account: int) -> None:
    """An account goes, and with it what it shared."""
    for collection, _ in list(scan_acls(txn, account)):
        write_acl(txn, account, collection, None)


def forget_grantee(txn: WriteTransaction, grantee: Grantee) -> None:
    """Somebody goes: no list names him any more."""
    for key, _ in list(txn.scan(*GRANT.range(mark(grantee, "")))):
        _, account, collection = GRANT.parse(key)
        held = read_acl(txn, account, collection)
        if held is not None:
            write_acl(txn, account, collection, held.with_rights(grantee, None))


def granted(txn: ReadTransaction, whom: str) -> list[int]:
    """The accounts that have a list with that mark in it, ascending."""
    found: list[int] = []
    start, end = GRANT.range(whom)
    while (key := next((key for key, _ in txn.scan(start, end)), None)) is not None:
        account = GRANT.parse(key)[1]
        found.append(account)
        start = GRANT.range(whom, account)[1]
    return found


def mark(grantee: Grantee, domain: str) -> str:
    """How the index calls a grantee; "anyone" is one for each domain whose accounts share with anyone."""
    return f"anyone {domain}" if grantee.kind == "anyone" else f"{grantee.kind} {grantee.number}"


def grant_key(txn: ReadTransaction, grantee: Grantee, account: int, collection: int) -> bytes:
    """Where the index says that a list names the grantee."""
    domain = ""
    if grantee == ANYONE:
        owner = read_account(txn, account)
        domain = "" if owner is None else owner.domain
    return GRANT.key(mark(grantee, domain), account, collection)
