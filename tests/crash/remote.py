"""A mail server of others, in the test's own process: takes letters, remembers their marks, can be slow or refuse."""

from __future__ import annotations

import asyncio
import re
from collections import Counter

MARK = re.compile(rb"mark-[a-z]+-\d{6}")


class Remote:
    """What it has taken, by mark; `port` once it is started."""

    def __init__(self) -> None:
        self.taken: Counter[str] = Counter()
        self.port = 0

    async def start(self) -> None:
        """Listen."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, limit=1 << 22)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Listen no more."""
        self._server.close()
        await self._server.wait_closed()

    async def wait_for(self, marks: set[str], seconds: float) -> None:
        """Return when it has all of these; raises AssertionError."""
        ends = asyncio.get_running_loop().time() + seconds
        while missing := marks - set(self.taken):
            assert asyncio.get_running_loop().time() < ends, f"{len(missing)} were not carried: {sorted(missing)[:5]}"
            await asyncio.sleep(0.05)  # looks again

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await self._talk(reader, writer)
        except (OSError, asyncio.IncompleteReadError):
            pass  # the other end was killed
        finally:
            writer.close()

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 remote.example.net ESMTP\r\n")
        while line := await reader.readline():
            verb = line[:4].upper()
            if verb == b"EHLO":
                writer.write(b"250-remote.example.net\r\n250-PIPELINING\r\n250 8BITMIME\r\n")
            elif verb == b"DATA":
                writer.write(b"354 go on\r\n")
                content = await reader.readuntil(b"\r\n.\r\n")
                found = MARK.search(content)
                if found is not None:
                    self.taken[found[0].decode()] += 1
                writer.write(b"250 2.0.0 taken\r\n")
            elif verb == b"QUIT":
                writer.write(b"221 2.0.0 bye\r\n")
                return
            else:
                writer.write(b"250 2.0.0 ok\r\n")
