"""A site on a connection in memory: what is sent to it, and what came back."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import msgspec
from twisted.internet.protocol import connectionDone

from posthouse.webdav.http.settings import HttpSettings
from posthouse.webdav.http.site import Handler, HttpFactory


class Address(msgspec.Struct):
    host: str = "192.0.2.7"
    port: int = 4000


class Wire:
    """The transport of one connection."""

    disconnecting = False

    def __init__(self, factory: HttpFactory, host: str = "192.0.2.7") -> None:
        self.out = bytearray()
        self.is_paused = False
        self.is_cut = False
        self.producer: Any = None
        self._host = host
        self._changed = asyncio.Event()
        self.channel = factory.buildProtocol(None)
        self.channel.makeConnection(self)

    def send(self, octets: bytes) -> None:
        self.channel.dataReceived(octets)

    def lose(self) -> None:
        self.channel.connectionLost(connectionDone)

    async def until(self, holds: Callable[[], bool]) -> None:
        """Wait for something to be written, or to happen to the connection."""
        async with asyncio.timeout(30):
            while not holds():
                self._changed.clear()
                await self._changed.wait()

    async def answer(self) -> tuple[int, dict[str, str], bytes]:
        """The next whole answer with a length: status, fields, body."""
        await self.until(lambda: b"\r\n\r\n" in self.out)
        head, _, _ = bytes(self.out).partition(b"\r\n\r\n")
        lines = head.decode().split("\r\n")
        fields = dict(line.lower().split(": ", 1) for line in lines[1:])
        length = int(fields.get("content-length", "0"))
        await self.until(lambda: len(self.out) >= len(head) + 4 + length)
        body = bytes(self.out[len(head) + 4 : len(head) + 4 + length])
        del self.out[: len(head) + 4 + length]
        return int(lines[0].split(" ")[1]), fields, body

    # Twisted's side

    def write(self, octets: bytes) -> None:
        self.out += octets
        self._changed.set()

    def writeSequence(self, pieces: list[bytes]) -> None:
        self.write(b"".join(pieces))

    def getPeer(self) -> Address:
        return Address(self._host)

    def getHost(self) -> Address:
        return Address()

    def registerProducer(self, producer: Any, streaming: bool) -> None:
        self.producer = producer

    def unregisterProducer(self) -> None:
        self.producer = None

    def pauseProducing(self) -> None:
        self.is_paused = True
        self._changed.set()

    def resumeProducing(self) -> None:
        self.is_paused = False
        self._changed.set()

    def loseConnection(self) -> None:
        self.disconnecting = True
        self._changed.set()

    def loseWriteConnection(self) -> None:
        self.loseConnection()

    def abortConnection(self) -> None:
        self.is_cut = True
        self._changed.set()
        asyncio.get_running_loop().call_soon(self.lose)  # as a real one does, or what waits for it waits for ever


def site(handler: Handler, *path: str, **settings: Any) -> HttpFactory:
    """A site with one handler."""
    return HttpFactory({path: handler}, HttpSettings(**settings))
