"""Messages in a mailbox: what a session reads of them and does to them.

Reading goes by rows in batches, so that no reader holds the reactor; all changes are operations.
"""

from __future__ import annotations

from enum import IntFlag
from itertools import compress, islice

import msgspec

from posthouse.core.accounts.quota import charge
from posthouse.core.mail.errors import NoSuchMailbox, NoSuchMessage
from posthouse.core.mail.flagging import Stored, flag_items
from posthouse.core.mail.flags import DELETED, FlagChange
from posthouse.core.mail.mailboxes import KIND, KINDS, Mailbox, mailbox_of, receiving
from posthouse.core.mail.origins import MESSAGES, THREADS, Origin, origins_of
from posthouse.core.mail.places import copy_items, move_items, place_letter, remove_items
from posthouse.core.mail.records import (
    Letter,
    MessageRecord,
    Structures,
    decode_envelope,
    decode_hash,
    decode_message,
    decode_structures,
)
from posthouse.storage import ranges as uid_ranges
from posthouse.storage.arrays import from_big_endian
from posthouse.storage.blobs.records import BlobPlace, keep, place
from posthouse.storage.changes import LogPage, Revision, happened_since, log_page
from posthouse.storage.collections import CollectionRecord, read_collection, read_sequence
from posthouse.storage.contract import ReadTransaction, WriteTransaction, operation, query
from posthouse.storage.item_bytes import Items, flags_of, read_items
from posthouse.storage.items import KEYWORDS_AT, scan_items, unpack_fixed
from posthouse.storage.ranges import Range
from posthouse.storage.spaces import ITEM, MESSAGE


class Column(IntFlag):
    """What else a row shall carry."""

    ENVELOPE = 1
    STRUCTURE = 2
    RECORD = 4
    BODY = 8
    ORIGIN = 16  # of the message; with its record that of its thread too


# as plain numbers, of which one is asked with each message: the operators of flags take a microsecond
_ENVELOPE, _STRUCTURE, _RECORD, _BODY, _ORIGIN = map(int, Column)


class Row(msgspec.Struct, array_like=True, gc=False):
    """One message of a mailbox; times in ms since the epoch, `bitmap` of its keywords as it is stored.

    That is of bytes, since there may be more keywords than a number in transit has room for. The origins are None of
    what did not come from another account.
    """

    uid: int
    flags: int
    bitmap: bytes
    modseq: int
    message: int
    received: int
    saved: int
    size: int
    envelope: bytes | None = None
    structure: Structures | None = None
    record: MessageRecord | None = None
    body: BlobPlace | None = None
    origin: Origin | None = None
    thread_origin: Origin | None = None

    @property
    def keywords(self) -> int:
        """The keywords as bits of the mailbox's table."""
        return int.from_bytes(self.bitmap, "little") if self.bitmap else 0

    @property
    def thread(self) -> int:
        """The message's thread, where `record` was read; its own from before there were threads (see `rebuild`)."""
        return (self.record.thread if self.record is not None else 0) or self.message


class View(msgspec.Struct, array_like=True, frozen=True):
    """A mailbox and the UIDs in it at one moment: `array("I")` bytes, ascending."""

    mailbox: Mailbox
    uids: bytes


class Appended(msgspec.Struct, array_like=True, frozen=True):
    """Where new messages stand (RFC 4315 APPENDUID).

    `main` is 0 when that is in the mailbox that was named, else the number of the one that takes its place.
    """

    uid_validity: int
    uids: list[int]
    main: int = 0


class Copied(msgspec.Struct, array_like=True, frozen=True):
    """Which messages went where (RFC 4315 COPYUID), in the same order; `main` as of `Appended`."""

    uid_validity: int
    source: list[Range]
    target: list[Range]
    main: int = 0


@query
def open_view(txn: ReadTransaction, account: int, mailbox: int) -> View:
    """The mailbox and all UIDs in one snapshot; raises NoSuchMailbox."""
    record = _readable(txn, account, mailbox)
    start, end = ITEM.range(account, mailbox)
    uids = from_big_endian("I", b"".join([key[-4:] for key, _ in txn.scan(start, end)]))
    return View(mailbox_of(mailbox, record), uids.tobytes())


