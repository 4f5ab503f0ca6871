"""Writing a blob, hashed as it comes: small ones stay in memory, larger ones are files synced before they are named.

A thread that shares the interpreter with a busy reactor waits for it at every call, so only what takes long in one
call runs in threads: syncs, and hashes of large files.
"""

from __future__ import annotations

import asyncio
import os
import secrets
from concurrent.futures import Executor, Future
from hashlib import sha256
from pathlib import Path

import structlog
import zstandard

from posthouse.storage.blobs.hashing import FileHash
from posthouse.storage.blobs.layout import BLOCK, ENTRY, entry, foot, new_location
from posthouse.storage.blobs.records import Blob
from posthouse.storage.blobs.settings import BlobSettings
from posthouse.storage.contract import StoreFull, StoreUnavailable
from posthouse.storage.durable import NO_ROOM, sync, write_all

log = structlog.get_logger()

INCOMING = "incoming"
WRITE_OCTETS = 2 * BLOCK  # gathered before they are written
SPREAD_OCTETS = 16 << 20  # the disk is set to work on what has come so far, and not on all of it at the end


class FileBlobWriter:
    """One blob on its way in."""

    __slots__ = ("_buffer", "_compressor", "_descriptor", "_directory", "_error", "_executor", "_hash", "_index",
                 "_inline_octets", "_path", "_spread", "_syncing", "size")  # fmt: skip

    def __init__(self, directory: Path, settings: BlobSettings, executor: Executor) -> None:
        self._directory = directory
        self._inline_octets = settings.inline_octets
        self._compressor = zstandard.ZstdCompressor() if settings.compress else None
        self._executor = executor
        self._hash: FileHash  # of what is in the file
        self._buffer = bytearray()
        self._index = bytearray()
        self._descriptor = -1
        self._path: str | None = None
        self._error: OSError | None = None
        self._syncing: Future[None] | None = None
        self._spread = SPREAD_OCTETS
        self.size = 0

    def write(self, chunk: bytes) -> None:
        self.size += len(chunk)
        if self._error is not None:
            return
        self._buffer += chunk
        if self.size <= self._inline_octets or len(self._buffer) < WRITE_OCTETS:
            return
        try:
            self._write_blocks(len(self._buffer) // BLOCK * BLOCK)
            if self.size >= self._spread:
                self._begin_sync()
            if self._compressor is None:
                self._hash.follow(self._descriptor, self.size - len(self._buffer))
        except OSError as error:
            self._error = error
            self.abandon()

    async def finish(self) -> Blob:
        if self._error is None and self.size <= self._inline_octets:
            octets = bytes(self._buffer)
            return Blob(sha256(octets).digest(), self.size, octets, None)
        try:
            if self._error is not None:
                raise self._error
            location = await self._make_durable()
        except OSError as error:
            log.error("blob not written", error=str(error))
            raise (StoreFull if error.errno in NO_ROOM else StoreUnavailable)(str(error)) from error
        finally:
            self.abandon()  # after success: nothing is left but to close
        return Blob(self._hash.digest(), self.size, None, location)

    def abandon(self) -> None:
        self._buffer = bytearray()
        if self._descriptor >= 0:
            _close_after(self._syncing, self._descriptor)
            self._descriptor = -1
        if self._path is not None:
            Path(self._path).unlink(missing_ok=True)
            self._path = None

    async def _make_durable(self) -> str:
        self._write_blocks(len(self._buffer))
        if self.size >= SPREAD_OCTETS:
            self._begin_sync()  # while the rest is hashed
        await self._hash.catch_up(self._descriptor, self.size)
        end = self._index + foot(len(self._index) // ENTRY.size, self.size)
        write_all(self._descriptor, memoryview(end))
        # named before it is synced: nobody knows the name yet, and a journal needs one commit for both
        location = new_location(self._hash.digest())
        folder = self._rename(location)
        try:
            if self._syncing is not None:
                await asyncio.wrap_future(self._syncing)  # an error is told once only, maybe to this one
            self._syncing = self._executor.submit(_sync, self._descriptor, folder)
            await asyncio.wrap_future(self._syncing)
        finally:
            _close_after(self._syncing, folder)
        self._path = None
        return location

    def _rename(self, location: str) -> int:
        """Give the file its name; the open folder."""
        assert self._path is not None
        path = self._directory / location
        try:
            os.rename(self._path, path)
        except FileNotFoundError:  # the folder's first file ever
            make_directory(path.parent)
            os.rename(self._path, path)
        self._path = str(path)
        return os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)

    def _write_blocks(self, end: int) -> None:
        if self._descriptor < 0:
            path = f"{self._directory}/{INCOMING}/{secrets.token_hex(12)}"
            self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
            self._path = path
            self._hash = FileHash(self._executor)
        octets = memoryview(self._buffer)[:end]
        self._buffer = self._buffer[end:]
        self._hash.update(octets)
        blocks = [octets[at : at + BLOCK] for at in range(0, end, BLOCK)]
        stored = blocks if self._compressor is None else [self._smaller(block) for block in blocks]
        self._index += b"".join([entry(block) for block in stored])
        write_all(self._descriptor, octets if self._compressor is None else memoryview(b"".join(stored)))

    def _smaller(self, block: memoryview) -> bytes | memoryview:
        assert self._compressor is not None
        compressed = self._compressor.compress(block)
        return compressed if len(compressed) < len(block) else block

    def _begin_sync(self) -> None:
        if self._syncing is not None:
            if not self._syncing.done():
                return
            self._syncing.result()
        self._spread = self.size + SPREAD_OCTETS
        self._syncing = self._executor.submit(os.fdatasync, self._descriptor)


def make_directory(directory: Path) -> None:
    """Create it for us alone, its name durable; harmless when it is there."""
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    sync(directory.parent)


def _sync(file: int, folder: int) -> None:
    os.fsync(file)
    os.fsync(folder)


def _close_after(syncing: Future[None] | None, descriptor: int) -> None:
    # never under a thread that still works on it: the number may be another file's by then
    if syncing is None or syncing.done():
        os.close(descriptor)
    else:
        syncing.add_done_callback(lambda _: os.close(descriptor))
