"""The form of a blob file: blocks of 64 KiB (the last shorter), plain or zstd-compressed, then an index and a foot.

The index has (crc32 of the stored block, its stored length) for each block, so that damage is noticed at the block
that is read, and ranges of compressed files need only their blocks. A block as long as it was plain is not compressed.
"""

from __future__ import annotations

import struct
import zlib

BLOCK = 65_536
FOOT = struct.Struct("<8sQQ")  # magic, blocks, plain octets
ENTRY = struct.Struct("<II")
MAGIC = b"PHBLOB\x01\n"


def entry(block: bytes) -> bytes:
    """A stored block's place in the index."""
    return ENTRY.pack(zlib.crc32(block), len(block))


def foot(blocks: int, size: int) -> bytes:
    """The end of the file."""
    return FOOT.pack(MAGIC, blocks, size)
