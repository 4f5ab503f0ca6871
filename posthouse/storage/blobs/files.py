"""Blobs as files of one directory: `hh/<sha-256>-<random>`, a name that is never used again.

So a file that is being collected cannot be one that was just written: a new blob of the same contents has another name.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from posthouse.storage.blobs.contract import BlobDamaged
from posthouse.storage.blobs.reading import BlobFile
from posthouse.storage.blobs.records import BlobPlace
from posthouse.storage.blobs.settings import BlobSettings
from posthouse.storage.blobs.writing import INCOMING, FileBlobWriter, sync_directory

SYNCS_AT_ONCE = 8
BLOCKS_AT_A_STRETCH = 4


class FileBlobs:
    """The blob directory of one machine."""

    def __init__(self, directory: Path, settings: BlobSettings) -> None:
        self._directory = directory
        self._settings = settings
        # they wait for the disk, not for the interpreter
        self._executor = ThreadPoolExecutor(SYNCS_AT_ONCE, thread_name_prefix="blobs")
        if not (directory / INCOMING).is_dir():
            (directory / INCOMING).mkdir(mode=0o700, parents=True, exist_ok=True)
            sync_directory(directory)
            sync_directory(directory.parent)

    def writer(self) -> FileBlobWriter:
        return FileBlobWriter(self._directory, self._settings, self._executor)

    async def chunks(self, place: BlobPlace, start: int = 0, stop: int | None = None) -> AsyncIterator[bytes]:
        stop = place.size if stop is None else min(stop, place.size)
        if place.location is None:
            if place.inline is None:
                raise BlobDamaged(place.hash.hex(), "its octets are missing")
            yield place.inline[start:stop]
            return
        file = BlobFile(self._directory / place.location, place.size)
        try:
            for number, block in enumerate(file.blocks(start, stop), 1):
                yield block
                if number % BLOCKS_AT_A_STRETCH == 0:
                    await asyncio.sleep(0)
        finally:
            file.close()

    async def read(self, place: BlobPlace, start: int = 0, stop: int | None = None) -> bytes:
        if place.inline is not None:
            return place.inline[start:stop]
        return b"".join([chunk async for chunk in self.chunks(place, start, stop)])

    def unlink(self, location: str) -> None:
        """Remove a file that nothing names any more."""
        (self._directory / location).unlink(missing_ok=True)

    def old_files(self, seconds: float) -> Iterator[str]:
        """The locations of files that have not changed for so long; unfinished ones too."""
        before = time.time() - seconds
        for folder in sorted(self._directory.iterdir()):
            for path in folder.iterdir() if folder.is_dir() else ():
                if path.stat().st_mtime < before:
                    yield f"{folder.name}/{path.name}"
