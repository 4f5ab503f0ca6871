"""Clients that write and move files by WebDAV through every failure, and remember what was answered."""

from __future__ import annotations

import asyncio
import base64
import random
from collections.abc import Callable

FILES = 12  # in the tree that is moved


class DavConnection:
    """One connection to one account's files; OSError, EOFError when the server goes."""

    def __init__(self, port: int, account: str, password: str) -> None:
        login = base64.b64encode(f"{account}:{password}".encode()).decode()
        self._port = port
        self._base = f"/dav/files/{account}"
        self._login = f"Authorization: Basic {login}"

    async def __aenter__(self) -> DavConnection:
        self.reader, self.writer = await asyncio.open_connection("127.0.0.1", self._port)
        return self

    async def __aexit__(self, *_: object) -> None:
        self.writer.close()

    def begin(self, method: str, path: str, length: int, *fields: str) -> None:
        """Send a request's header."""
        lines = [f"{method} {self._base}{path} HTTP/1.1", "Host: x", self._login, f"Content-Length: {length}", *fields]
        self.writer.write("\r\n".join([*lines, "", ""]).encode())

    async def ask(self, method: str, path: str, body: bytes = b"", *fields: str) -> tuple[int, bytes]:
        """(status, body) of an answer."""
        self.begin(method, path, len(body), *fields)
        self.writer.write(body)
        await self.writer.drain()
        head = (await self.reader.readuntil(b"\r\n\r\n")).decode().lower()
        length = head.partition("content-length: ")[2].partition("\r\n")[0]
        return int(head.split(" ", 2)[1]), await self.reader.readexactly(int(length or 0))

    async def move(self, source: str, target: str) -> int:
        """The status of a MOVE that takes nothing's place."""
        where = f"Destination: {self._base}{target}"
        return (await self.ask("MOVE", source, b"", where, "Overwrite: F"))[0]


class DavLedger:
    """What was answered, by path; new files are in `folder`; `close` ends the clients."""

    def __init__(self, connect: Callable[[], DavConnection], seed: int, folder: str = "/put") -> None:
        self.connect = connect
        self.folder = folder
        self.acknowledged: dict[str, bytes] = {}
        self.moves = 0
        self.is_open = True
        self._chance = random.Random(seed)
        self._numbers = 0

    def close(self) -> None:
        """No more requests."""
        self.is_open = False

    def next_file(self) -> tuple[str, bytes]:
        """A new path and what shall be there; some are inline, some files of their own."""
        self._numbers += 1
        size = self._chance.choice((10, 3_000, 90_000, 300_000))
        return f"{self.folder}/{self._numbers}", self._chance.randbytes(8) * (size // 8 + 1)


async def put(ledger: DavLedger) -> None:
    """Write one file after the other; a new connection after each failure."""
    while ledger.is_open:
        try:
            async with asyncio.timeout(60), ledger.connect() as client:
                while ledger.is_open:
                    path, octets = ledger.next_file()
                    if (await client.ask("PUT", path, octets))[0] == 201:
                        ledger.acknowledged[path] = octets
        except (OSError, EOFError, TimeoutError):
            await asyncio.sleep(0.02)  # the server is coming back


async def put_half(ledger: DavLedger) -> None:
    """Begin uploads that never become whole."""
    while ledger.is_open:
        try:
            async with asyncio.timeout(60), ledger.connect() as client:
                client.begin("PUT", f"{ledger.next_file()[0]}-half", 400_000)
                client.writer.write(bytes(200_000))
                await client.writer.drain()
                await client.reader.read(1)  # the server's end
        except (OSError, EOFError, TimeoutError):
            await asyncio.sleep(0.02)


async def write_again(ledger: DavLedger, path: str) -> None:
    """Write one file again and again, each time of one octet that it is filled with."""
    number = 0
    while ledger.is_open:
        try:
            async with asyncio.timeout(60), ledger.connect() as client:
                while ledger.is_open:
                    number += 1
                    octets = bytes([number % 256]) * 300_000
                    if (await client.ask("PUT", path, octets))[0] in (201, 204):
                        ledger.acknowledged[path] = octets
        except (OSError, EOFError, TimeoutError):
            await asyncio.sleep(0.02)


async def move_to_and_fro(ledger: DavLedger) -> None:
    """Move a tree from /here to /there and back."""
    while ledger.is_open:
        try:
            async with asyncio.timeout(60), ledger.connect() as client:
                while ledger.is_open:
                    for source, target in (("/here", "/there"), ("/there", "/here")):
                        ledger.moves += await client.move(source, target) == 201
        except (OSError, EOFError, TimeoutError):
            await asyncio.sleep(0.02)
