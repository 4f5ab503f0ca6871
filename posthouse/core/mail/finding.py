"""From the name that an account calls a mailbox by to the account that it is in, its name there, and one's rights.

What others share is called "Other Users/ann@example.org/Projects", a group's folder "Shared/sales@example.org/Plans".
Only names whose second level is an address are of that kind: "Shared/Photos" is a mailbox of one's own.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from posthouse.core.accounts.lookup import home_address
from posthouse.core.accounts.records import AccountRecord, read_account, read_group
from posthouse.core.mail.errors import NoSuchMailbox
from posthouse.core.mail.mailboxes import KIND, SEPARATOR, Mailbox, canonical_name, find, mailbox_of
from posthouse.core.sharing.effective import Identity, Lists, Visitor, is_root, owners
from posthouse.core.sharing.errors import NotAllowed
from posthouse.core.sharing.grants import ROOT
from posthouse.core.sharing.rights import ALL, Right
from posthouse.formats.address import parse_address
from posthouse.storage.collections import read_collection, scan_collections
from posthouse.storage.contract import ReadTransaction, query
from posthouse.storage.spaces import SUBSCRIPTION

_LOOKUP = int(Right.LOOKUP)  # as a number, for the long lists
OTHERS, GROUPS = "Other Users", "Shared"
NOTICEABLE = Right.LOOKUP | Right.READ | Right.INSERT | Right.CREATE | Right.REMOVE | Right.ADMINISTER


class Found(msgspec.Struct, array_like=True, frozen=True):
    """What a name leads to: mailbox `name` of `account`. `called` is the name as it was asked for.

    `number` is the collection, 0 where it was not looked for: one's own, and one that is yet to be made.
    """

    account: int
    name: str
    called: str
    rights: Right
    number: int = 0

    def need(self, rights: Right) -> None:
        """Raise NotAllowed unless one has all of these; NoSuchMailbox where one may not even know of it."""
        if rights & ~self.rights:
            raise (NotAllowed if self.rights & Right.LOOKUP else NoSuchMailbox)(self.called)

    @property
    def is_free(self) -> bool:
        """True when one may do everything with it."""
        return self.rights == ALL


class Seen(msgspec.Struct, array_like=True, frozen=True):
    """A mailbox that somebody shares; its name and its subscription are the visitor's, its role is left out."""

    account: int
    mailbox: Mailbox
    rights: Right


def own(account: int, name: str) -> Found:
    """A mailbox of one's own, whether there is one of that name or not."""
    return Found(account, name, name, ALL)


def is_shared(name: str) -> bool:
    """True for the name of what another account or a group has."""
    first, _, rest = name.partition(SEPARATOR)
    return first in (OTHERS, GROUPS) and "@" in rest.partition(SEPARATOR)[0]


@query
def find_shared(txn: ReadTransaction, visitor: Visitor, called: str) -> Found:
    """What the name of a shared mailbox leads to, and of a group's root; raises NoSuchMailbox.

    So it does for whom none of what RFC 4314 4 wants for MYRIGHTS is given: it might as well not be there.
    """
    identity = Identity(txn, visitor)
    account, lists, name = _look(txn, identity, called)
    rights = lists.rights(identity, name)
    if not rights & NOTICEABLE:
        raise NoSuchMailbox(called)
    if name:
        return Found(account, name, called, rights, _number(txn, account, name, called))
    root = read_collection(txn, account, ROOT)
    if root is None or not is_root(ROOT, root):
        raise NoSuchMailbox(called)
    return Found(account, name, called, rights, ROOT)


@query
def find_room(txn: ReadTransaction, visitor: Visitor, called: str) -> Found:
    """Where a shared mailbox is to be made; the rights are those on the nearest one above it (RFC 4314 4, CREATE).

    Raises NoSuchMailbox.
    """
    identity = Identity(txn, visitor)
    account, lists, name = _look(txn, identity, called.removesuffix(SEPARATOR))
    there = {record.name for _, record in scan_collections(txn, account)}
    above = name
    while above and (above == name or above not in there):
        above = above.rpartition(SEPARATOR)[0]
    if above not in there:
        raise NoSuchMailbox(called)
    return Found(account, name, called, lists.rights(identity, above))


@query
def rights_on(txn: ReadTransaction, visitor: Visitor, account: int, collection: int) -> Right:
    """What the visitor may do with a collection of another account now; nothing with one that is gone."""
    owner, record = read_account(txn, account), read_collection(txn, account, collection)
    identity = Identity(txn, visitor)
    if owner is None or record is None or not identity.may_meet(owner):
        return Right(0)
    return Lists(txn, account).rights(identity, record.name)


@query
def list_shared(txn: ReadTransaction, visitor: Visitor) -> list[Seen]:
    """All that others share with the visitor and let him look up, by name."""
    identity = Identity(txn, visitor)
    subscribed = {SUBSCRIPTION.parse(key)[1:]: value for key, value in txn.scan(*SUBSCRIPTION.range(visitor.account))}
    found: list[Seen] = []
    for account, owner in owners(txn, identity):
        lists = Lists(txn, account)
        prefix = _level(owner) + SEPARATOR
        for number, record in scan_collections(txn, account):
            rights = lists.rights(identity, record.name)
            if record.kind == KIND and int(rights) & _LOOKUP:
                record.name = prefix + record.name
                record.role = None  # another's Sent is not where one's own copies go
                # a group's folders are there by themselves (SPEC F5)
                kept = subscribed.get((account, number))
                record.subscribed = bool(owner.group) if kept is None else kept == b"\x01"
                found.append(Seen(account, mailbox_of(number, record), rights))
    found.sort(key=lambda seen: seen.mailbox.name)
    return found


@query
def list_sharers(txn: ReadTransaction, visitor: Visitor) -> list[tuple[int, str]]:
    """(account, what the visitor calls the level above its mailboxes) of all that share something with him."""
    return [(account, _level(owner)) for account, owner in owners(txn, Identity(txn, visitor))]


def _level(owner: AccountRecord) -> str:
    return SEPARATOR.join((GROUPS if owner.group else OTHERS, owner.address))


def _look(txn: ReadTransaction, identity: Identity, called: str) -> tuple[int, Lists, str]:
    """The account, its lists, and the mailbox's name in it; raises NoSuchMailbox."""
    first, _, rest = called.partition(SEPARATOR)
    address, _, name = rest.partition(SEPARATOR)
    account = _account(txn, address, "group" if first == GROUPS else "account")
    owner = None if account is None else read_account(txn, account)
    if account is None or owner is None or account == identity.account or not identity.may_meet(owner):
        raise NoSuchMailbox(called)
    return account, Lists(txn, account), canonical_name(name)


def _account(txn: ReadTransaction, text: str, kind: Literal["account", "group"]) -> int | None:
    try:
        record = home_address(txn, parse_address(text))
    except ValueError:
        return None
    if record is None or record.kind != kind:
        return None
    if kind == "account":
        return record.number
    group = read_group(txn, record.number)
    return None if group is None else group.account or None


def _number(txn: ReadTransaction, account: int, name: str, called: str) -> int:
    try:
        number, record = find(txn, account, name)
    except NoSuchMailbox:
        raise NoSuchMailbox(called) from None  # the name that the visitor knows it by
    if record.kind != KIND:
        raise NoSuchMailbox(called)  # search folders are their owner's alone
    return number
