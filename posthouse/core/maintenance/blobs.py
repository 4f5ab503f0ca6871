"""Blob records against the messages that hold them and the octets that they name."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import islice, takewhile

import msgspec

from posthouse.core.files.records import Earlier, Entry
from posthouse.core.mail.records import MessageRecord, decode_message
from posthouse.core.maintenance.faults import REBUILD, RESTORE, Fault
from posthouse.core.maintenance.records import UNREADABLE, get_readable, scan_readable
from posthouse.core.queue.records import QueuedMessage
from posthouse.storage.blobs.records import (
    BlobPlace,
    BlobRecord,
    correct_references,
    place,
    read_record,
    release,
    restore_record,
    scan_records,
)
from posthouse.storage.contract import ReadTransaction, WriteTransaction, operation, query
from posthouse.storage.spaces import BLOB, BLOB_BYTES, BLOB_UNUSED, FILE_CHILD, FILE_REVISION, MESSAGE, QUEUED


class BlobPage(msgspec.Struct, array_like=True, frozen=True):
    """Some blobs in the order of their hashes, `last` the last of them, b"" behind the end.

    How often each is held as its record says, where it is, and what else does not fit.
    """

    last: bytes
    counts: dict[bytes, int]
    places: list[BlobPlace]
    faults: list[Fault]


class Miscount(msgspec.Struct, array_like=True, frozen=True):
    """A blob that `held` messages and files show and whose record counts `counted` (None: there is none to read)."""

    hash: bytes
    held: int
    counted: int | None
    size: int


@query
def blob_page(txn: ReadTransaction, after: bytes, limit: int) -> BlobPage:
    """Up to `limit` blobs with hashes above `after` (b"" for the first)."""
    counts: dict[bytes, int] = {}
    places = []
    faults = []
    last = b""
    for hash_, record in islice(scan_records(txn, after), limit):
        last = hash_
        if record is None:
            continue  # its count is found wrong
        counts[hash_] = record.count
        places.append(BlobPlace(hash_, record.size, None, record.location))
        faults += [Fault(f"blob {hash_.hex()}", what, mend) for what, mend in _check_record(txn, hash_, record)]
    return BlobPage(last, counts, places, faults)


@query
def is_used(txn: ReadTransaction, hash_: bytes) -> bool:
    """True while somebody holds it."""
    record = read_record(txn, hash_)
    return record is not None and record.count > 0


@query
def read_places(txn: ReadTransaction, account: int, messages: list[int]) -> list[BlobPlace | None]:
    """Where the octets of messages are, None for what is gone meanwhile or not found."""
    places: list[BlobPlace | None] = []
    for message in messages:
        record = get_readable(txn, MESSAGE.key(account, message), MessageRecord)
        is_there = record is not None and readable_record(txn, record.hash) is not None
        places.append(place(txn, record.hash) if record is not None and is_there else None)
    return places


@query
def find_miscounts(txn: ReadTransaction, after: bytes, last: bytes) -> list[Miscount]:
    """The blobs with hashes above `after` up to `last` whose count is wrong; one look at all messages and files.

    Where one of them cannot be read, nobody knows what it holds: a count that is too high may be right then.
    """
    held: Counter[bytes] = Counter()
    sizes = {}
    is_whole = True
    for _, value in txn.scan(*MESSAGE.range()):
        try:
            record = decode_message(value)
        except UNREADABLE:
            is_whole = False
            continue
        if after < record.hash <= last:
            held[record.hash] += 1
            sizes[record.hash] = record.size
    for _, queued in scan_readable(txn, QUEUED, QueuedMessage):
        if queued is None:
            is_whole = False
        elif queued.open and after < queued.hash <= last:
            held[queued.hash] += 1
            sizes[queued.hash] = queued.size - len(queued.prefix) + queued.start
    for each in _contents(txn):
        if each is None:
            is_whole = False
        elif after < each.hash <= last:
            held[each.hash] += 1
            sizes[each.hash] = each.size
    found = []
    for hash_, blob in takewhile(lambda each: each[0] <= last, scan_records(txn, after)):
        shown = held.pop(hash_, 0)
        counted = None if blob is None else blob.count
        if counted is None or counted < shown or (is_whole and counted > shown):
            found.append(Miscount(hash_, shown, counted, sizes.get(hash_, 0)))
    return found + [Miscount(hash_, shown, None, sizes[hash_]) for hash_, shown in held.items()]


@operation
def mend_miscounts(txn: WriteTransaction, miscounts: list[Miscount], now: int) -> None:
    """Put counts right by how much they were wrong, and drop records that nobody can read and nobody needs."""
    for one in miscounts:
        if one.counted is not None:
            correct_references(txn, one.hash, one.held - one.counted, now)
        elif not one.held and readable_record(txn, one.hash) is None:
            txn.delete(BLOB.key(one.hash))
            txn.delete(BLOB_BYTES.key(one.hash))


@operation
def mend_record(txn: WriteTransaction, found: BlobPlace, references: int) -> None:
    """Give octets that were found their record again, unless somebody stored them anew meanwhile."""
    if readable_record(txn, found.hash) is None:
        restore_record(txn, found, references)


@operation
def mend_unused(txn: WriteTransaction, hashes: list[bytes], now: int) -> None:
    """Have those of these blobs that nobody holds collected in their time."""
    for hash_ in hashes:
        record = readable_record(txn, hash_)
        if record is not None and record.count == 0 and not _is_to_go(txn, hash_, record):
            release(txn, hash_, now, 0)


@query
def inline_octets(txn: ReadTransaction, hash_: bytes) -> bytes | None:
    """The octets of a small blob, whether it has a record or not."""
    return txn.get(BLOB_BYTES.key(hash_))


@query
def unnamed(txn: ReadTransaction, locations: dict[str, bytes]) -> list[str]:
    """Of files at these locations, by the hash of their contents: those that no blob record names (b"": none can).

    A record that cannot be read may name any.
    """
    found = []
    for location, hash_ in locations.items():
        if not hash_ or txn.get(BLOB.key(hash_)) is None:
            found.append(location)  # where there is no record, the octets are in the store
            continue
        record = readable_record(txn, hash_)
        if record is not None and record.location != location:
            found.append(location)
    return found


def readable_record(txn: ReadTransaction, hash_: bytes) -> BlobRecord | None:
    """`read_record`; None also when it cannot be read."""
    try:
        return read_record(txn, hash_)
    except UNREADABLE:
        return None


def _contents(txn: ReadTransaction) -> Iterator[Entry | Earlier | None]:
    """All that documents have and had; None for what cannot be read."""
    for _, entry in scan_readable(txn, FILE_CHILD, Entry):
        if entry is None or entry.hash:
            yield entry
    for _, earlier in scan_readable(txn, FILE_REVISION, Earlier):
        yield earlier


def _check_record(txn: ReadTransaction, hash_: bytes, record: BlobRecord) -> list[tuple[str, str]]:
    wrong = []
    if record.count == 0 and not _is_to_go(txn, hash_, record):
        wrong.append(("nobody holds it, and it is never collected", REBUILD))
    if record.location is None and record.count:
        octets = txn.get(BLOB_BYTES.key(hash_))
        if octets is None or len(octets) != record.size:
            wrong.append(("its octets are missing or cut short", RESTORE))
    return wrong


def _is_to_go(txn: ReadTransaction, hash_: bytes, record: BlobRecord) -> bool:
    return txn.get(BLOB_UNUSED.key(record.unused_since, hash_)) is not None
