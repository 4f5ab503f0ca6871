"""Whom somebody may meet here: accounts and groups within the reach of sharing, by address or by what they are called.

Nobody learns of anybody beyond it, nor who is in a group that he is not in himself.
"""

from __future__ import annotations

from itertools import islice

import msgspec

from posthouse.core.accounts.lookup import home_address
from posthouse.core.accounts.membership import groups_of
from posthouse.core.accounts.records import AddressRecord, read_account, read_address, read_group, scan_domains
from posthouse.core.sharing.effective import Identity, Visitor
from posthouse.formats.address import parse_address
from posthouse.storage.contract import ReadTransaction, query
from posthouse.storage.spaces import ADDRESS


class Person(msgspec.Struct, array_like=True, frozen=True):
    """An account or a group; `members` of a group and the `groups` that it is in, each by address, are those that the
    visitor may know of.
    """

    address: str
    name: str
    is_group: bool
    members: list[str] = []
    groups: list[str] = []


class People(msgspec.Struct, array_like=True, frozen=True):
    """Some of them, without members and groups; `after` begins the next, None at the end."""

    people: list[Person]
    after: tuple[str, str] | None


@query
def find_person(txn: ReadTransaction, visitor: Visitor, address: str) -> Person | None:
    """Who has that address; None for nobody that the visitor may know of."""
    identity = Identity(txn, visitor)
    try:
        held = home_address(txn, parse_address(address))
    except ValueError:
        return None
    person = None if held is None else _person(txn, held)
    if held is None or person is None or not _may_meet(identity, person.address):
        return None
    if held.kind == "group":
        group = read_group(txn, held.number)
        members = list(group.members) if group is not None and held.number in identity.groups else []
        return msgspec.structs.replace(person, members=[each for each in members if _is_met(txn, identity, each)])
    account = read_account(txn, held.number)
    groups = set() if account is None else groups_of(txn, account)
    if held.number != identity.account:
        groups &= identity.groups
    named = [read_group(txn, number) for number in sorted(groups)]
    return msgspec.structs.replace(person, groups=[group.address for group in named if group is not None])


@query
def list_people(txn: ReadTransaction, visitor: Visitor, after: tuple[str, str] | None, limit: int) -> People:
    """Up to `limit` addresses behind `after` (domain, local part), aliases left out."""
    identity = Identity(txn, visitor)
    if identity.record is None:
        return People([], None)
    domains = [identity.record.domain]
    if visitor.reach == "server":
        domains = sorted(domain.name for domain in scan_domains(txn) if domain.alias_of is None)
    for domain in domains:
        if after is not None and domain < after[0]:
            continue
        start, end = ADDRESS.range(domain)
        if after is not None and domain == after[0]:
            start = ADDRESS.key(*after) + b"\x00"
        keys = [ADDRESS.parse(key) for key, _ in islice(txn.scan(start, end), limit)]
        if keys:
            records = [read_address(txn, *key) for key in keys]
            people = [None if record is None else _person(txn, record) for record in records]
            return People([person for person in people if person is not None], (keys[-1][0], keys[-1][1]))
    return People([], None)


def _person(txn: ReadTransaction, held: AddressRecord) -> Person | None:
    if held.kind == "alias":
        return None
    if held.kind == "group":
        group = read_group(txn, held.number)
        return None if group is None else Person(group.address, group.name, True)
    account = read_account(txn, held.number)
    return None if account is None or account.status == "deleted" else Person(account.address, account.name, False)


def _may_meet(identity: Identity, address: str) -> bool:
    if identity.record is None:
        return False
    return identity.reach == "server" or address.rpartition("@")[2] == identity.record.domain


def _is_met(txn: ReadTransaction, identity: Identity, address: str) -> bool:
    try:
        held = home_address(txn, parse_address(address))
    except ValueError:
        return False
    person = None if held is None else _person(txn, held)
    return person is not None and _may_meet(identity, person.address)
