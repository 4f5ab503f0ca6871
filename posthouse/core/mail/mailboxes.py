"""Mailboxes: mail's collections, by name; RFC 9051 6.3.3–6.3.9.

Names are Unicode in NFC, levels divided by "/"; the inbox is "INBOX" and always the account's first collection.
"""

from __future__ import annotations

import unicodedata
from itertools import islice

import msgspec

from posthouse.core.mail.attached import copy_annotations, forget_attached
from posthouse.core.mail.deleting import doom
from posthouse.core.mail.errors import (
    InvalidMailboxName,
    MailboxExists,
    MailboxHasChildren,
    MailboxIsFixed,
    NoSuchMailbox,
    TooManyMailboxes,
)
from posthouse.core.mail.places import move_items
from posthouse.core.mail.search_folders.errors import NoMainMailbox
from posthouse.core.mail.search_folders.records import SEARCH_KIND, read_definition
from posthouse.core.mail.settings import MailSettings
from posthouse.core.mail.subscriptions import leave_name, take_name
from posthouse.core.sharing.changing import keep_rights
from posthouse.core.sharing.effective import Lists
from posthouse.storage.changes import Revision
from posthouse.storage.collections import (
    CollectionRecord,
    collection_called,
    collections_between,
    read_collection,
    read_sequence,
    scan_collections,
    write_collection,
)
from posthouse.storage.contract import ReadTransaction, WriteTransaction, operation, query
from posthouse.storage.item_bytes import read_items
from posthouse.storage.spaces import COLLECTION

KIND = "mail"
KINDS = frozenset({KIND, SEARCH_KIND})  # what can be opened
INBOX = "INBOX"
INBOX_ID = 1
SEPARATOR = "/"
DEFAULTS = (("Sent", "sent"), ("Drafts", "drafts"), ("Trash", "trash"), ("Spam", "junk"), ("Archive", "archive"))


class Mailbox(msgspec.Struct, array_like=True, frozen=True):
    """A mailbox and its counters at one moment. UIDs from `recent_from` on are \\Recent to whoever claims them next."""

    id: int
    name: str
    uid_validity: int
    uid_next: int
    exists: int
    unseen: int
    deleted: int
    size: int
    modseq: int
    recent_from: int
    role: str | None
    subscribed: bool
    keywords: tuple[str, ...]
    virtual: bool = False  # a search folder


class MailboxPage(msgspec.Struct, array_like=True, frozen=True):
    """Some mailboxes, by number, as they were at one modseq of the account; `next` is where to go on, 0 at the end."""

    modseq: int
    mailboxes: list[Mailbox]
    next: int


class Receiver(msgspec.Struct, frozen=True):
    """Where new messages go; `main` is its number when that is not the very mailbox that was named, else 0."""

    number: int
    record: CollectionRecord
    main: int = 0


@query
def list_mailboxes(txn: ReadTransaction, account: int) -> list[Mailbox]:
    """All mailboxes, by name."""
    found = [mailbox_of(number, record) for number, record in scan_collections(txn, account) if record.kind in KINDS]
    found.sort(key=by_name)
    return found


@query
def mailbox_page(txn: ReadTransaction, account: int, first: int, limit: int) -> MailboxPage:
    """The mailboxes among up to `limit` collections from number `first` on."""
    start, end = COLLECTION.key(account, first), COLLECTION.range(account)[1]
    some = [*islice(collections_between(txn, start, end), limit)]
    found = [mailbox_of(number, record) for number, record in some if record.kind in KINDS]
    return MailboxPage(read_sequence(txn, account).modseq, found, some[-1][0] + 1 if len(some) == limit else 0)


def by_name(mailbox: Mailbox) -> tuple[bool, str]:
    """What mailboxes are listed by: the inbox comes first."""
    return mailbox.name != INBOX, mailbox.name


@query
def find_mailbox(txn: ReadTransaction, account: int, name: str) -> Mailbox:
    """The mailbox of that name; raises NoSuchMailbox."""
    return mailbox_of(*find(txn, account, name))


@query
def read_mailbox(txn: ReadTransaction, account: int, mailbox: int) -> Mailbox:
    """The mailbox of that number; raises NoSuchMailbox when it was deleted."""
    record = read_collection(txn, account, mailbox)
    if record is None or record.kind not in KINDS:
        raise NoSuchMailbox(str(mailbox))
    return mailbox_of(mailbox, record)


