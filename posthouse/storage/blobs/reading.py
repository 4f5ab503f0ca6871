"""Reading a blob file: any range, block by block, each block checked against the index."""

from __future__ import annotations

import os
import zlib
from collections.abc import Iterator
from itertools import accumulate
from pathlib import Path

import zstandard

from posthouse.storage.blobs.contract import BlobDamaged
from posthouse.storage.blobs.layout import BLOCK, ENTRY, FOOT, MAGIC


class BlobFile:
    """An open blob file."""

    def __init__(self, path: Path, size: int) -> None:
        """Open it and read its index; raises BlobDamaged when it is missing, cut or of another size."""
        self._path = path
        try:
            self._descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError:
            raise BlobDamaged(str(path), "the file is missing") from None
        try:
            self._read_index(size)
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Close it; harmless twice."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def blocks(self, start: int, stop: int) -> Iterator[bytes]:
        """The octets from `start` up to `stop`, a block at a time; raises BlobDamaged."""
        for number in range(start // BLOCK, min(len(self._entries), -(-stop // BLOCK))):
            block = self._block(number)
            offset = number * BLOCK
            yield block[max(0, start - offset) : stop - offset]

    def _read_index(self, size: int) -> None:
        length = os.fstat(self._descriptor).st_size
        if length < FOOT.size:
            raise BlobDamaged(str(self._path), "the file is cut short")
        magic, count, plain = FOOT.unpack(os.pread(self._descriptor, FOOT.size, length - FOOT.size))
        index = length - FOOT.size - count * ENTRY.size
        if magic != MAGIC or plain != size or index < 0 or count != -(-size // BLOCK):
            raise BlobDamaged(str(self._path), "its end is not that of this blob")
        self._entries = list(ENTRY.iter_unpack(os.pread(self._descriptor, count * ENTRY.size, index)))
        self._offsets = list(accumulate((stored for _, stored in self._entries), initial=0))
        self._size = size
        if self._offsets[-1] != index:
            raise BlobDamaged(str(self._path), "its index does not fit")

    def _block(self, number: int) -> bytes:
        checksum, stored = self._entries[number]
        block = os.pread(self._descriptor, stored, self._offsets[number])
        if len(block) != stored or zlib.crc32(block) != checksum:
            raise BlobDamaged(str(self._path), f"block {number} is not what was written")
        plain = min(BLOCK, self._size - number * BLOCK)
        if stored != plain:
            block = zstandard.ZstdDecompressor().decompress(block, max_output_size=plain)
        return block
