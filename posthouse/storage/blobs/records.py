"""Blob records: who is stored once under which hash, how many hold it, and where its bytes are.

A blob that nobody holds stays for a while (a reference may come back) and is then collected. A small one that is held
once, as most are, has no record: its octets say that it is there.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from itertools import groupby

import msgspec

from posthouse.storage.contract import ReadTransaction, WriteTransaction, operation
from posthouse.storage.spaces import BLOB, BLOB_BYTES, BLOB_UNUSED, META


class Blob(msgspec.Struct, array_like=True, frozen=True):
    """A finished blob as an operation carries it: small ones inline, large ones as a file that is synced already."""

    hash: bytes
    size: int
    inline: bytes | None
    location: str | None


class BlobPlace(msgspec.Struct, array_like=True, frozen=True):
    """Where a stored blob's bytes are."""

    hash: bytes
    size: int
    inline: bytes | None
    location: str | None


class BlobRecord(msgspec.Struct, array_like=True, tag=1):
    """References held, octets, the file's location (None: in BLOB_BYTES), and since when nobody holds it (ms)."""

    count: int
    size: int
    location: str | None = None
    unused_since: int = 0


class Collected(msgspec.Struct, array_like=True, frozen=True):
    """How many unused blobs were looked at, 0 when there are no more, and the files to unlink afterwards."""

    seen: int
    locations: list[str]


_HOLDS = META.key("collection holds")  # {holder: until (ms)}
_ENCODER = msgspec.msgpack.Encoder()
_RECORD = msgspec.msgpack.Decoder(BlobRecord)
_HELD_UNTIL = msgspec.msgpack.Decoder(dict[int, int])


def keep(txn: WriteTransaction, blob: Blob, references: int = 1) -> None:
    """Hold a blob so many times more, storing it when it is new.

    A file that lost the race to be first under its hash is named by nobody and swept as an orphan.
    """
    record = read_record(txn, blob.hash)
    if record is None:
        record = BlobRecord(0, blob.size, blob.location)
        if blob.inline is not None:
            txn.put(BLOB_BYTES.key(blob.hash), blob.inline)
    _add(txn, blob.hash, record, references)


def add_references(txn: WriteTransaction, hash_: bytes, references: int) -> None:
    """Hold a stored blob so many times more; raises LookupError for one that is not stored."""
    record = read_record(txn, hash_)
    if record is None:
        raise LookupError(hash_.hex())
    _add(txn, hash_, record, references)


def release(txn: WriteTransaction, hash_: bytes, now: int, references: int = 1) -> None:
    """Hold it so many times less; the last one to go starts its time to collection."""
    record = read_record(txn, hash_)
    if record is None:
        return
    record.count = max(0, record.count - references)
    if record.count == 0:
        record.unused_since = now
        txn.put(BLOB_UNUSED.key(now, hash_), b"")
    _write(txn, hash_, record)


def place(txn: ReadTransaction, hash_: bytes) -> BlobPlace | None:
    """Where its bytes are; None for a blob that is not stored."""
    inline = txn.get(BLOB_BYTES.key(hash_))
    if inline is not None:
        return BlobPlace(hash_, len(inline), inline, None)
    record = read_record(txn, hash_)
    return None if record is None else BlobPlace(hash_, record.size, None, record.location)


@operation
def hold_collection(txn: WriteTransaction, holder: int, until: int, now: int) -> None:
    """Let nothing be collected until then (ms, 0 to let go): a backup reads files that were in use when it began."""
    holds = {other: end for other, end in _holds(txn).items() if other != holder and end > now}
    if until > now:
        holds[holder] = until
    txn.put(_HOLDS, _ENCODER.encode(holds))


