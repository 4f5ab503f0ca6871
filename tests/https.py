"""An HTTPS server on loopback that answers as it is told, and the client that trusts it."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from twisted.internet import reactor

from posthouse.core.routing.settings import RoutingSettings
from posthouse.server.certificate import make_self_signed
from posthouse.server.https import Https
from posthouse.server.resolver import DnsResolver


class HttpsServer:
    """Answers anything with `answer`, then with `forever` until it is cut off. `bodies`: what was sent to it."""

    def __init__(self, answer: bytes, forever: bytes = b"") -> None:
        self.answer = answer
        self.forever = forever
        self.asked: list[bytes] = []
        self.bodies: list[bytes] = []
        self.cut = asyncio.Event()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection."""
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            self.asked.append(head)
            for line in head.lower().splitlines():
                if line.startswith(b"content-length:"):
                    self.bodies.append(await reader.readexactly(int(line.partition(b":")[2])))
            writer.write(self.answer)
            while self.forever:
                writer.write(self.forever)
                await writer.drain()
            if not self.answer:
                await reader.read()
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            self.cut.set()
            writer.close()


@asynccontextmanager
async def https_client(
    server: HttpsServer, directory: Path, name: str, settings: RoutingSettings, *, trusted: bool = True
) -> AsyncIterator[Https]:
    """A client for which `server`, with a certificate for `name`, is at every address's port."""
    pair = make_self_signed([name], [])
    (directory / "pair.pem").write_bytes(pair.certificate + pair.key)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(directory / "pair.pem")
    listening = await asyncio.start_server(server.serve, "127.0.0.1", 0, ssl=context)
    port = listening.sockets[0].getsockname()[1]
    authorities = str(directory / "pair.pem") if trusted else ""
    yield Https(reactor, DnsResolver(settings), settings, authorities, port)
    listening.close()
