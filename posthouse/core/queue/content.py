"""A queued message's octets as they are sent, streamed from where the blob is."""

from __future__ import annotations

from collections.abc import AsyncIterator

from posthouse.core.queue.records import QueuedMessage
from posthouse.storage.blobs.contract import BlobDamaged, Blobs
from posthouse.storage.blobs.records import BlobPlace, place
from posthouse.storage.contract import ReadTransaction, Store, query


@query
def read_place(txn: ReadTransaction, hash_: bytes) -> BlobPlace | None:
    """Where a blob's octets are; None for one that is not stored."""
    return place(txn, hash_)


class StoredContent:
    """What is in front of the stored octets, and those from the message's start on; `begun` when any were asked for."""

    __slots__ = ("_blobs", "_message", "_store", "begun")

    def __init__(self, store: Store, blobs: Blobs, message: QueuedMessage) -> None:
        self._store = store
        self._blobs = blobs
        self._message = message
        self.begun = False

    @property
    def size(self) -> int:
        return self._message.size

    async def chunks(self) -> AsyncIterator[bytes]:
        self.begun = True
        message = self._message
        found = await self._store.read(read_place, message.hash)
        if found is None:
            raise BlobDamaged(message.hash.hex(), "it is not stored")
        if found.inline is not None:
            yield message.prefix + found.inline[message.start :]
            return
        if message.prefix:
            yield message.prefix
        async for chunk in self._blobs.chunks(found, message.start):
            yield chunk
