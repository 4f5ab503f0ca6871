"""Blobs in memory, for tests."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator

from posthouse.storage.blobs.contract import BlobDamaged
from posthouse.storage.blobs.records import Blob, BlobPlace


class MemoryBlobWriter:
    """One blob on its way in."""

    def __init__(self, files: dict[str, bytes], inline_octets: int) -> None:
        self._files = files
        self._inline_octets = inline_octets
        self._buffer = bytearray()

    @property
    def size(self) -> int:
        return len(self._buffer)

    def write(self, chunk: bytes) -> None:
        self._buffer += chunk

    async def finish(self) -> Blob:
        octets = bytes(self._buffer)
        digest = hashlib.sha256(octets).digest()
        if len(octets) <= self._inline_octets:
            return Blob(digest, len(octets), octets, None)
        location = f"{digest.hex()}-{len(self._files)}"
        self._files[location] = octets
        return Blob(digest, len(octets), None, location)

    def abandon(self) -> None:
        self._buffer.clear()


class MemoryBlobs:
    """A dictionary of what would be files."""

    def __init__(self, inline_octets: int = 65_536) -> None:
        self.files: dict[str, bytes] = {}
        self._inline_octets = inline_octets

    def writer(self) -> MemoryBlobWriter:
        return MemoryBlobWriter(self.files, self._inline_octets)

    async def chunks(self, place: BlobPlace, start: int = 0, stop: int | None = None) -> AsyncIterator[bytes]:
        octets = await self.read(place, start, stop)
        for at in range(0, len(octets), 65_536):
            yield octets[at : at + 65_536]

    async def read(self, place: BlobPlace, start: int = 0, stop: int | None = None) -> bytes:
        if place.inline is not None:
            return place.inline[start:stop]
        if place.location is None or place.location not in self.files:
            raise BlobDamaged(place.hash.hex(), "its octets are missing")
        return self.files[place.location][start:stop]