@query
def some_mailboxes(txn: ReadTransaction, account: int, numbers: list[int]) -> list[Mailbox]:
    """Those of the mailboxes that are there."""
    records = [(number, read_collection(txn, account, number)) for number in numbers]
    return [mailbox_of(number, record) for number, record in records if record is not None and record.kind in KINDS]


@operation
def create_mailbox(
    txn: WriteTransaction, account: int, name: str, role: str | None, now: int, mail: MailSettings
) -> Mailbox:
    """Create it and, where missing, the mailboxes above it (RFC 9051 6.3.4).

    Raises MailboxExists, InvalidMailboxName, TooManyMailboxes.
    """
    name = checked_name(name, mail)
    with Revision(txn, account) as revision:
        number = _create(revision, name, role, now, mail)
        record = revision.touch(number)
    return mailbox_of(number, record)


@operation
def delete_mailbox(txn: WriteTransaction, account: int, name: str, now: int) -> None:
    """Delete it with its messages, a search folder without them; its name is free at once.

    Raises NoSuchMailbox, MailboxHasChildren, MailboxIsFixed.
    """
    number, record = find(txn, account, name)
    if number == INBOX_ID:
        raise MailboxIsFixed(INBOX)
    below = record.name + SEPARATOR
    if any(other.name.startswith(below) for _, other in scan_collections(txn, account)):
        raise MailboxHasChildren(name)
    if record.subscribed:
        leave_name(txn, account, record.name)
    with Revision(txn, account) as revision:
        doom(revision, number, now)
        forget_attached(txn, account, number)


@operation
def rename_mailbox(txn: WriteTransaction, account: int, old: str, new: str, now: int, mail: MailSettings) -> None:
    """Rename it and all under it; the inbox stays and gives its messages away (RFC 9051 6.3.6).

    Raises NoSuchMailbox, MailboxExists, InvalidMailboxName, TooManyMailboxes.
    """
    number, record = find(txn, account, old)
    new = checked_name(new, mail)
    shared = Lists(txn, account).acl(record.name)
    others = [other for _, other in scan_collections(txn, account)]
    names = {other.name for other in others}
    if new in names:
        raise MailboxExists(new)
    _check_above(new, others)
    with Revision(txn, account) as revision:
        if number == INBOX_ID:
            target = _create(revision, new, None, now, mail)
            move_items(revision, number, read_items(txn, account, number, [(1, record.uid_next - 1)]), target, now)
            copy_annotations(txn, account, number, target)
            return
        below = record.name + SEPARATOR
        if new.startswith(below):
            raise InvalidMailboxName(new, "a mailbox cannot move under itself")
        missing = _missing_above(new, names)
        if missing and len(others) + len(missing) > mail.mailboxes:
            raise TooManyMailboxes(mail.mailboxes)
        _create_all(revision, missing, now)
        for child, other in list(scan_collections(txn, account)):
            if child == number or other.name.startswith(below):
                touched = revision.touch(child)
                touched.name = checked_name(new + other.name[len(record.name) :], mail)
                touched.subscribed |= take_name(txn, account, touched.name)
    keep_rights(txn, account, number, shared)


@operation
def subscribe(txn: WriteTransaction, account: int, name: str, subscribed: bool) -> None:
    """Set or clear the subscription; raises NoSuchMailbox."""
    if not subscribed and take_name(txn, account, canonical_name(name)):
        return
    number, record = find(txn, account, name)
    if record.subscribed != subscribed:
        with Revision(txn, account) as revision:
            revision.touch(number).subscribed = subscribed


@operation
def claim_recent(txn: WriteTransaction, account: int, mailbox: int) -> int:
    """Take the \\Recent messages for one session (RFC 3501 2.3.2): the first such UID; nobody else is given them."""
    record = read_collection(txn, account, mailbox)
    if record is None:
        raise NoSuchMailbox(str(mailbox))
    first = record.recent_from
    if first < record.uid_next:
        # not a change that others must hear of: no modseq is taken
        record.recent_from = record.uid_next
        write_collection(txn, account, mailbox, record)
    return first


def create_default_mailboxes(txn: WriteTransaction, account: int, now: int) -> None:
    """What every new account has."""
    with Revision(txn, account) as revision:
        revision.add_collection(KIND, INBOX, "inbox", now)
        for name, role in DEFAULTS:
            revision.add_collection(KIND, name, role, now)


