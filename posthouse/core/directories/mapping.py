"""Which directories are mapped, by what names, and who may do what in them (SPEC D5)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress

import msgspec

from posthouse.core.accounts.lookup import home_address
from posthouse.core.directories.errors import DirectoryExists, NoSuchDirectory, TooManyDirectories
from posthouse.core.directories.records import ENCODER, MappedRecord, decode_directory, directory_key
from posthouse.core.files.names import checked
from posthouse.core.sharing.changing import ANYONE_NAME, Shared, name_of
from posthouse.core.sharing.effective import Identity, Visitor
from posthouse.core.sharing.errors import NoSuchGrantee, TooManyGrants
from posthouse.core.sharing.grants import ANYONE, AclRecord, Grantee
from posthouse.core.sharing.rights import Right
from posthouse.core.sharing.settings import SharingSettings
from posthouse.formats.address import parse_address
from posthouse.storage.contract import ReadTransaction, WriteTransaction, operation, query
from posthouse.storage.spaces import MAPPED, MAPPED_LOCK


class DirectoryShown(msgspec.Struct, array_like=True, frozen=True):
    """A mapped directory, and who may do what in it."""

    name: str
    path: str
    grants: list[Shared]


class Directory(msgspec.Struct, array_like=True, frozen=True):
    """A mapped directory as somebody finds it; `rights` are bits of `Right`."""

    name: str
    path: str
    rights: int


@operation
def map_directory(txn: WriteTransaction, name: str, path: str, most: int, now: int) -> None:
    """Map a directory, for nobody yet; raises NameNotAllowed, DirectoryExists, TooManyDirectories."""
    name = checked(name)
    if txn.get(directory_key(name)) is not None:
        raise DirectoryExists(name)
    if sum(1 for _ in txn.scan(*MAPPED.range())) >= most:
        raise TooManyDirectories(most)
    txn.put(directory_key(name), ENCODER.encode(MappedRecord(path, now, AclRecord(()))))


@operation
def unmap_directory(txn: WriteTransaction, name: str) -> None:
    """Map it no more; what is in it stays where it is. Raises NoSuchDirectory."""
    if not txn.delete(directory_key(name)):
        raise NoSuchDirectory(name)
    txn.delete_range(*MAPPED_LOCK.range(name))


@operation
def share_directory(txn: WriteTransaction, name: str, whom: str, rights: int, settings: SharingSettings) -> None:
    """Give these very rights in it to an account, a group or anyone of this server; with none he is named no more.

    Raises NoSuchDirectory, NoSuchGrantee, TooManyGrants.
    """
    record = read_directory(txn, name)
    grantee = _grantee(txn, whom)
    acl = record.acl.with_rights(grantee, Right(rights) or None)
    acl = AclRecord(tuple(grant for grant in acl.grants if name_of(txn, grant.grantee) is not None))
    if len(acl.grants) > settings.grants:
        raise TooManyGrants(settings.grants)
    txn.put(directory_key(name), ENCODER.encode(msgspec.structs.replace(record, acl=acl)))


@query
def list_directories(txn: ReadTransaction) -> list[DirectoryShown]:
    """All of them, by name."""
    found = []
    for name, record in _readable(txn):
        named = [(name_of(txn, grant.grantee), grant.rights) for grant in record.acl.grants]
        grants = sorted((Shared(who, rights) for who, rights in named if who is not None), key=lambda each: each.name)
        found.append(DirectoryShown(name, record.path, grants))
    return found


@query
def directories_of(txn: ReadTransaction, account: int) -> list[Directory]:
    """Those that an account may know of, by name."""
    found = []
    identity: Identity | None = None
    for name, record in _readable(txn):
        identity = identity or Identity(txn, Visitor(account))
        rights = _rights(identity, record)
        if rights & Right.LOOKUP:
            found.append(Directory(name, record.path, int(rights)))
    return found


def read_directory(txn: ReadTransaction, name: str) -> MappedRecord:
    """Raises NoSuchDirectory."""
    value = txn.get(directory_key(name))
    if value is None:
        raise NoSuchDirectory(name)
    return decode_directory(value)


def _readable(txn: ReadTransaction) -> Iterator[tuple[str, MappedRecord]]:
    """A damaged record costs nobody the others: `posthouse verify` tells of it."""
    for key, value in txn.scan(*MAPPED.range()):
        with suppress(msgspec.MsgspecError, ValueError):
            yield MAPPED.parse(key)[0], decode_directory(value)


def _rights(identity: Identity, record: MappedRecord) -> Right:
    return Right(0) if identity.record is None else identity.rights_by(record.acl)


def _grantee(txn: ReadTransaction, whom: str) -> Grantee:
    """Whom a name means: a directory belongs to no domain, so it may be shared with all of this server."""
    if whom == ANYONE_NAME:
        return ANYONE
    try:
        held = home_address(txn, parse_address(whom))
        if held is not None and held.kind == "alias" and len(held.targets) == 1:
            held = home_address(txn, parse_address(held.targets[0]))
    except ValueError:
        held = None
    if held is None or held.kind == "alias":
        raise NoSuchGrantee(whom)
    return Grantee(held.kind, held.number)
