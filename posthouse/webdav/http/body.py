"""A request's body as it comes: handed on in pieces, the peer paced by whoever reads, never gathered unasked."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable
from typing import Protocol

from posthouse.webdav.http.errors import HttpError

WAITING_OCTETS = 262_144  # not read yet, from which on nothing more is taken from the peer


class Source(Protocol):
    """Where a body comes from."""

    @property
    def waits(self) -> bool:
        """True when nothing of it is sent before it is asked for."""

    def ask(self) -> None:
        """Somebody reads: whoever waits to be asked may send (RFC 9110 10.1.1)."""

    def pause(self) -> None:
        """Take nothing more from the peer for now."""

    def resume(self) -> None:
        """Go on taking."""


class Body:
    """One body; `size` in octets, None when only its end will tell; `is_whole` when all of it has come."""

    __slots__ = ("_asked", "_error", "_pieces", "_source", "_waiting", "_woken", "is_whole", "size")

    def __init__(self, size: int | None, source: Source) -> None:
        self.size = size
        self._source = source
        self._pieces: deque[bytes] = deque()
        self._waiting = 0
        self._asked = False
        self.is_whole = size == 0
        self._error: Exception | None = None
        self._woken: Callable[[], None] | None = None

    def feed(self, octets: bytes) -> None:
        """The next octets have come."""
        self._pieces.append(octets)
        self._waiting += len(octets)
        if self._waiting >= WAITING_OCTETS:
            self._source.pause()
        if self._woken is not None:
            self._woken()

    def end(self) -> None:
        """There is no more."""
        self.is_whole = True
        if self._woken is not None:
            self._woken()

    def fail(self, error: Exception) -> None:
        """The rest will not come."""
        self._error = error
        if self._woken is not None:
            self._woken()

    def pieces(self) -> AsyncIterator[bytes]:
        """Its octets, those that nobody has taken yet; raises ConnectionError when the peer has gone."""
        return self  # no generator: the loop would keep a list of these

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self

    async def __anext__(self) -> bytes:
        if not self._asked:
            self._asked = True
            if not self.is_whole:
                self._source.ask()
        while True:
            if self._error is not None:
                raise self._error
            if self._pieces:
                piece = self._pieces.popleft()
                self._take(len(piece))
                return piece
            if self.is_whole:
                raise StopAsyncIteration
            await self._wait()

    async def read(self, limit: int) -> bytes:
        """All of it; raises HttpError (413) when it is longer than `limit` octets, ConnectionError."""
        if self.size is not None and self.size > limit:
            raise HttpError(413, "that is too large")
        gathered = bytearray()
        async for piece in self.pieces():
            gathered += piece
            if len(gathered) > limit:
                raise HttpError(413, "that is too large")
        return bytes(gathered)

    async def discard(self, limit: int) -> bool:
        """Take up to `limit` octets that nobody wants; True when that was all of it."""
        if self.is_whole and not self._pieces:
            return True
        if self._source.waits and not self._asked:
            return False
        taken = 0
        async for piece in self.pieces():
            taken += len(piece)
            if taken > limit:
                return False
        return True

    def _take(self, octets: int) -> None:
        was_full = self._waiting >= WAITING_OCTETS
        self._waiting -= octets
        if was_full and self._waiting < WAITING_OCTETS:
            self._source.resume()

    async def _wait(self) -> None:
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._woken = lambda: None if future.done() else future.set_result(None)
        try:
            await future
        finally:
            self._woken = None
