"""The contract of blob stores: immutable octets named by their SHA-256, written and read as streams.

What a blob store keeps is durable when `finish` returns, and nobody's until an operation holds it (`records.keep`).
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Protocol

from posthouse.storage.blobs.records import Blob, BlobPlace

PIECE_OCTETS = 65_536


class BlobDamaged(Exception):
    """What was stored is not there or not what was stored. args: hash as hexadecimal, what is wrong."""


class BlobWriter(Protocol):
    """One blob on its way in."""

    @property
    def size(self) -> int:
        """Octets so far."""

    def write(self, chunk: bytes) -> None:
        """Take the next octets; raises StoreUnavailable (disk full), after which the writer is abandoned."""

    async def finish(self) -> Blob:
        """The blob, durable when it is large, else carried inline; raises StoreUnavailable."""

    def abandon(self) -> None:
        """Forget it; also after `finish`, when no operation will hold it."""


class BlobReader(Protocol):
    """One stored blob. Positions beyond its end are its end. Raises BlobDamaged."""

    @property
    def size(self) -> int:
        """Octets of the whole blob."""

    async def read(self, start: int, stop: int) -> bytes:
        """The octets from `start` up to `stop`; for what is known to be small."""

    def chunks(self, start: int, stop: int, size: int = PIECE_OCTETS) -> AsyncIterator[bytes]:
        """The same as a stream of pieces of at most `size` octets."""


class Blobs(Protocol):
    """Where blobs are written and read."""

    def writer(self) -> BlobWriter:
        """A new blob."""

    def reader(self, place: BlobPlace) -> BlobReader:
        """A stored blob; opens nothing yet."""
