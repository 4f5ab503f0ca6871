"""Items: what stands in a collection. The changeable part is one small fixed struct, read by the hundred thousand.

Layout (little-endian): version u8, flags u16, modseq u64, object u32, received u64 and saved u64 (ms since epoch),
size u64 (octets), then the keyword bitmap, as many octets as it needs.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

import msgspec

from posthouse.storage.contract import ReadTransaction
from posthouse.storage.ranges import Range
from posthouse.storage.spaces import ITEM

VERSION = 1
FIXED = struct.Struct("<BHQIQQQ")
_FIELDS = struct.Struct("<xHQIQQQ")  # the same without the version
RECEIVED_AT = struct.calcsize("<BHQI")
SIZE_AT = struct.calcsize("<BHQIQQ")
KEYWORDS_AT = FIXED.size
FLAGS_AT = 1  # their low octet, which has all there are
MODSEQ_AT, MODSEQ_END = 3, 11  # behind version and flags
OBJECT_AT = MODSEQ_END
SAVED_AT, SAVED_END = 23, 31


class Item(msgspec.Struct, gc=False):
    """One item's changeable part; `keywords` is a bitmap over the collection's keyword table."""

    flags: int
    modseq: int
    object: int
    received: int
    saved: int
    size: int
    keywords: int = 0

    def encode(self) -> bytes:
        """The record's bytes."""
        fixed = FIXED.pack(VERSION, self.flags, self.modseq, self.object, self.received, self.saved, self.size)
        if self.keywords:
            return fixed + self.keywords.to_bytes((self.keywords.bit_length() + 7) // 8, "little")
        return fixed


def decode_item(value: bytes) -> Item:
    """What `Item.encode` wrote; raises ValueError for bytes of another version or cut short."""
    return Item(*unpack_fixed(value), int.from_bytes(value[KEYWORDS_AT:], "little"))


def unpack_fixed(value: bytes) -> tuple[int, int, int, int, int, int]:
    """The same as the fields of Item but the last: flags, modseq, object, received, saved, size."""
    if len(value) < KEYWORDS_AT or value[0] != VERSION:
        raise ValueError("not an item record")
    return _FIELDS.unpack_from(value)


def scan_items(
    txn: ReadTransaction, account: int, collection: int, first: int = 1, last: int = 0xFFFFFFFF
) -> Iterator[tuple[int, bytes]]:
    """(uid, record bytes) of the items from `first` to `last`, in UID order."""
    start = ITEM.key(account, collection, first)
    end = ITEM.key(account, collection, last) + b"\x00"
    for key, value in txn.scan(start, end):
        yield int.from_bytes(key[-4:], "big"), value


def scan_ranges(
    txn: ReadTransaction, account: int, collection: int, ranges: list[Range]
) -> Iterator[tuple[int, bytes]]:
    """Likewise for several ranges."""
    for first, last in ranges:
        if first == last:
            value = txn.get(ITEM.key(account, collection, first))
            if value is not None:
                yield first, value
        else:
            yield from scan_items(txn, account, collection, first, last)
