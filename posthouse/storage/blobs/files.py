"""Blobs as files of one directory: `hh/<sha-256>-<random>`, a name that is never used again.

So a file that is being collected cannot be one that was just written: a new blob of the same contents has another name.
"""

from __future__ import annotations

import asyncio
import math
import os
import time
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from itertools import islice
from pathlib import Path

from posthouse.storage.blobs.contract import BlobDamaged
from posthouse.storage.blobs.layout import BLOCK, ENTRY, FOOT, hash_of, is_location
from posthouse.storage.blobs.reading import BlobFile
from posthouse.storage.blobs.records import BlobPlace
from posthouse.storage.blobs.settings import BlobSettings
from posthouse.storage.blobs.writing import INCOMING, FileBlobWriter, make_directory

FILES_AT_A_STRETCH = 200


class FileBlobs:
    """The blob directory of one machine; `close` when it is needed no more."""

    def __init__(self, directory: Path, settings: BlobSettings) -> None:
        self.directory = directory
        self._settings = settings
        # they wait for the disk, not for the interpreter
        self._executor = ThreadPoolExecutor(settings.sync_threads, thread_name_prefix="blobs")
        if not (directory / INCOMING).is_dir():
            make_directory(directory)
            make_directory(directory / INCOMING)

    def close(self) -> None:
        """End the threads."""
        self._executor.shutdown(wait=False)

    def writer(self) -> FileBlobWriter:
        return FileBlobWriter(self.directory, self._settings, self._executor)

    async def chunks(self, place: BlobPlace, start: int = 0, stop: int | None = None) -> AsyncIterator[bytes]:
        stop = place.size if stop is None else min(stop, place.size)
        if place.location is None:
            if place.inline is None or len(place.inline) != place.size:
                raise BlobDamaged(place.hash.hex(), "its octets are missing")
            if start < stop:
                yield place.inline[start:stop]
            return
        file = BlobFile(self.directory, place, self._executor)
        try:
            async for block in file.blocks(start, stop):
                yield block
        finally:
            file.close()

    async def read(self, place: BlobPlace, start: int = 0, stop: int | None = None) -> bytes:
        return b"".join([chunk async for chunk in self.chunks(place, start, stop)])

    async def remove(self, locations: list[str]) -> None:
        """Unlink files that nothing names any more; one that is gone already is no error."""
        loop = asyncio.get_running_loop()
        for location in locations:
            with suppress(FileNotFoundError):  # in a thread: a large file takes its time
                await loop.run_in_executor(self._executor, os.unlink, self.directory / location)

    def locations_of(self, hash_: bytes) -> list[str]:
        """Where files of that hash are, whether a blob names them or not."""
        folder = hash_.hex()[:2]
        with suppress(FileNotFoundError), os.scandir(self.directory / folder) as entries:
            return [f"{folder}/{entry.name}" for entry in entries if entry.name.startswith(hash_.hex())]
        return []

    def has(self, place: BlobPlace) -> bool:
        """True when a blob's file is there and not cut short; its octets are not looked at."""
        try:
            length = os.stat(self.directory / str(place.location)).st_size
        except OSError:
            return False
        return length >= FOOT.size + -(-place.size // BLOCK) * ENTRY.size

    async def old_files(self, seconds: float) -> AsyncIterator[list[str]]:
        """The locations of files that have not changed for so long, some at a time; unfinished ones too."""
        before = time.time() - seconds
        for folder in sorted(entry.name for entry in os.scandir(self.directory) if entry.is_dir()):
            with os.scandir(self.directory / folder) as entries:
                while some := list(islice(entries, FILES_AT_A_STRETCH)):
                    yield [f"{folder}/{entry.name}" for entry in some if _changed(entry) < before]
                    await asyncio.sleep(0)


def hashes_of(locations: list[str]) -> dict[str, bytes]:
    """What should be in the files there, by their names; b"" for one that is no finished blob's."""
    return {location: hash_of(location) if is_location(location) else b"" for location in locations}


def _changed(entry: os.DirEntry[str]) -> float:
    try:
        return entry.stat(follow_symlinks=False).st_mtime
    except FileNotFoundError:  # finished or collected meanwhile
        return math.inf
