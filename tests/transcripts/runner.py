"""Plays a transcript against real connections in memory: no socket, no sleep.

A transcript is a text file in `tests/transcripts/<protocol>/`:

    # what it shows                       comment; `# with: key=value key=value` gives options to the stage
    S: 220 *                              the server's next line; a `*` at the end stands for any rest
    S: 250-**                             any number of lines that begin so, none too
    C: RCPT TO:<ann@example.org>          the client's next line, sent with CRLF
    R: a\n.\r\n                           octets of the client's, as Python writes them, sent as they are
    C: [silence]                          the client is silent for as long as the server waits
    S2: * OK *                            a second client is `C2:`/`S2:` and so on; it connects when it is first named
    S: [closed]                           the server has closed the connection
    S: [tls]                              the server has begun TLS; what follows is as if inside it
    S: [deflate]                          from here on both sides compress
    S: [plain]                            and from here on no longer

Each protocol folder has `stage.py` with `async def set_stage(options: dict[str, str]) -> Stage`.
"""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
from twisted.internet.error import ConnectionDone
from twisted.python.failure import Failure

PATIENCE_SECONDS = 10


class Stage(msgspec.Struct, frozen=True):
    """The world that one transcript plays in: `connect(transport)` brings one more client's connection up on it."""

    connect: Callable[[MemoryTransport], Any]


class Address(msgspec.Struct, frozen=True):
    """Where a client comes from."""

    host: str = "127.0.0.1"
    port: int = 40_000


class MemoryTransport:
    """The transport of one connection; `lines` of the server wait here to be read."""

    def __init__(self, host: str = "127.0.0.1") -> None:
        self.address = Address(host)
        self.protocol: Any = None
        self.received = bytearray()
        self.is_closed = False
        self.tls_started = 0
        self.reading_paused = False
        self._kept_back: list[bytes] = []
        self._has_producer = False
        self._news = asyncio.Event()
        self._inflater: Any = None
        self._deflater: Any = None

    # what the server's connection uses

    @property
    def disconnecting(self) -> bool:
        return self.is_closed

    def write(self, octets: bytes) -> None:
        assert isinstance(octets, (bytes, bytearray, memoryview)), type(octets)
        if not self.is_closed:
            self.received += octets if self._inflater is None else self._inflater.decompress(octets)
            self._news.set()

    def writeSequence(self, chunks: list[bytes]) -> None:
        self.write(b"".join(chunks))

    def loseConnection(self) -> None:
        assert not self._has_producer, "with TLS between, a transport that has a producer does not close"
        self.abortConnection()

    def loseWriteConnection(self) -> None:
        self.loseConnection()  # a client here takes that for the end

    def abortConnection(self) -> None:
        if not self.is_closed:
            self.is_closed = True
            self._news.set()
            asyncio.get_running_loop().call_soon(self.protocol.connectionLost, Failure(ConnectionDone()))

    def startTLS(self, context: Any, *_: Any) -> None:
        self.tls_started += 1
        self._news.set()

    def registerProducer(self, producer: Any, streaming: bool) -> None:
        assert not self._has_producer, "a transport has one producer, which it keeps when TLS begins"
        self._has_producer = True

    def unregisterProducer(self) -> None:
        self._has_producer = False

    def pauseProducing(self) -> None:
        self.reading_paused = True

    def resumeProducing(self) -> None:
        self.reading_paused = False
        while self._kept_back and not self.reading_paused:
            self.protocol.dataReceived(self._kept_back.pop(0))

    def getPeer(self) -> Address:
        return self.address

    def getHost(self) -> Address:
        return Address(port=25)

    # what the client does

    def begin(self, protocol: Any) -> None:
        self.protocol = protocol
        protocol.makeConnection(self)

    def send(self, octets: bytes) -> None:
        if self.is_closed:
            raise AssertionError(f"the server has closed; cannot send {octets!r}")
        if self._deflater is not None:
            octets = self._deflater.compress(octets) + self._deflater.flush(zlib.Z_SYNC_FLUSH)
        if self.reading_paused:
            self._kept_back.append(octets)
        else:
            self.protocol.dataReceived(octets)

    async def read_line(self) -> bytes:
        """The server's next line without its CRLF; b"[closed]" when there is no more."""
        while (end := self.received.find(b"\r\n")) < 0:
            if self.is_closed:
                assert not self.received, f"half a line before the end: {bytes(self.received)!r}"
                return b"[closed]"
            await self._wait()
        line = bytes(self.received[:end])
        del self.received[: end + 2]
        return line

    async def skip_lines(self, begin: bytes) -> None:
        """Pass over the server's lines that begin so."""
        while (line := await self.read_line()).startswith(begin):
            pass
        self.received[:0] = line + b"\r\n"

    async def read_octets(self, count: int) -> bytes:
        """So many octets of the server's, with whatever line ends are in them."""
        while len(self.received) < count:
            assert not self.is_closed, "the server closed in the middle"
            await self._wait()
        octets = bytes(self.received[:count])
        del self.received[:count]
        return octets

    async def wait_for_tls(self) -> None:
        """Return when the server has begun TLS once more than before."""
        while not self.tls_started:
            await self._wait()
        self.tls_started -= 1

    def begin_deflate(self) -> None:
        """What the server says is compressed, and so is what it hears."""
        self._deflater, self._inflater = zlib.compressobj(wbits=-15), zlib.decompressobj(-15)
        self.received[:] = self._inflater.decompress(bytes(self.received))

    def end_deflate(self) -> None:
        """Neither is compressed any more; the server had said nothing else so far."""
        self._deflater = self._inflater = None

    async def hang_up(self) -> None:
        """The client goes away."""
        self.abortConnection()
        await asyncio.sleep(0)

    async def _wait(self) -> None:
        self._news.clear()
        await asyncio.wait_for(self._news.wait(), PATIENCE_SECONDS)


