"""A maildrop as one session sees it: message numbers, sizes, and what was marked; RFC 1939 5.

It is small: twelve octets a message and one for its marks.
"""

from __future__ import annotations

import asyncio
from array import array
from bisect import bisect_left

from posthouse.core.mail.maildrop import drop_page, open_maildrop
from posthouse.storage import ranges
from posthouse.storage.contract import Store
from posthouse.storage.ranges import Range

MESSAGES_PER_READ = 4_000  # 2 to 5 ms
_DELETED, _FETCHED, _EXPIRED = 1, 2, 4
_UNDELETED = bytes(mark & ~_DELETED for mark in range(256))
DAY_MS = 86_400_000


class Maildrop:
    """The messages that were there when the session began, by position from 0."""

    __slots__ = ("_deleted", "_deleted_octets", "_marks", "_octets", "sizes", "uid_validity", "uids")

    def __init__(
        self, uid_validity: int, uids: array[int], sizes: array[int], octets: int, expired: list[Range]
    ) -> None:
        self.uid_validity = uid_validity
        self.uids = uids
        self.sizes = sizes
        self._marks = bytearray(len(uids))
        self._octets = octets
        self._deleted = self._deleted_octets = 0
        for first, last in expired:
            for at in range(bisect_left(uids, first), bisect_left(uids, last + 1)):
                self._marks[at] = _EXPIRED

    @classmethod
    async def open(cls, store: Store, account: int, now: int, expire_days: int) -> Maildrop:
        """The account's; with `expire_days` above 0 what is older and was read is to go at the end."""
        inbox = await store.read(open_maildrop, account)
        before = now - expire_days * DAY_MS if expire_days > 0 else 0
        uids, sizes, octets = array("I"), array("Q"), 0
        expired: list[Range] = []
        first = 1
        while first < inbox.uid_next:
            page = await store.read(drop_page, account, first, MESSAGES_PER_READ, before)
            uids.frombytes(page.uids)
            some = array("Q", page.sizes)
            sizes += some
            octets += sum(some)
            expired += page.expired
            if len(page.uids) < MESSAGES_PER_READ * uids.itemsize:
                break
            first = uids[-1] + 1
            await asyncio.sleep(0)
        return cls(inbox.uid_validity, uids, sizes, octets, expired)

    @property
    def count(self) -> int:
        """Messages that are not deleted."""
        return len(self.uids) - self._deleted

    @property
    def octets(self) -> int:
        """Their octets."""
        return self._octets - self._deleted_octets

    def has(self, at: int) -> bool:
        """True for a message that is not deleted."""
        return 0 <= at < len(self.uids) and not self._marks[at] & _DELETED

    def unique_id(self, at: int) -> str:
        """What no other message of this maildrop is ever called; RFC 1939 7."""
        return f"{self.uid_validity}.{self.uids[at]}"

    def delete(self, at: int) -> None:
        """Mark a message that is not deleted."""
        self._marks[at] |= _DELETED
        self._deleted += 1
        self._deleted_octets += self.sizes[at]

    def fetched(self, at: int) -> None:
        """The peer has all of it."""
        self._marks[at] |= _FETCHED

    def reset(self) -> None:
        """Delete nothing."""
        self._marks = self._marks.translate(_UNDELETED)
        self._deleted = self._deleted_octets = 0

    async def doomed(self, *, fetched: bool) -> list[Range]:
        """UIDs of what goes when the session ends; with `fetched` also of all that the peer has."""
        return await self._marked(_DELETED | _EXPIRED | (_FETCHED if fetched else 0))

    async def seen(self) -> list[Range]:
        """UIDs of what the peer has."""
        return await self._marked(_FETCHED)

    async def _marked(self, marks: int) -> list[Range]:
        found: list[Range] = []
        for start in range(0, len(self.uids), MESSAGES_PER_READ):
            page = slice(start, start + MESSAGES_PER_READ)
            for uid, mark in zip(self.uids[page], self._marks[page], strict=True):
                if mark & marks:
                    ranges.add(found, uid)
            await asyncio.sleep(0)
        return found
