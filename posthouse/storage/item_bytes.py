"""Many items at once, by the bytes of their records: what changes is patched, nothing is decoded; layout in `items`."""

from __future__ import annotations

import struct
from array import array
from collections.abc import Collection, Sequence
from itertools import islice
from typing import NamedTuple

from posthouse.storage.arrays import from_big_endian, from_little_endian
from posthouse.storage.contract import ReadTransaction
from posthouse.storage.items import (
    FLAGS_AT,
    KEYWORDS_AT,
    MODSEQ_AT,
    MODSEQ_END,
    OBJECT_AT,
    RECEIVED_AT,
    SAVED_AT,
    SAVED_END,
    SIZE_AT,
    VERSION,
)
from posthouse.storage.ranges import Range
from posthouse.storage.spaces import ITEM

EVERY: Range = (1, 0xFFFFFFFF)  # UID there may be
SIDE_BY_SIDE = 100_000  # UIDs, up to which it is tried whether all are there
_HEAD = struct.Struct("<BHQ")
_STAMP = struct.Struct("<Q")


class Items(NamedTuple):
    """UIDs of items of one collection, and their records, in the same order."""

    uids: Sequence[int]
    values: Sequence[bytes]


def read_items(txn: ReadTransaction, account: int, collection: int, ranges: list[Range]) -> Items:
    """The items in ascending, disjoint ranges of UIDs; raises ValueError for records that are damaged."""
    uids = array("I")
    values: list[bytes] = []
    for first, last in ranges:
        start, end = ITEM.key(account, collection, first), ITEM.key(account, collection, last) + b"\x00"
        size = last - first + 1
        side_by_side = txn.values(start, end, size) if size <= SIDE_BY_SIDE else []
        if len(side_by_side) == size:  # all that there can be: so their keys need not be read
            uids.extend(range(first, last + 1))
            values += side_by_side
        else:
            entries = list(txn.scan(start, end))
            uids += _uids(entries)
            values += [value for _, value in entries]
    return _checked(uids, values)


def first_items(txn: ReadTransaction, account: int, collection: int, limit: int) -> Items:
    """The `limit` items with the lowest UIDs; raises ValueError likewise."""
    entries = list(islice(txn.scan(*ITEM.range(account, collection)), limit))
    return _checked(_uids(entries), [value for _, value in entries])


def states(values: Sequence[bytes]) -> list[bytes]:
    """Of each the part that has flags and keywords: alike for items that are flagged alike."""
    return [value[FLAGS_AT:MODSEQ_AT] + value[KEYWORDS_AT:] for value in values]


def read_state(state: bytes) -> tuple[int, int]:
    """(flags, keywords) of one."""
    return state[0], int.from_bytes(state[MODSEQ_AT - FLAGS_AT :], "little")


def modseqs(values: Sequence[bytes]) -> array[int]:
    """The modseq of each."""
    return from_little_endian("Q", _column(values, MODSEQ_AT, MODSEQ_END))


def restated(values: Sequence[bytes], new: Sequence[tuple[int, int] | None], modseq: int) -> list[tuple[int, bytes]]:
    """(position, record) of those that get other (flags, keywords); None leaves one as it is."""
    ends = {state: (_HEAD.pack(VERSION, state[0], modseq), bitmap_of(state[1])) for state in set(new) if state}
    return [
        (at, ends[state][0] + value[MODSEQ_END:KEYWORDS_AT] + ends[state][1])
        for at, (value, state) in enumerate(zip(values, new, strict=True))
        if state
    ]


def keyword_sets(values: Sequence[bytes]) -> Collection[bytes]:
    """The bitmaps of keywords that there are, but for the empty one."""
    if max(map(len, values), default=0) <= KEYWORDS_AT:
        return ()
    return {value[KEYWORDS_AT:] for value in values if len(value) > KEYWORDS_AT}


def elsewhere(values: Sequence[bytes], modseq: int, saved: int, translated: dict[bytes, int]) -> list[bytes]:
    """The records as they shall stand in another collection, whose keywords `translated` has for each bitmap."""
    stamp, when = _STAMP.pack(modseq), _STAMP.pack(saved)
    if not translated:
        return _patched(values, {MODSEQ_AT: stamp, SAVED_AT: when})
    ends = {bitmap: bitmap_of(keywords) for bitmap, keywords in translated.items()} | {b"": b""}
    return [
        value[:MODSEQ_AT]
        + stamp
        + value[MODSEQ_END:SAVED_AT]
        + when
        + value[SAVED_END:KEYWORDS_AT]
        + ends[value[KEYWORDS_AT:]]
        for value in values
    ]


def flags_of(values: Sequence[bytes]) -> bytes:
    """The flags of each, an octet each."""
    return _column(values, FLAGS_AT, FLAGS_AT + 1)


def objects_of(values: Sequence[bytes]) -> array[int]:
    """What each shows."""
    return from_little_endian("I", _column(values, OBJECT_AT, RECEIVED_AT))


def size_of(values: Sequence[bytes]) -> int:
    """Octets of all together."""
    return sum(from_little_endian("Q", _column(values, SIZE_AT, KEYWORDS_AT)))


def _column(values: Sequence[bytes], start: int, end: int) -> bytes:
    """Those octets of each, beside each other."""
    joined = b"".join(values)
    if len(joined) != len(values) * KEYWORDS_AT:
        return b"".join([value[start:end] for value in values])
    # no item has keywords, so all are of one length: an octet of all of them at a time is a third of the work
    width = end - start
    column = bytearray(len(values) * width)
    for at in range(width):
        column[at::width] = joined[start + at :: KEYWORDS_AT]
    return bytes(column)


def _patched(values: Sequence[bytes], pieces: dict[int, bytes]) -> list[bytes]:
    """Each, which has no keywords, with those octets at those places."""
    joined = bytearray().join(values)
    for start, piece in pieces.items():
        for at, octet in enumerate(piece, start):
            joined[at::KEYWORDS_AT] = bytes([octet]) * len(values)
    found = bytes(joined)
    return [found[at : at + KEYWORDS_AT] for at in range(0, len(found), KEYWORDS_AT)]


def _uids(entries: list[tuple[bytes, bytes]]) -> array[int]:
    return from_big_endian("I", b"".join([key[-4:] for key, _ in entries]))


def _checked(uids: array[int], values: list[bytes]) -> Items:
    if values and (min(map(len, values)) < KEYWORDS_AT or {value[0] for value in values} != {VERSION}):
        raise ValueError("not an item record")
    return Items(uids, values)


def bitmap_of(keywords: int) -> bytes:
    """Bits over a table of keywords, little end first."""
    return keywords.to_bytes((keywords.bit_length() + 7) // 8, "little")
