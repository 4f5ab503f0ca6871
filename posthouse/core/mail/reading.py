"""What a reader of a large mailbox asks in bulk: UIDs and flags alone, without the rest of each row."""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from itertools import islice

import msgspec

from posthouse.core.mail.errors import NoSuchMailbox
from posthouse.core.mail.flags import DELETED
from posthouse.core.mail.mailboxes import KINDS, Mailbox, find, mailbox_of
from posthouse.storage.arrays import from_big_endian
from posthouse.storage.changes import Touched, touched_since
from posthouse.storage.collections import CollectionRecord, read_collection, read_sequence
from posthouse.storage.contract import ReadTransaction, query
from posthouse.storage.items import FLAGS_AT, KEYWORDS_AT, MODSEQ_AT, MODSEQ_END, decode_item
from posthouse.storage.ranges import Range
from posthouse.storage.spaces import ITEM


class Opened(msgspec.Struct, array_like=True, frozen=True):
    """A mailbox, the account's modseq and how many messages are \\Recent to the next claimer, in one snapshot."""

    mailbox: Mailbox
    modseq: int
    recent: int


class FlagPage(msgspec.Struct, array_like=True, frozen=True):
    """Some messages of a mailbox in UID order: an octet of flags for each, and by place the keywords of those with any.

    `bitmaps` are of bytes, since there may be more keywords than a number in transit has room for. `uids` are
    `array("I")` bytes, None when all are there that were asked for.
    """

    flags: bytes
    bitmaps: dict[int, bytes]
    uids: bytes | None = None

    def keywords(self) -> Iterator[tuple[int, int]]:
        """(place, keywords as bits of the mailbox's table) of those with any."""
        return ((at, int.from_bytes(bitmap, "little")) for at, bitmap in self.bitmaps.items())


@query
def open_mailbox(txn: ReadTransaction, account: int, name: str) -> Opened:
    """The mailbox of that name as a session begins to look at it; raises NoSuchMailbox."""
    return _opened(txn, account, *find(txn, account, name))


@query
def open_numbered(txn: ReadTransaction, account: int, number: int) -> Opened:
    """The same of the mailbox of that number: to look for a name takes longer, the more mailboxes there are."""
    record = read_collection(txn, account, number)
    if record is None or record.kind not in KINDS:
        raise NoSuchMailbox(str(number))
    return _opened(txn, account, number, record)


def _opened(txn: ReadTransaction, account: int, number: int, record: CollectionRecord) -> Opened:
    recent = 0
    if record.recent_from <= 1:
        recent = record.exists  # nobody has looked yet
    elif record.recent_from < record.uid_next:
        start, end = ITEM.key(account, number, record.recent_from), ITEM.range(account, number)[1]
        recent = sum(1 for _ in txn.scan(start, end))
    return Opened(mailbox_of(number, record), read_sequence(txn, account).modseq, recent)


@query
def uids(txn: ReadTransaction, account: int, mailbox: int, first_uid: int, limit: int) -> bytes:
    """Up to `limit` UIDs from `first_uid` on, ascending, as `array("I")` bytes; nothing when the mailbox is gone."""
    start, end = ITEM.key(account, mailbox, first_uid), ITEM.range(account, mailbox)[1]
    return _numbers([key[-4:] for key, _ in islice(txn.scan(start, end), limit)]).tobytes()


@query
def flag_page(txn: ReadTransaction, account: int, mailbox: int, first_uid: int, last_uid: int, known: int) -> FlagPage:
    """The flags of those messages of a UID range that are still there; the caller knows of `known` there."""
    start, end = ITEM.key(account, mailbox, first_uid), ITEM.key(account, mailbox, last_uid) + b"\x00"
    values = txn.values(start, end, known)
    if len(values) == known:  # the same ones, since no new one ever comes between others
        return FlagPage(*_flags(values))
    found = list(txn.scan(start, end))
    return FlagPage(*_flags([value for _, value in found]), _numbers([key[-4:] for key, _ in found]).tobytes())


@query
def deleted_octets(txn: ReadTransaction, account: int, mailbox: int, first_uid: int, limit: int) -> tuple[int, int]:
    """Octets of the messages flagged \\Deleted among the next `limit`; and the UID to go on at, 0 at the end."""
    start, end = ITEM.key(account, mailbox, first_uid), ITEM.range(account, mailbox)[1]
    octets = last = seen = 0
    for key, value in islice(txn.scan(start, end), limit):
        seen += 1
        last = int.from_bytes(key[-4:], "big")
        item = decode_item(value)
        if item.flags & DELETED:
            octets += item.size
    return octets, last + 1 if seen == limit else 0


@query
def deleted_uids(
    txn: ReadTransaction, account: int, mailbox: int, ranges: list[Range], limit: int
) -> tuple[list[int], list[Range]]:
    r"""UIDs of the messages flagged \Deleted among the first `limit` or so of ascending ranges; and what is left."""
    found: list[int] = []
    left = limit
    for at, (first, last) in enumerate(ranges):
        start, end = ITEM.key(account, mailbox, first), ITEM.key(account, mailbox, last) + b"\x00"
        seen = list(islice(txn.scan(start, end), left))
        found += [int.from_bytes(key[-4:], "big") for key, value in seen if value[FLAGS_AT] & DELETED]
        left -= max(1, len(seen))
        if left <= 0:
            behind = int.from_bytes(seen[-1][0][-4:], "big") + 1 if seen else last + 1
            return found, [*([(behind, last)] if behind <= last else ()), *ranges[at + 1 :]]
    return found, []


@query
def touched(txn: ReadTransaction, account: int, since: int, limit: int) -> Touched:
    """Which of the account's mailboxes changed after `since`: a page of at most `limit` entries of the log."""
    return touched_since(txn, account, since, limit)


class ChangedPage(msgspec.Struct, array_like=True, frozen=True):
    """UIDs of changed messages as `array("I")` bytes, and the last UID that was looked at, 0 at the end."""

    uids: bytes
    last: int


@query
def changed(
    txn: ReadTransaction, account: int, mailbox: int, first_uid: int, last_uid: int, since: int, limit: int
) -> ChangedPage:
    """Which of up to `limit` messages of a UID range have a modseq above `since`; for where the log was cut."""
    start, end = ITEM.key(account, mailbox, first_uid), ITEM.key(account, mailbox, last_uid) + b"\x00"
    found: list[bytes] = []
    count = 0
    key = b""
    for key, value in islice(txn.scan(start, end), limit):
        count += 1
        if int.from_bytes(value[MODSEQ_AT:MODSEQ_END], "little") > since:
            found.append(key[-4:])
    return ChangedPage(_numbers(found).tobytes(), int.from_bytes(key[-4:], "big") if count == limit else 0)


def _flags(values: list[bytes]) -> tuple[bytes, dict[int, bytes]]:
    """Flags and keywords of items, straight from their layout: a session asks this of a hundred thousand at once."""
    joined = b"".join(values)
    if len(joined) == len(values) * KEYWORDS_AT:
        return joined[FLAGS_AT::KEYWORDS_AT], {}
    bitmaps = {at: value[KEYWORDS_AT:] for at, value in enumerate(values) if len(value) > KEYWORDS_AT}
    return bytes([value[FLAGS_AT] for value in values]), bitmaps


def _numbers(big_endian: list[bytes]) -> array[int]:
    return from_big_endian("I", b"".join(big_endian))