@operation
def collect(txn: WriteTransaction, before: int, limit: int, now: int) -> Collected:
    """Forget up to `limit` blobs that nobody held since `before` (ms)."""
    if any(until > now for until in _holds(txn).values()):
        return Collected(0, [])
    locations: list[str] = []
    seen = 0
    start, _ = BLOB_UNUSED.range()
    for key, _ in [entry for _, entry in zip(range(limit), txn.scan(start, BLOB_UNUSED.prefix(before)), strict=False)]:
        seen += 1
        since, hash_ = BLOB_UNUSED.parse(key)
        txn.delete(key)
        try:
            record = read_record(txn, hash_)
        except msgspec.MsgspecError:
            continue  # a rebuild knows whether anybody holds it
        if record is None or record.count or record.unused_since != since:
            continue
        txn.delete(BLOB.key(hash_))
        if record.location is None:
            txn.delete(BLOB_BYTES.key(hash_))
        else:
            locations.append(record.location)
    return Collected(seen, locations)


@operation
def forget_unused(txn: WriteTransaction, hashes: list[bytes]) -> None:
    """Forget those of these blobs that nobody holds, at once; for a store whose files are not there."""
    for hash_ in hashes:
        record = read_record(txn, hash_)
        if record is not None and record.count == 0:
            txn.delete(BLOB.key(hash_))
            txn.delete(BLOB_BYTES.key(hash_))
            txn.delete(BLOB_UNUSED.key(record.unused_since, hash_))


def correct_references(txn: WriteTransaction, hash_: bytes, by: int, now: int) -> None:
    """Count so many references more, or less: an error that was found stays the same while others hold and release."""
    if by > 0 and read_record(txn, hash_) is not None:
        add_references(txn, hash_, by)
    elif by < 0:
        release(txn, hash_, now, -by)


def restore_record(txn: WriteTransaction, place: BlobPlace, references: int) -> None:
    """Have a record again for octets that are stored; those inline are in BLOB_BYTES already."""
    _write(txn, place.hash, BlobRecord(references, place.size, place.location))


def scan_records(txn: ReadTransaction, after: bytes) -> Iterator[tuple[bytes, BlobRecord | None]]:
    """(hash, record) of the blobs with hashes above `after`, in their order; b"" for all. None: it cannot be read."""
    first = after + b"\x00" if after else b""
    spaces = (txn.scan(space.prefix() + first, space.range()[1]) for space in (BLOB, BLOB_BYTES))
    entries = heapq.merge(*spaces, key=lambda entry: (entry[0][1:], entry[0]))  # its record comes before its octets
    for hash_, found in groupby(entries, lambda entry: entry[0][1:]):
        key, value = next(found)
        try:
            yield hash_, _RECORD.decode(value) if key[0] == BLOB.tag else BlobRecord(1, len(value))
        except (msgspec.MsgspecError, ValueError):  # text that is no UTF-8 is a ValueError
            yield hash_, None


def read_record(txn: ReadTransaction, hash_: bytes) -> BlobRecord | None:
    """The record of a blob, of a small one also where it has none; raises msgspec.MsgspecError, ValueError."""
    value = txn.get(BLOB.key(hash_))
    if value is not None:
        return _RECORD.decode(value)
    octets = txn.get(BLOB_BYTES.key(hash_))
    return None if octets is None else BlobRecord(1, len(octets))


def _holds(txn: ReadTransaction) -> dict[int, int]:
    value = txn.get(_HOLDS)
    return {} if value is None else _HELD_UNTIL.decode(value)


def _add(txn: WriteTransaction, hash_: bytes, record: BlobRecord, references: int) -> None:
    if record.count == 0 and record.unused_since:
        txn.delete(BLOB_UNUSED.key(record.unused_since, hash_))
        record.unused_since = 0
    record.count += references
    _write(txn, hash_, record)


def _write(txn: WriteTransaction, hash_: bytes, record: BlobRecord) -> None:
    if record.count == 1 and record.location is None:
        txn.delete(BLOB.key(hash_))
    else:
        txn.put(BLOB.key(hash_), _ENCODER.encode(record))
