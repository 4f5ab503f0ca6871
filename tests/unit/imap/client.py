"""A strict IMAP client in memory: it keeps its own list of messages and fails on what a server must not say."""

from __future__ import annotations

import re
from typing import Any

from tests.transcripts.runner import MemoryTransport

_LITERAL = re.compile(rb"~?\{(\d+)\}\Z")
_NUMBERED = re.compile(rb"\* (\d+) (EXISTS|EXPUNGE|RECENT|FETCH)(?: (.*))?\Z", re.DOTALL)
_FLAGS = re.compile(rb"FLAGS \(([^)]*)\)")
_UID = re.compile(rb"\bUID (\d+)")


def is_done(command: str | bytes, answer: bytes) -> bool:
    """True when the command was done; another client may have removed all that it was about."""
    acts = isinstance(command, str) and command.startswith(("COPY", "MOVE", "STORE"))
    if acts and answer.startswith(b"NO [EXPUNGEISSUED]"):
        return True
    return answer.startswith(b"OK")


class Entry:
    """One message as the client knows it."""

    def __init__(self) -> None:
        self.uid: int | None = None
        self.flags: frozenset[bytes] | None = None


class Client:
    """One connection; `entries` is what the client believes is in the open mailbox."""

    def __init__(self, connect: Any, host: str = "127.0.0.1") -> None:
        self.transport = MemoryTransport(host)
        connect(self.transport)
        self.entries: list[Entry] = []
        self._tags = 0

    async def greeting(self) -> bytes:
        """The first line."""
        return await self._response()

    async def command(self, text: str | bytes) -> tuple[bytes, list[bytes]]:
        """Send a command with its literals in place; (what follows the tag, untagged responses)."""
        self._tags += 1
        tag = b"t%d" % self._tags
        said = text.encode() if isinstance(text, str) else text
        self.transport.send(tag + b" " + said + b"\r\n")
        if b".SILENT" in said:
            for entry in self.entries:
                entry.flags = None  # what they are now the client was not told
        may_expunge = said.split()[0].upper() not in (b"FETCH", b"STORE", b"SEARCH", b"SORT", b"THREAD")
        return await self.until(tag, may_expunge=may_expunge)

    async def until(self, tag: bytes, *, may_expunge: bool = True) -> tuple[bytes, list[bytes]]:
        """Read up to the tagged response."""
        untagged: list[bytes] = []
        while True:
            response = await self._response()
            if response.startswith(tag + b" "):
                return response.removeprefix(tag + b" "), untagged
            assert response.startswith((b"* ", b"+ ")), response
            assert not response.startswith(b"* BYE"), response
            untagged.append(response)
            self.take(response, may_expunge=may_expunge)

    async def ok(self, text: str | bytes) -> list[bytes]:
        """A command that has to succeed; its untagged responses."""
        if (text if isinstance(text, bytes) else text.encode()).upper().startswith((b"SELECT", b"EXAMINE")):
            self.entries = []
        answer, untagged = await self.command(text)
        assert answer.startswith(b"OK"), answer
        return untagged

    def take(self, response: bytes, *, may_expunge: bool = True) -> None:
        """Follow one untagged response."""
        match = _NUMBERED.match(response)
        if match is None:
            return
        number, kind, rest = int(match[1]), match[2], match[3]
        if kind == b"EXISTS":
            assert number >= len(self.entries), f"EXISTS {number} of {len(self.entries)} without EXPUNGE"
            self.entries += [Entry() for _ in range(number - len(self.entries))]
        elif kind == b"EXPUNGE":
            assert may_expunge, "EXPUNGE during a command by numbers"
            assert 1 <= number <= len(self.entries)
            del self.entries[number - 1]
        elif kind == b"FETCH":
            assert 1 <= number <= len(self.entries), f"FETCH of {number} of {len(self.entries)}"
            entry = self.entries[number - 1]
            uid, flags = _UID.search(rest), _FLAGS.search(rest)
            if uid is not None:
                assert entry.uid in (None, int(uid[1])), "a message changed its UID"
                entry.uid = int(uid[1])
            if flags is not None:
                entry.flags = frozenset(flags[1].split()) - {b"\\Recent"}

    async def line(self) -> bytes:
        """The next line."""
        return await self.transport.read_line()

    async def _response(self) -> bytes:
        whole = b""
        while True:
            line = await self.transport.read_line()
            whole += line
            literal = _LITERAL.search(line)
            if literal is None:
                return whole
            whole += b"\r\n" + await self.transport.read_octets(int(literal[1]))
