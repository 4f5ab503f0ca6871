"""Blob records against the messages that hold them, and cleaning up what nobody holds."""

from __future__ import annotations

from collections import Counter
from itertools import islice

import msgspec

from posthouse.core.mail.records import decode_message
from posthouse.core.maintenance.faults import REBUILD, RESTORE, Fault
from posthouse.storage.blobs.records import (
    BlobPlace,
    place,
    read_record,
    scan_records,
    set_references,
)
from posthouse.storage.contract import ReadTransaction, WriteTransaction, operation, query
from posthouse.storage.spaces import MESSAGE


class BlobPage(msgspec.Struct, array_like=True, frozen=True):
    """Some blobs in the order of their hashes: how often each is held as its record says, and where it is."""

    counts: dict[bytes, int]
    places: list[BlobPlace]


@query
def blob_page(txn: ReadTransaction, after: bytes, limit: int) -> BlobPage:
    """Up to `limit` blobs with hashes above `after` (b"" for the first)."""
    counts: dict[bytes, int] = {}
    places = []
    for hash_, record in islice(scan_records(txn, after), limit):
        counts[hash_] = record.count
        places.append(BlobPlace(hash_, record.size, None, record.location))
    return BlobPage(counts, places)


@query
def is_used(txn: ReadTransaction, hash_: bytes) -> bool:
    """True while somebody holds it."""
    record = read_record(txn, hash_)
    return record is not None and record.count > 0


@query
def read_places(txn: ReadTransaction, account: int, messages: list[int]) -> list[BlobPlace | None]:
    """Where the octets of messages are, None for what is gone meanwhile."""
    places = []
    for value in txn.get_many([MESSAGE.key(account, message) for message in messages]):
        places.append(None if value is None else place(txn, decode_message(value).hash))
    return places


@query
def recheck_references(txn: ReadTransaction, suspects: list[bytes]) -> list[Fault]:
    """Of blobs whose counts seemed wrong while others were writing: those that are wrong in one snapshot."""
    faults = []
    held = _references(txn, suspects)
    for hash_ in suspects:
        record = read_record(txn, hash_)
        where = f"blob {hash_.hex()}"
        if record is None:
            if held[hash_]:
                faults.append(Fault(where, f"{held[hash_]} messages show it, and it has no record", RESTORE))
        elif record.count != held[hash_]:
            faults.append(Fault(where, f"{held[hash_]} messages show it, {record.count} are counted", REBUILD))
    return faults


@operation
def mend_references(txn: WriteTransaction, suspects: list[bytes], now: int) -> None:
    """Count again who holds these blobs."""
    held = _references(txn, suspects)
    for hash_ in suspects:
        set_references(txn, hash_, held[hash_], now)


@query
def unnamed(txn: ReadTransaction, locations: dict[str, bytes]) -> list[str]:
    """Of files at these locations, by the hash of their contents: those that no blob record names (b"": none can)."""
    found = []
    for location, hash_ in locations.items():
        record = read_record(txn, hash_) if hash_ else None
        if record is None or record.location != location:
            found.append(location)
    return found


def _references(txn: ReadTransaction, hashes: list[bytes]) -> Counter[bytes]:
    wanted = set(hashes)
    held: Counter[bytes] = Counter()
    for _, value in txn.scan(*MESSAGE.range()):
        hash_ = decode_message(value).hash
        if hash_ in wanted:
            held[hash_] += 1
    return held