def find(txn: ReadTransaction, account: int, name: str) -> tuple[int, CollectionRecord]:
    """(number, record) of the mailbox of that name; raises NoSuchMailbox."""
    wanted = canonical_name(name)
    if wanted == INBOX:
        record = read_collection(txn, account, INBOX_ID)
        if record is not None and record.kind == KIND:
            return INBOX_ID, record
    found = collection_called(txn, account, wanted, KINDS)
    if found is None:
        raise NoSuchMailbox(name)
    return found


def canonical_name(name: str) -> str:
    """The name as stored: NFC, the inbox in capitals whatever its case, also as first level."""
    name = unicodedata.normalize("NFC", name)
    first, separator, rest = name.partition(SEPARATOR)
    return INBOX + separator + rest if first.upper() == INBOX else name


def checked_name(name: str, mail: MailSettings) -> str:
    """The canonical name; raises InvalidMailboxName for what no mailbox may be called."""
    name = canonical_name(name.removesuffix(SEPARATOR))
    levels = name.split(SEPARATOR)
    if not name or not all(levels):
        raise InvalidMailboxName(name, "a level of the name is empty")
    if len(name.encode()) > mail.name_octets or len(levels) > mail.levels:
        raise InvalidMailboxName(name, "the name is too long or too deep")
    if not name.isprintable() and any(unicodedata.category(one) in ("Cc", "Cs", "Zl", "Zp") for one in name):
        raise InvalidMailboxName(name, "control characters and ends of lines are not allowed")  # RFC 9051 5.1
    return name


def receiving(txn: ReadTransaction, account: int, name: str) -> Receiver:
    """The mailbox of that name, for a search folder its main mailbox; raises NoSuchMailbox, NoMainMailbox."""
    number, record = find(txn, account, name)
    if record.kind == KIND:
        return Receiver(number, record)
    definition = read_definition(txn, account, number)
    main = 0 if definition is None else definition.main
    held = read_collection(txn, account, main)
    if held is None or held.kind != KIND:
        raise NoMainMailbox(name)
    return Receiver(main, held, main)


def add_mailbox(revision: Revision, name: str, now: int, mail: MailSettings, kind: str = KIND) -> int:
    """Make one and those above it, within a revision that makes no other; its number.

    Raises MailboxExists, InvalidMailboxName, TooManyMailboxes.
    """
    return _create(revision, checked_name(name, mail), None, now, mail, kind)


def mailbox_of(number: int, record: CollectionRecord) -> Mailbox:
    """The record as others see it."""
    return Mailbox(
        number,
        record.name,
        record.uid_validity,
        record.uid_next,
        record.exists,
        record.unseen,
        record.deleted,
        record.size,
        record.modseq,
        record.recent_from,
        record.role,
        record.subscribed,
        tuple(record.keywords),
        record.kind == SEARCH_KIND,
    )


def _create(revision: Revision, name: str, role: str | None, now: int, mail: MailSettings, kind: str = KIND) -> int:
    records = [record for _, record in scan_collections(revision.txn, revision.account)]
    names = {record.name for record in records}
    if name in names:
        raise MailboxExists(name)
    _check_above(name, records)
    missing = _missing_above(name, names)
    if len(records) + len(missing) + 1 > mail.mailboxes:
        raise TooManyMailboxes(mail.mailboxes)
    _create_all(revision, missing, now)
    if role is not None and any(record.role == role for record in records):
        role = None
    take_name(revision.txn, revision.account, name)
    return revision.add_collection(kind, name, role, now)


def _check_above(name: str, records: list[CollectionRecord]) -> None:
    for record in records:
        if record.kind == SEARCH_KIND and name.startswith(record.name + SEPARATOR):
            raise InvalidMailboxName(name, "nothing can stand under a search folder")


def _missing_above(name: str, names: set[str]) -> list[str]:
    levels = name.split(SEPARATOR)
    above = [SEPARATOR.join(levels[:depth]) for depth in range(1, len(levels))]
    return [each for each in above if each not in names]


def _create_all(revision: Revision, names: list[str], now: int) -> None:
    for name in names:
        take_name(revision.txn, revision.account, name)
        revision.add_collection(KIND, name, None, now)
