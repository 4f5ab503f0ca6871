"""Reading a blob whose octets came with its place."""

from __future__ import annotations

from collections.abc import AsyncIterator

from posthouse.storage.blobs.contract import PIECE_OCTETS


class InlineReader:
    """Octets in memory, read like any other blob."""

    __slots__ = ("_octets",)

    def __init__(self, octets: bytes) -> None:
        self._octets = octets

    @property
    def size(self) -> int:
        return len(self._octets)

    async def read(self, start: int, stop: int) -> bytes:
        return self._octets[max(start, 0) : max(stop, 0)]

    async def chunks(self, start: int, stop: int, size: int = PIECE_OCTETS) -> AsyncIterator[bytes]:
        stop = min(stop, len(self._octets))
        for at in range(max(start, 0), stop, size):
            yield self._octets[at : min(at + size, stop)]
