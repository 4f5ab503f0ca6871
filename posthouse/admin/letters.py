"""Walking over all letters, account by account, each body read once however many show it."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator

import msgspec

from posthouse.admin.names import address_of
from posthouse.core.accounts.accounts import show_account
from posthouse.core.maintenance.account import present_accounts
from posthouse.core.maintenance.blobs import read_places
from posthouse.core.maintenance.bodies import read_again, stored_records
from posthouse.core.maintenance.faults import REBUILD, RESTORE, Fault
from posthouse.formats.mime.settings import MimeLimits
from posthouse.storage.blobs.contract import BlobDamaged, Blobs
from posthouse.storage.contract import Store

PAGE = 100
REMEMBERED = 500_000  # letters that are known to be right, where others show them too


class Wrong(msgspec.Struct, frozen=True):
    """A letter that is not as it should be; `right` is what its record should be, None when its octets are damaged."""

    message: int
    fault: Fault
    right: bytes | None


class LetterReader:
    """Reads letters again."""

    def __init__(self, store: Store, blobs: Blobs, limits: MimeLimits) -> None:
        self._store = store
        self._blobs = blobs
        self._limits = limits
        self._read: dict[bytes, bytes | str] = {}  # hash -> digest of the right record, or what is wrong

    async def wrong_ones(self, account: int, messages: list[int]) -> list[Wrong]:
        """Those of an account's messages that are not as they should be."""
        places = await self._store.read(read_places, account, messages)
        stored = await self._store.read(stored_records, account, messages)
        found = []
        for message, place, held in zip(messages, places, stored, strict=True):
            if held is None:
                continue  # gone meanwhile
            where = f"account {account}, message {message}"
            if place is None:
                if (await self._store.read(read_places, account, [message]))[0] is None:
                    found.append(Wrong(message, Fault(where, "its octets are not stored", RESTORE), None))
                continue
            if self._read.get(place.hash) == _digest(held):
                continue
            if len(self._read) >= REMEMBERED:
                self._read.clear()
            known = self._read.get(place.hash)
            if isinstance(known, str):
                found.append(Wrong(message, Fault(where, known, RESTORE), None))
                continue
            try:
                right = await read_again(self._blobs, place, self._limits)
            except BlobDamaged as error:
                if (await self._store.read(stored_records, account, [message]))[0] is None:
                    continue  # it went, and its octets with it
                self._read[place.hash] = str(error.args[1])
                found.append(Wrong(message, Fault(where, str(error.args[1]), RESTORE), None))
                continue
            self._read[place.hash] = _digest(right)
            if right != held:
                found.append(Wrong(message, Fault(where, "its record is not what its octets give", REBUILD), right))
        return found


async def chosen_accounts(store: Store, address: str | None) -> AsyncIterator[int]:
    """The account of an address, or all that have records, readable or not; raises BadAddress, NoSuchAccount."""
    if address is not None:
        yield (await store.read(show_account, address_of(address))).number
        return
    after = 0
    while page := await store.read(present_accounts, after, PAGE):
        for number in page:
            yield number
        after = page[-1]


def pages(messages: list[int]) -> list[list[int]]:
    """Messages in portions that are looked at together."""
    return [messages[at : at + PAGE] for at in range(0, len(messages), PAGE)]


def _digest(record: bytes) -> bytes:
    return hashlib.blake2b(record, digest_size=16).digest()
