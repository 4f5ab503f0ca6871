"""Clients that deliver and append marked letters through every failure, and remember what was acknowledged."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from itertools import count

BODY = b"x" * 70 + b"\r\n"


class Ledger:
    """Marks that were sent and those that were answered 250/OK; `close` ends the senders."""

    def __init__(self) -> None:
        self.sent: set[str] = set()
        self.acknowledged: set[str] = set()
        self._numbers = count()
        self._is_open = True

    def close(self) -> None:
        """No more letters."""
        self._is_open = False

    def next_mark(self, kind: str) -> str | None:
        """A new mark, None when there shall be no more."""
        if not self._is_open:
            return None
        mark = f"mark-{kind}-{next(self._numbers):06}"
        self.sent.add(mark)
        return mark


def letter(mark: str, lines: int) -> bytes:
    """A small letter with its mark as subject; sizes differ so that some are blob files."""
    return b"From: a@example.net\r\nSubject: " + mark.encode() + b"\r\n\r\n" + BODY * lines


async def deliver(port: Callable[[], int], recipients: list[str], ledger: Ledger, *, lines: int = 10) -> None:
    """One LMTP client: a letter after the other, a new connection after each failure."""
    while (mark := ledger.next_mark("lmtp")) is not None:
        try:
            async with asyncio.timeout(60):
                await _deliver_some(port(), recipients, ledger, mark, lines)
        except (OSError, EOFError, TimeoutError):
            await asyncio.sleep(0.02)  # the server is coming back


async def _deliver_some(port: int, recipients: list[str], ledger: Ledger, first: str, lines: int) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        await _reply(reader)
        await _ask(reader, writer, b"LHLO client.example.net")
        mark: str | None = first
        while mark is not None:
            recipient = recipients[hash(mark) % len(recipients)]
            if not (await _ask(reader, writer, b"MAIL FROM:<a@example.net>")).startswith(b"250"):
                return
            if not (await _ask(reader, writer, b"RCPT TO:<" + recipient.encode() + b">")).startswith(b"250"):
                return
            if not (await _ask(reader, writer, b"DATA")).startswith(b"354"):
                return
            size = 2000 if hash(mark) % 10 == 0 else lines
            if (await _ask(reader, writer, letter(mark, size) + b".")).startswith(b"250"):
                ledger.acknowledged.add(mark)
            mark = ledger.next_mark("lmtp")
    finally:
        writer.close()


async def append(port: Callable[[], int], account: str, password: str, ledger: Ledger) -> None:
    """One IMAP client that appends a letter after the other."""
    while (mark := ledger.next_mark("append")) is not None:
        try:
            async with asyncio.timeout(60):
                await _append_some(port(), account, password, ledger, mark)
        except (OSError, EOFError, TimeoutError):
            await asyncio.sleep(0.02)


async def _append_some(port: int, account: str, password: str, ledger: Ledger, first: str) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        await _line(reader)
        if not await _tagged(reader, writer, f'a LOGIN "{account}" "{password}"'.encode()):
            return
        mark: str | None = first
        while mark is not None:
            octets = letter(mark, 5)
            if await _tagged(reader, writer, b"a APPEND INBOX {%d+}\r\n" % len(octets) + octets):
                ledger.acknowledged.add(mark)
            mark = ledger.next_mark("append")
    finally:
        writer.close()


async def _ask(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, line: bytes) -> bytes:
    writer.write(line + b"\r\n")
    return await _reply(reader)


async def _reply(reader: asyncio.StreamReader) -> bytes:
    while True:
        line = await _line(reader)
        if line[3:4] != b"-":
            return line


async def _tagged(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, command: bytes) -> bool:
    writer.write(command + b"\r\n")
    while True:
        line = await _line(reader)
        if line.startswith(b"a "):
            return line.startswith(b"a OK")
        if line.startswith(b"* BYE"):
            raise ConnectionError("bye")


async def _line(reader: asyncio.StreamReader) -> bytes:
    line = await reader.readline()
    if not line.endswith(b"\n"):
        raise EOFError
    return line
