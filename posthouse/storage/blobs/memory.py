"""Blobs in memory, for tests."""

from __future__ import annotations

import hashlib

from posthouse.storage.blobs.contract import BlobDamaged, BlobReader
from posthouse.storage.blobs.inline import InlineReader
from posthouse.storage.blobs.records import Blob, BlobPlace


class MemoryBlobs:
    """Blobs of one process; those above `inline_octets` stand in `files` by location."""

    def __init__(self, inline_octets: int = 65_536) -> None:
        self.inline_octets = inline_octets
        self.files: dict[str, bytes] = {}

    def writer(self) -> MemoryWriter:
        return MemoryWriter(self)

    def reader(self, place: BlobPlace) -> BlobReader:
        octets = place.inline if place.location is None else self.files.get(place.location)
        if octets is None:
            raise BlobDamaged(place.hash.hex(), "missing")
        return InlineReader(octets)


class MemoryWriter:
    """One blob on its way into memory."""

    def __init__(self, blobs: MemoryBlobs) -> None:
        self._blobs = blobs
        self._octets = bytearray()
        self._location: str | None = None

    @property
    def size(self) -> int:
        return len(self._octets)

    def write(self, chunk: bytes) -> None:
        self._octets += chunk

    async def finish(self) -> Blob:
        octets = bytes(self._octets)
        hash_ = hashlib.sha256(octets).digest()
        if len(octets) <= self._blobs.inline_octets:
            return Blob(hash_, len(octets), octets, None)
        self._location = f"{hash_.hex()}-{len(self._blobs.files)}"
        self._blobs.files[self._location] = octets
        return Blob(hash_, len(octets), None, self._location)

    def abandon(self) -> None:
        self._octets.clear()
        if self._location is not None:
            self._blobs.files.pop(self._location, None)
