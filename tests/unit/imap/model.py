"""A client that believes what it is told and nothing else, and can go on from there after it was cut off.

It keeps of each message the UID, flags and mod-sequence where it was told them, and HIGHESTMODSEQ as RFC 7162 6 has it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, cast

from tests.transcripts.runner import MemoryTransport
from tests.unit.imap.client import Client, Entry

_MODSEQ = re.compile(rb"\bMODSEQ \((\d+)\)")
_HIGHEST = re.compile(rb"\[HIGHESTMODSEQ (\d+)\]")
_VANISHED = re.compile(rb"\* VANISHED (\(EARLIER\) )?([\d:,]+)\Z")
_UID_VALIDITY = re.compile(rb"\[UIDVALIDITY (\d+)\]")


class Known(Entry):
    """One message as this client knows it."""

    def __init__(self) -> None:
        super().__init__()
        self.modseq: int | None = None


class Model(Client):
    """One client with one mailbox open; `enables` is what it enables when it comes."""

    def __init__(self, begin: Any, enables: str, select: str) -> None:
        self._begin = begin
        self._enables = enables
        self._select = select
        self.highest = 0
        self.uid_validity = 0
        self.resynchronised = 0
        self._seen: list[int] = []
        self._told: int | None = None
        self._earlier: set[int] = set()
        self._asked_flags = False
        super().__init__(begin)

    @property
    def known(self) -> list[Known]:
        """What it believes."""
        return cast(list[Known], self.entries)  # it makes no others

    async def come(self) -> None:
        """Log in and open the mailbox for the first time."""
        await self._enter()
        await self._open(self._select)

    async def come_back(self) -> None:
        """Be cut off, connect again and hear what was missed; RFC 7162 3.2.5."""
        await self.transport.hang_up()
        cache: dict[int, Known] = {}
        for entry in self.known:
            if entry.uid is None:
                break  # what stands behind it is fetched anew
            cache[entry.uid] = entry
        self.transport = MemoryTransport()
        self._begin(self.transport)
        await self._enter()
        uids = sorted(cache)
        kept = f" 1:{uids[-1]}" if uids else ""
        self._earlier = set()
        self.entries = []
        responses = await self._open(f"{self._select[:-1]} (QRESYNC ({self.uid_validity} {self.highest}{kept}))")
        assert not uids or max(self._earlier, default=0) <= uids[-1]
        told = [entry for entry in self.known if entry.uid is not None]
        # those that were not told are as they were; what went is told, whatever is not told is still there
        left = [uid for uid in uids if uid not in self._earlier]
        for number, uid in enumerate(left):
            at = self.known[number]
            if at.uid is None:
                self.entries[number] = cache[uid]
            assert self.known[number].uid == uid, (uid, responses)
        assert not uids or all(entry.uid in left for entry in told), "flags of a message that was not asked for"
        self.resynchronised += 1

    def take(self, response: bytes, *, may_expunge: bool = True) -> None:
        count = len(self.entries)
        super().take(response, may_expunge=may_expunge)
        for n in range(count, len(self.entries)):
            self.entries[n] = Known()
        if b" EXPUNGE" in response:
            assert "QRESYNC" not in self._enables, "EXPUNGE for a client that enabled QRESYNC"
        vanished = _VANISHED.match(response)
        if vanished is not None:
            assert "QRESYNC" in self._enables
            if vanished[1]:
                self._earlier |= set(_numbers(vanished[2]))
            else:
                assert may_expunge, "VANISHED during a command by numbers"
                for uid in _numbers(vanished[2]):
                    self._forget(uid)
        if match := _HIGHEST.search(response):
            self._told = int(match[1])
        if match := _UID_VALIDITY.search(response):
            self.uid_validity = int(match[1])
        if b" FETCH (" in response:
            self._take_modseq(response)

    async def command(self, text: str | bytes) -> tuple[bytes, list[bytes]]:
        # only flags that were asked for come without their mod-sequence
        said = text.encode() if isinstance(text, str) else text
        self._asked_flags = b"FETCH" in said.split()[:2]
        return await super().command(text)

    async def until(self, tag: bytes, *, may_expunge: bool = True) -> tuple[bytes, list[bytes]]:
        self._seen, self._told = [], None
        answer, untagged = await super().until(tag, may_expunge=may_expunge)
        if match := _HIGHEST.search(answer):
            self._told = int(match[1])
        # RFC 7162 6: the code holds, whatever else was seen
        self.highest = max([self.highest, *self._seen]) if self._told is None else self._told
        return answer, untagged

    async def _enter(self) -> None:
        await self.greeting()
        await self.ok("LOGIN alice@example.org secret")
        if self._enables:
            await self.ok(f"ENABLE {self._enables}")

    async def _open(self, command: str) -> list[bytes]:
        return await self.ok(command)

    def _take_modseq(self, response: bytes) -> None:
        number = int(response.split()[1])
        modseq = _MODSEQ.search(response)
        if modseq is None:
            assert self._asked_flags or not self._enables or b"FLAGS" not in response, response
            return
        entry = self.known[number - 1]
        value = int(modseq[1])
        assert entry.modseq is None or value >= entry.modseq, "a mod-sequence went back"
        entry.modseq = value
        self._seen.append(value)

    def _forget(self, uid: int) -> None:
        """A message of that UID went; if its UID was never told, it stood between its neighbours."""
        unknown = None
        for at, entry in enumerate(self.known):
            if entry.uid == uid:
                del self.entries[at]
                return
            if entry.uid is not None and entry.uid > uid:
                break
            unknown = at if entry.uid is None else None
        assert unknown is not None, f"VANISHED {uid}, which is not here"
        del self.entries[unknown]


def _numbers(text: bytes) -> Iterator[int]:
    for part in text.split(b","):
        first, _, last = part.partition(b":")
        yield from range(int(first), int(last or first) + 1)
