"""The octets of a stored message, wherever they are."""

from __future__ import annotations

from collections.abc import AsyncGenerator

from posthouse.storage.blobs.contract import Blobs
from posthouse.storage.blobs.records import BlobPlace


class Octets:
    """One message's octets; `inline` has them all when the message is small. Reading raises BlobDamaged."""

    __slots__ = ("_blobs", "_place", "inline", "size")

    def __init__(self, place: BlobPlace, blobs: Blobs) -> None:
        self._place = place
        self._blobs = blobs
        self.inline = place.inline
        self.size = place.size

    async def read(self, start: int, stop: int) -> bytes:
        """The octets from `start` up to `stop`; for what is known to be small."""
        if self.inline is not None:
            return self.inline[start:stop]
        return await self._blobs.read(self._place, start, stop)

    async def pieces(self, start: int, stop: int) -> AsyncGenerator[bytes, None]:
        """The same, a piece at a time."""
        if self.inline is not None:
            yield self.inline[start:stop]
            return
        async for piece in self._blobs.chunks(self._place, start, stop):
            yield piece