@query
def rows(
    txn: ReadTransaction, account: int, mailbox: int, first_uid: int, last_uid: int, limit: int, columns: int
) -> list[Row]:
    """Up to `limit` messages of a UID range in UID order; the next batch begins behind the last one's UID."""
    found: list[Row] = []
    for uid, value in islice(scan_items(txn, account, mailbox, first_uid, last_uid), limit):
        found.append(_row(uid, value))
    if columns:
        _fill(txn, account, found, columns)
    return found


@query
def some_rows(txn: ReadTransaction, account: int, mailbox: int, uids: list[int], columns: int) -> list[Row]:
    """The messages of those UIDs that are still there, in their order."""
    found: list[Row] = []
    get, key = txn.get, ITEM.key
    for uid in uids:
        value = get(key(account, mailbox, uid))
        if value is not None:
            found.append(_row(uid, value))
    if columns:
        _fill(txn, account, found, columns)
    return found


@query
def bodies(txn: ReadTransaction, account: int, messages: list[int]) -> list[BlobPlace | None]:
    """Where the bytes of each message are; None for one that is gone."""
    values = txn.get_many(MESSAGE.keys(account, last=messages))
    return [None if value is None else place(txn, decode_hash(value)) for value in values]


@query
def is_newest(txn: ReadTransaction, account: int, modseq: int) -> bool:
    """True when nothing has happened in the account since `modseq`; asked behind every command."""
    return read_sequence(txn, account).modseq == modseq


@query
def changes(
    txn: ReadTransaction, account: int, mailbox: int, since: int, until: int | None, limit: int | None
) -> LogPage:
    """What the log says of the mailbox after modseq `since`, a page of it; raises NoSuchMailbox when it is gone."""
    if not happened_since(txn, account, since):
        return LogPage(since, [], [], [], True)  # it was there, and still is
    _readable(txn, account, mailbox)
    return log_page(txn, account, mailbox, since, until, limit)


@operation
def append(
    txn: WriteTransaction,
    account: int,
    name: str,
    letters: list[Letter],
    flags: list[tuple[int, tuple[str, ...]]],
    received: list[int],
    now: int,
) -> Appended:
    """Add messages with their flags and times (RFC 9051 6.3.12), all or none; raises NoSuchMailbox, OverQuota."""
    into = receiving(txn, account, name)
    charge(txn, account, len(letters), sum(letter.size for letter in letters))
    with Revision(txn, account) as revision:
        uids = []
        for letter, (system, keywords), when in zip(letters, flags, received, strict=True):
            keep(txn, letter.blob)
            uids.append(place_letter(revision, into.number, letter, system, keywords, when, now))
        return Appended(into.record.uid_validity, uids, into.main)


@operation
def replace(
    txn: WriteTransaction,
    account: int,
    mailbox: int,
    uid: int,
    into: int,
    name: str,
    letters: list[Letter],
    flags: list[tuple[int, tuple[str, ...]]],
    received: list[int],
    now: int,
) -> Appended:
    """Remove a message and add others to a mailbox of account `into`, both or neither (RFC 8508); as `append`.

    The room that it leaves is there for them. Raises NoSuchMessage.
    """
    _mailbox(txn, account, mailbox)
    replaced = read_items(txn, account, mailbox, [(uid, uid)])
    if not replaced.uids:
        raise NoSuchMessage(uid)
    with Revision(txn, account) as revision:
        remove_items(revision, mailbox, replaced, now)
    return append(txn, into, name, letters, flags, received, now)


@operation
def store_flags(
    txn: WriteTransaction,
    account: int,
    mailbox: int,
    ranges: list[Range],
    change: FlagChange,
    unchanged_since: int | None,
) -> Stored:
    """Change flags (RFC 9051 6.4.6) in ascending ranges; what changed after `unchanged_since` is left (RFC 7162 3.1.3).

    Raises NoSuchMailbox, TooManyKeywords.
    """
    _mailbox(txn, account, mailbox)
    with Revision(txn, account) as revision:
        return flag_items(revision, mailbox, read_items(txn, account, mailbox, ranges), change, unchanged_since)