class Line(msgspec.Struct, frozen=True):
    """One line of a transcript."""

    number: int
    client: int
    speaker: str  # S, C or R
    text: bytes


def read_transcript(path: Path) -> tuple[dict[str, str], list[Line]]:
    """(options, lines); raises ValueError with the line's number for what is neither."""
    options: dict[str, str] = {}
    lines: list[Line] = []
    for number, text in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if text.startswith("#") or not text.strip():
            if text.startswith("# with:"):
                options.update(word.split("=", 1) for word in text.removeprefix("# with:").split())
            continue
        speaker, colon, said = text.partition(":")
        if not colon or speaker[:1] not in ("S", "C", "R") or not (speaker[1:] or "1").isdigit():
            raise ValueError(f"{path.name}:{number}: neither S: nor C: nor R:")
        octets = said.removeprefix(" ").encode()
        if speaker[0] == "R":
            octets = octets.decode("unicode_escape").encode("latin-1")
        lines.append(Line(number, int(speaker[1:] or "1"), speaker[0], octets))
    return options, lines


async def play(path: Path, set_stage: Callable[[dict[str, str]], Any]) -> None:
    """Play the transcript; AssertionError names the first line that went otherwise."""
    options, lines = read_transcript(path)
    stage = await set_stage(options)
    clients: dict[int, MemoryTransport] = {}
    try:
        for line in lines:
            where = f"{path.name}:{line.number}"
            client = clients.get(line.client)
            if client is None:
                client = clients[line.client] = MemoryTransport(options.get("peer", "127.0.0.1"))
                stage.connect(client)
            if line.text == b"[silence]":
                while client.protocol.session.is_busy:  # noqa: ASYNC110 what comes is read at once
                    await asyncio.sleep(0)
                client.protocol.timed_out()
            elif line.speaker == "C":
                client.send(line.text + b"\r\n")
            elif line.speaker == "R":
                client.send(line.text)
            elif line.text == b"[tls]":
                await client.wait_for_tls()
            elif line.text == b"[deflate]":
                client.begin_deflate()
            elif line.text == b"[plain]":
                client.end_deflate()
            elif line.text.endswith(b"**"):
                await client.skip_lines(line.text[:-2])
            else:
                try:
                    said = await client.read_line()
                except TimeoutError:
                    raise AssertionError(f"{where}: nothing more came; expected {line.text!r}") from None
                assert matches(line.text, said), f"{where}:\n  expected {line.text!r}\n  but came {said!r}"
        for number, client in clients.items():
            assert not client.received, f"{path.name}: left over for client {number}: {bytes(client.received)!r}"
    finally:
        for client in clients.values():
            await client.hang_up()


def matches(expected: bytes, said: bytes) -> bool:
    """True when the line is as expected; a `*` at the end stands for any rest."""
    if expected.endswith(b"*"):
        return said.startswith(expected[:-1])
    return said == expected
