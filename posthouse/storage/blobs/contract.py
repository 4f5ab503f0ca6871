"""Where blobs are written and read; what they are called and who holds them is `records.py`."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Protocol

from posthouse.storage.blobs.records import Blob, BlobPlace


class BlobDamaged(Exception):
    """Stored octets are missing or not what was written. args: the location, why."""


class BlobWriter(Protocol):
    """A blob on its way in."""

    @property
    def size(self) -> int:
        """Octets so far."""

    def write(self, chunk: bytes) -> None:
        """Take the next octets; what goes wrong with the disk is told by `finish`."""

    async def finish(self) -> Blob:
        """The blob, durable when it is not inline; raises StoreUnavailable, StoreFull. The writer is spent."""

    def abandon(self) -> None:
        """Forget what was written; also after `finish` failed. Harmless twice."""


class Blobs(Protocol):
    """A place for the octets of blobs."""

    def writer(self) -> BlobWriter:
        """A new blob."""

    def chunks(self, place: BlobPlace, start: int = 0, stop: int | None = None) -> AsyncIterator[bytes]:
        """The octets from `start` up to `stop`, in pieces; raises BlobDamaged at the piece that is."""

    async def read(self, place: BlobPlace, start: int = 0, stop: int | None = None) -> bytes:
        """The same at once, for what is known to be small."""