@operation
def copy(txn: WriteTransaction, account: int, mailbox: int, ranges: list[Range], target: str, now: int) -> Copied:
    """Copy messages to the mailbox named `target`, all or none; raises NoSuchMailbox, OverQuota."""
    return _transfer(txn, account, mailbox, ranges, target, now, keep_source=True)


@operation
def move(txn: WriteTransaction, account: int, mailbox: int, ranges: list[Range], target: str, now: int) -> Copied:
    """Move messages (RFC 6851), all or none; raises NoSuchMailbox."""
    return _transfer(txn, account, mailbox, ranges, target, now, keep_source=False)


@operation
def expunge(txn: WriteTransaction, account: int, mailbox: int, ranges: list[Range], now: int) -> list[Range]:
    r"""Remove the messages of `ranges` that are \\Deleted (RFC 9051 6.4.9); which went. Raises NoSuchMailbox."""
    _mailbox(txn, account, mailbox)
    uids, values = read_items(txn, account, mailbox, ranges)
    marked = [flags & DELETED for flags in flags_of(values)]
    doomed = Items(list(compress(uids, marked)), list(compress(values, marked)))
    with Revision(txn, account) as revision:
        remove_items(revision, mailbox, doomed, now)
    return uid_ranges.runs(doomed.uids)


def _transfer(
    txn: WriteTransaction, account: int, mailbox: int, ranges: list[Range], target: str, now: int, *, keep_source: bool
) -> Copied:
    _mailbox(txn, account, mailbox)
    into = receiving(txn, account, target)
    items = read_items(txn, account, mailbox, ranges)
    if not items.uids:
        return Copied(into.record.uid_validity, [], [], into.main)
    with Revision(txn, account) as revision:
        arrived = (copy_items if keep_source else move_items)(revision, mailbox, items, into.number, now)
    return Copied(into.record.uid_validity, uid_ranges.runs(items.uids), uid_ranges.runs(arrived), into.main)


def _readable(txn: ReadTransaction, account: int, mailbox: int) -> CollectionRecord:
    record = read_collection(txn, account, mailbox)
    if record is None or record.kind not in KINDS:
        raise NoSuchMailbox(str(mailbox))
    return record


def _mailbox(txn: ReadTransaction, account: int, mailbox: int) -> CollectionRecord:
    record = read_collection(txn, account, mailbox)
    if record is None or record.kind != KIND:
        raise NoSuchMailbox(str(mailbox))
    return record


def _row(uid: int, value: bytes) -> Row:
    flags, modseq, message, received, saved, size = unpack_fixed(value)
    return Row(uid, flags, value[KEYWORDS_AT:], modseq, message, received, saved, size)


def _fill(txn: ReadTransaction, account: int, found: list[Row], columns: int) -> None:
    if columns != _ORIGIN:
        get, key = txn.get, MESSAGE.key
        for row in found:
            value = get(key(account, row.message))  # not many at once: most of it is let go of again
            if value is None:
                continue
            if columns & _BODY:
                row.body = place(txn, decode_hash(value))
            if columns & _ENVELOPE:
                row.envelope = decode_envelope(value)
            if columns & _STRUCTURE:
                structures = decode_structures(value)
                row.structure = structures if structures.bodystructure else None
            if columns & _RECORD:
                row.record = decode_message(value)
    if columns & _ORIGIN:
        _fill_origins(txn, account, found, columns)


def _fill_origins(txn: ReadTransaction, account: int, found: list[Row], columns: int) -> None:
    came = origins_of(txn, MESSAGES, account, (row.message for row in found))
    for row in found if came else ():
        row.origin = came.get(row.message)
    if columns & _RECORD:
        came = origins_of(txn, THREADS, account, (row.thread for row in found))
        for row in found if came else ():
            row.thread_origin = came.get(row.thread)
