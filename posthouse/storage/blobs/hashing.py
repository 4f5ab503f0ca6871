"""SHA-256 of a blob on its way in. Of a large one it is most of the work, so a thread takes it, of what the file holds.

The thread is behind the writer by as much as it likes: nothing waits in memory for it.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
from concurrent.futures import Executor, Future

APART_OCTETS = 1 << 20  # from which size on a thread hashes, so much or more at a go


class FileHash:
    """The hash of one blob: `update` with its beginning, then `follow` the file that it is written to, as it is."""

    __slots__ = ("_executor", "_following", "_hash", "_hashed", "_reading")

    def __init__(self, executor: Executor) -> None:
        self._executor = executor
        self._hash = hashlib.sha256()
        self._hashed = 0
        self._following = False
        self._reading: Future[None] | None = None

    def update(self, octets: bytes | memoryview) -> None:
        """The next octets; of no effect once the file is followed, which must have all of them."""
        if not self._following:
            self._hash.update(octets)
            self._hashed += len(octets)

    def follow(self, descriptor: int, end: int) -> None:
        """Take what is in the file up to `end`, where a thread has no other part of it; raises OSError of that."""
        if end < APART_OCTETS:
            return
        self._following = True
        if self._reading is not None:
            if not self._reading.done():
                return
            self._reading.result()
        if end - self._hashed >= APART_OCTETS:
            self._read(descriptor, end)

    async def catch_up(self, descriptor: int, end: int) -> None:
        """Take the rest of a file that is followed, up to `end`; raises OSError."""
        if self._following:
            if self._reading is not None:
                await asyncio.wrap_future(self._reading)
            await asyncio.wrap_future(self._read(descriptor, end))

    def digest(self) -> bytes:
        """The hash of what was taken."""
        return self._hash.digest()

    def _read(self, descriptor: int, end: int) -> Future[None]:
        # by a descriptor of its own, since the writer may close its at any time
        own = os.dup(descriptor)
        self._reading = self._executor.submit(self._take, own, end)
        # nor is it left open by what is called off before it began
        self._reading.add_done_callback(lambda _: os.close(own))
        return self._reading

    def _take(self, descriptor: int, end: int) -> None:
        buffer = memoryview(bytearray(APART_OCTETS))
        while self._hashed < end:
            read = os.preadv(descriptor, [buffer[: end - self._hashed]], self._hashed)
            if not read:
                raise OSError("a file is shorter than what was written to it")
            self._hash.update(buffer[:read])
            self._hashed += read
