"""Reading a blob file: any range, block by block, each block checked against the index.

What is in the page cache is read in place; what must come from the disk is waited for in a thread, so that a slow disk
holds up nobody else.
"""

from __future__ import annotations

import asyncio
import errno
import os
from collections.abc import AsyncIterator
from concurrent.futures import Executor, Future
from pathlib import Path

import zstandard

from posthouse.storage.blobs.contract import BlobDamaged
from posthouse.storage.blobs.layout import BLOCK, FOOT, Index, decode_index, index_span
from posthouse.storage.blobs.records import BlobPlace
from posthouse.storage.checksum import checksum

BLOCKS_AT_A_STRETCH = 4


class BlobFile:
    """An open blob file."""

    def __init__(self, directory: Path, place: BlobPlace, executor: Executor) -> None:
        """Open it; raises BlobDamaged when it is missing."""
        self._place = place
        self._executor = executor
        self._reading: Future[bytes] | None = None
        self._decompressor: zstandard.ZstdDecompressor | None = None
        try:
            self._descriptor = os.open(directory / str(place.location), os.O_RDONLY | os.O_CLOEXEC)
        except (FileNotFoundError, NotADirectoryError):
            raise self._damaged("the file is missing") from None

    def close(self) -> None:
        """Close it, when the thread that may still read has done so."""
        if self._reading is None:
            os.close(self._descriptor)
        else:
            descriptor = self._descriptor
            self._reading.add_done_callback(lambda _: os.close(descriptor))

    async def blocks(self, start: int, stop: int) -> AsyncIterator[bytes]:
        """The octets from `start` up to `stop`, a block at a time; raises BlobDamaged."""
        index = await self._index()
        for number in range(start // BLOCK, -(-stop // BLOCK)):
            block = await self._block(index, number)
            offset = number * BLOCK
            yield block[max(0, start - offset) : stop - offset] if start > offset or stop < offset + BLOCK else block
            if number % BLOCKS_AT_A_STRETCH == 0:
                await asyncio.sleep(0)

    async def _index(self) -> Index:
        length, size = os.fstat(self._descriptor).st_size, self._place.size
        try:
            foot = await self._pread(FOOT.size, max(0, length - FOOT.size))
            offset, octets = index_span(foot, length, size)
            return decode_index(await self._pread(octets, offset), offset, size)
        except ValueError as error:
            raise self._damaged(str(error)) from None

    async def _block(self, index: Index, number: int) -> bytes:
        offset = index.offsets[number]
        stored = index.offsets[number + 1] - offset
        block = await self._pread(stored, offset)
        if len(block) != stored or checksum(block) != index.checksums[number]:
            raise self._damaged(f"block {number} is not what was written")
        plain = min(BLOCK, index.size - number * BLOCK)
        return block if stored == plain else self._decompress(block, number, plain)

    def _decompress(self, block: bytes, number: int, plain: int) -> bytes:
        if self._decompressor is None:
            self._decompressor = zstandard.ZstdDecompressor()
        try:
            octets = self._decompressor.decompress(block, max_output_size=plain)
        except zstandard.ZstdError:
            octets = b""
        if len(octets) != plain:
            raise self._damaged(f"block {number} cannot be decompressed")
        return octets

    async def _pread(self, octets: int, offset: int) -> bytes:
        cached = _read_cached(self._descriptor, octets, offset)
        if cached is not None:
            return cached
        self._reading = self._executor.submit(os.pread, self._descriptor, octets, offset)
        try:
            read = await asyncio.wrap_future(self._reading)
        except OSError as error:  # the disk says so itself
            self._reading = None
            raise self._damaged(error.strerror or str(error)) from error
        self._reading = None
        return read

    def _damaged(self, why: str) -> BlobDamaged:
        return BlobDamaged(self._place.hash.hex(), why)


def _read_cached(descriptor: int, octets: int, offset: int) -> bytes | None:
    """A range when the page cache has all of it, else None."""
    buffer = bytearray(octets)
    try:
        read = os.preadv(descriptor, [buffer], offset, os.RWF_NOWAIT)
    except OSError as error:
        # a file system that cannot tell what it has in memory is read at once; what is wrong else, the thread finds
        return os.pread(descriptor, octets, offset) if error.errno == errno.EOPNOTSUPP else None
    return bytes(buffer) if read == octets else None
