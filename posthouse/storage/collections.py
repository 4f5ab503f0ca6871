"""Collections: folders of any kind. Their counters are kept at each write, so that opening one reads one record."""

from __future__ import annotations

from collections.abc import Collection, Iterator

import msgspec

from posthouse.storage.contract import ReadTransaction, WriteTransaction
from posthouse.storage.spaces import COLLECTION, SEQUENCE


class CollectionRecord(msgspec.Struct, array_like=True, tag=1):
    """A folder and what is counted of it; mutable while an operation works on it."""

    kind: str
    name: str
    uid_validity: int
    created: int
    role: str | None = None
    subscribed: bool = True
    uid_next: int = 1
    modseq: int = 0
    exists: int = 0
    unseen: int = 0
    deleted: int = 0
    size: int = 0
    recent_from: int = 1
    keywords: list[str] = []


class AccountSequence(msgspec.Struct, array_like=True, tag=1):
    """An account's counters: what came last of each. The change log is whole above `log_from`."""

    modseq: int = 0
    collection: int = 0
    object: int = 0
    uid_validity: int = 0
    log_from: int = 0


ENCODER = msgspec.msgpack.Encoder()
_COLLECTION = msgspec.msgpack.Decoder(CollectionRecord)
_SEQUENCE = msgspec.msgpack.Decoder(AccountSequence)
_SEEN_AT_MOST = 8192
# Where a name was found last. It says only where to look first: what stands there is asked, so no store is wrong by it.
_LAST_SEEN: dict[tuple[int, str], int] = {}


def read_collection(txn: ReadTransaction, account: int, collection: int) -> CollectionRecord | None:
    """The record, None without one."""
    value = txn.get(COLLECTION.key(account, collection))
    return None if value is None else _COLLECTION.decode(value)


def write_collection(txn: WriteTransaction, account: int, collection: int, record: CollectionRecord) -> None:
    """Store the record."""
    txn.put(COLLECTION.key(account, collection), ENCODER.encode(record))


def scan_collections(txn: ReadTransaction, account: int) -> Iterator[tuple[int, CollectionRecord]]:
    """(collection, record) of all of an account, oldest first."""
    return collections_between(txn, *COLLECTION.range(account))


def collections_between(txn: ReadTransaction, start: bytes, end: bytes) -> Iterator[tuple[int, CollectionRecord]]:
    """The same of a range of keys."""
    for key, value in txn.scan(start, end):
        yield int.from_bytes(key[-4:], "big"), _COLLECTION.decode(value)


def collection_called(
    txn: ReadTransaction, account: int, name: str, kinds: Collection[str]
) -> tuple[int, CollectionRecord] | None:
    """(collection, record) of the one of these kinds with that name; None without one."""
    last = _LAST_SEEN.get((account, name))
    if last is not None:
        record = read_collection(txn, account, last)
        if record is not None and record.name == name and record.kind in kinds:
            return last, record
    octets = name.encode("utf-8", "surrogatepass")
    for key, value in txn.scan(*COLLECTION.range(account)):
        if octets in value:  # so that few of thousands have to be decoded
            record = _COLLECTION.decode(value)
            if record.name == name and record.kind in kinds:
                number = int.from_bytes(key[-4:], "big")
                if len(_LAST_SEEN) >= _SEEN_AT_MOST:
                    _LAST_SEEN.clear()
                _LAST_SEEN[account, name] = number
                return number, record
    return None


def read_sequence(txn: ReadTransaction, account: int) -> AccountSequence:
    """The account's counters; zeros before its first write."""
    value = txn.get(SEQUENCE.key(account))
    return AccountSequence() if value is None else _SEQUENCE.decode(value)


def decode_sequence(value: bytes) -> AccountSequence:
    """A SEQUENCE record; raises msgspec.DecodeError."""
    return _SEQUENCE.decode(value)


def write_sequence(txn: WriteTransaction, account: int, sequence: AccountSequence) -> None:
    """Store the counters."""
    txn.put(SEQUENCE.key(account), ENCODER.encode(sequence))
