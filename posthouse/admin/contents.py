"""Reading the octets of documents again, each contents once however many files have them."""

from __future__ import annotations

from posthouse.core.files.revisions import contents_place
from posthouse.core.maintenance.bodies import is_sound
from posthouse.core.maintenance.faults import RESTORE, Fault
from posthouse.storage.blobs.contract import Blobs
from posthouse.storage.contract import Store

REMEMBERED = 500_000  # contents that are known to be right or wrong


class ContentReader:
    """Reads contents of documents again."""

    def __init__(self, store: Store, blobs: Blobs) -> None:
        self._store = store
        self._blobs = blobs
        self._read: dict[bytes, bool] = {}

    async def wrong_ones(self, account: int, contents: list[bytes]) -> list[Fault]:
        """Those of an account's contents whose octets are not what was stored; not those that are stored nowhere."""
        found = []
        for hash_ in contents:
            if len(self._read) >= REMEMBERED:
                self._read.clear()
            if hash_ not in self._read:
                self._read[hash_] = await self._is_right(hash_)
            if not self._read[hash_]:
                where = f"account {account}, contents {hash_.hex()}"
                found.append(Fault(where, "their octets are not what was stored", RESTORE))
        return found

    async def _is_right(self, hash_: bytes) -> bool:
        place = await self._store.read(contents_place, hash_)
        if place is None or await is_sound(self._blobs, place):
            return True
        return await self._store.read(contents_place, hash_) is None  # it went meanwhile
