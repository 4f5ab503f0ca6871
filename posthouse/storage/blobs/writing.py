"""Writing a blob, hashed as it comes: small ones stay in memory, larger ones are files synced before they are named."""

from __future__ import annotations

import asyncio
import errno
import hashlib
import os
import secrets
from concurrent.futures import Executor
from pathlib import Path

import structlog
import zstandard

from posthouse.storage.blobs.layout import BLOCK, entry, foot
from posthouse.storage.blobs.records import Blob
from posthouse.storage.blobs.settings import BlobSettings
from posthouse.storage.contract import StoreUnavailable

log = structlog.get_logger()

INCOMING = "incoming"


class FileBlobWriter:
    """One blob on its way in."""

    __slots__ = ("_buffer", "_descriptor", "_directory", "_error", "_executor", "_hash", "_index", "_path", "_settings",
                 "_temporary", "size")  # fmt: skip

    def __init__(self, directory: Path, settings: BlobSettings, executor: Executor) -> None:
        self._directory = directory
        self._settings = settings
        self._executor = executor
        self._hash = hashlib.sha256()
        self._buffer = bytearray()
        self._index = bytearray()
        self._descriptor = -1
        self._temporary: Path | None = None
        self._error: OSError | None = None
        self.size = 0

    def write(self, chunk: bytes) -> None:
        self._hash.update(chunk)
        self.size += len(chunk)
        if self._error is not None:
            return
        self._buffer += chunk
        if self._temporary is None and self.size <= self._settings.inline_octets:
            return
        if len(self._buffer) >= BLOCK or self._temporary is None:
            try:
                self._write_blocks(final=False)
            except OSError as error:
                self._fail(error)

    async def finish(self) -> Blob:
        digest = self._hash.digest()
        if self._error is None and self._temporary is None:
            return Blob(digest, self.size, bytes(self._buffer), None)
        try:
            if self._error is not None:
                raise self._error
            location = f"{digest[:1].hex()}/{digest.hex()}-{secrets.token_hex(4)}"
            loop = asyncio.get_running_loop()
            await loop.run_in_executor(self._executor, self._make_durable, self._directory / location)
        except OSError as error:
            self.abandon()
            log.error("blob not written", error=str(error))
            full = error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
            raise StoreUnavailable("disk full" if full else str(error)) from error
        self._temporary = None
        return Blob(digest, self.size, None, location)

    def abandon(self) -> None:
        self._buffer.clear()
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1
        if self._temporary is not None:
            self._temporary.unlink(missing_ok=True)
            self._temporary = None

    def _fail(self, error: OSError) -> None:
        self._error = error
        self.abandon()

    def _write_blocks(self, *, final: bool) -> None:
        if self._temporary is None:
            path = self._directory / INCOMING / secrets.token_hex(12)
            self._descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
            self._temporary = path
        end = len(self._buffer) if final else len(self._buffer) // BLOCK * BLOCK
        for at in range(0, end, BLOCK):
            block = bytes(self._buffer[at : at + BLOCK])
            if self._settings.compress:
                smaller = zstandard.ZstdCompressor().compress(block)
                block = smaller if len(smaller) < len(block) else block
            self._index += entry(block)
            write_all(self._descriptor, block)
        del self._buffer[:end]

    def _make_durable(self, path: Path) -> None:
        # in a thread: these are long calls that let others run
        self._write_blocks(final=True)
        write_all(self._descriptor, bytes(self._index) + foot(len(self._index) // 8, self.size))
        os.fsync(self._descriptor)
        os.close(self._descriptor)
        self._descriptor = -1
        if not path.parent.is_dir():
            path.parent.mkdir(mode=0o700, exist_ok=True)
            sync_directory(path.parent.parent)
        assert self._temporary is not None
        self._temporary.rename(path)
        sync_directory(path.parent)


def write_all(descriptor: int, octets: bytes) -> None:
    """Write every octet; raises OSError."""
    written = os.write(descriptor, octets)
    while written < len(octets):
        written += os.write(descriptor, octets[written:])


def sync_directory(directory: Path) -> None:
    """Make the names in it durable."""
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
