"""The form of a blob file: blocks of 64 KiB (the last shorter), plain or zstd-compressed, then an index and a foot.

The index has (crc32 of the stored block, its stored length) for each block, so that damage is noticed at the block
that is read, whatever range is asked for, and ranges of compressed files need only their blocks. A hash over the
whole would be noticed only at the end of a full read, when all has gone out. A block as long as it was plain is not
compressed.
"""

from __future__ import annotations

import re
import secrets
import struct
from array import array
from itertools import accumulate

import msgspec

from posthouse.storage.arrays import from_little_endian
from posthouse.storage.checksum import checksum

BLOCK = 65_536
FOOT = struct.Struct("<8sQQ")  # magic, blocks, plain octets
ENTRY = struct.Struct("<II")
MAGIC = b"PHBLOB\x01\n"

_LOCATION = re.compile(r"[0-9a-f]{2}/[0-9a-f]{64}-[0-9a-f]{8,32}")


def new_location(hash_: bytes) -> str:
    """A place for a file of that hash that no file ever had: what collects the old one cannot take the new one."""
    name = hash_.hex()
    return f"{name[:2]}/{name}-{secrets.token_hex(8)}"


def is_location(location: str) -> bool:
    """True for what `new_location` gives."""
    return _LOCATION.fullmatch(location) is not None


def hash_of(location: str) -> bytes:
    """The hash of the contents of the file there."""
    return bytes.fromhex(location[3:67])


def entry(block: bytes | memoryview) -> bytes:
    """A stored block's place in the index."""
    return ENTRY.pack(checksum(block), len(block))


def foot(blocks: int, size: int) -> bytes:
    """The end of the file."""
    return FOOT.pack(MAGIC, blocks, size)


class Index(msgspec.Struct, frozen=True):
    """Where the blocks of a file are: their checksums, and their offsets with the index's own at the end."""

    checksums: array[int]
    offsets: array[int]
    size: int


def index_span(foot_octets: bytes, length: int, size: int) -> tuple[int, int]:
    """(offset, octets) of the index of a file of `length` octets that holds `size`; raises ValueError with why."""
    if len(foot_octets) < FOOT.size:
        raise ValueError("the file is cut short")
    magic, count, plain = FOOT.unpack(foot_octets)
    offset = length - FOOT.size - count * ENTRY.size
    if magic != MAGIC or plain != size or offset < 0 or count != -(-size // BLOCK):
        raise ValueError("its end is not that of this blob")
    return offset, count * ENTRY.size


def decode_index(octets: bytes, offset: int, size: int) -> Index:
    """The index that stood at `offset`; raises ValueError with why."""
    if len(octets) != -(-size // BLOCK) * ENTRY.size:
        raise ValueError("the file is cut short")
    numbers = from_little_endian("I", octets)
    offsets = array("Q", accumulate(numbers[1::2], initial=0))
    if offsets[-1] != offset or max(numbers[1::2], default=0) > BLOCK:
        raise ValueError("its index does not fit")
    return Index(numbers[0::2], offsets, size)
