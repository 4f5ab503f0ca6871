"""Connections that we open: from an address of ours, on the event loop, with TLS as its client's end."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import Any

from OpenSSL import SSL
from twisted.internet.interfaces import IHandshakeListener
from twisted.internet.protocol import connectionDone
from twisted.python.failure import Failure
from zope.interface import implementer

from posthouse.core.peer import Peer
from posthouse.core.queue.contracts import Hop
from posthouse.protocols.connection import Connection
from posthouse.protocols.smtp.relay.channel import Channel, TlsFailed
from posthouse.protocols.smtp.relay.endpoint import SmtpRelay
from posthouse.protocols.smtp.relay.tls.contexts import ClientTls
from posthouse.protocols.smtp.relay.tls.failures import handshake_failure
from posthouse.server.configuration import Configuration
from posthouse.server.configuration.tree import authorities_file
from posthouse.server.worker.transport import LoopTransport

READ_OCTETS = 131_072  # that wait to be read, from which on the peer is heard no more


def build_relay(configuration: Configuration, hostname: str) -> SmtpRelay:
    """The relay of one worker."""
    settings, authorities = configuration.relay, authorities_file(configuration)
    return SmtpRelay(LoopConnector(settings.tls_seconds), hostname, settings, ClientTls(authorities))


class LoopConnector:
    """Opens connections; `tls_seconds` is how long a handshake may take."""

    def __init__(self, tls_seconds: float) -> None:
        self._tls_seconds = tls_seconds

    async def connect(self, hop: Hop, seconds: float) -> Channel:
        """To the hop's address, from its source; raises OSError (TimeoutError behind so many seconds)."""
        connection = OutgoingConnection(self._tls_seconds)
        source = (hop.source, 0) if hop.source else None
        build = partial(LoopTransport, _Way(connection))
        async with asyncio.timeout(seconds):
            await asyncio.get_running_loop().create_connection(build, hop.address, hop.port, local_addr=source)
        if not connection.is_open:
            raise ConnectionResetError("the connection broke")
        return connection


class _Way:
    """The entrance of one connection of ours."""

    def __init__(self, connection: OutgoingConnection) -> None:
        self._connection = connection

    def is_proxy(self, _host: str) -> bool:
        return False

    def refuse(self) -> None:
        """Never called: nobody comes in here."""

    def buildProtocol(self, _address: Any) -> OutgoingConnection:
        return self._connection


@implementer(IHandshakeListener)
class OutgoingConnection(Connection):
    """One connection of ours; the relay client's Channel."""

    def __init__(self, tls_seconds: float) -> None:
        super().__init__()
        self._tls_seconds = tls_seconds
        self._unread = bytearray()
        self._news: asyncio.Future[None] | None = None
        self._handshake: asyncio.Future[SSL.Connection] | None = None
        self._reading_paused = False

    @property
    def is_quiet(self) -> bool:
        """True while it stands and all that came has been read."""
        return self.is_open and not self._unread

    async def read(self) -> bytes:
        """What came, waiting for it; b"" when the peer has gone."""
        while not self._unread:
            if not self.is_open:
                return b""
            self._news = asyncio.get_running_loop().create_future()
            await self._news
        return self._take_unread()

    async def begin_tls(self, creator: Any) -> SSL.Connection:
        """Begin TLS; the connection's SSL.Connection when the handshake is done. Raises TlsFailed."""
        if not self.is_open:
            raise TlsFailed("validation-failure", "the connection broke before TLS")
        self._take_unread()  # RFC 3207 4.2: it is dropped
        self._handshake = asyncio.get_running_loop().create_future()
        self.transport.startTLS(creator, is_client=True)
        try:
            async with asyncio.timeout(self._tls_seconds):
                handle = await self._handshake
        except TimeoutError:
            self.abort()
            raise TlsFailed("validation-failure", f"TLS did not stand within {self._tls_seconds:g} seconds") from None
        self.peer = Peer(self.peer.host, self.peer.port, True)
        return handle

    # Twisted's side

    def received(self, octets: bytes) -> None:
        self._unread += octets
        self._wake()
        if len(self._unread) > READ_OCTETS and not self._reading_paused:
            self._reading_paused = True
            self.transport.pauseProducing()

    def handshakeCompleted(self) -> None:
        if self._handshake is not None and not self._handshake.done():
            self._handshake.set_result(self.transport.getHandle())

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        if self._handshake is not None and not self._handshake.done():
            self._handshake.set_exception(handshake_failure(reason.value))
        super().connectionLost(reason)
        self._wake()

    def _take_unread(self) -> bytes:
        octets = bytes(self._unread)
        self._unread.clear()
        if self._reading_paused and self.is_open:
            self._reading_paused = False
            self.transport.resumeProducing()
        return octets

    def _wake(self) -> None:
        if self._news is not None and not self._news.done():
            self._news.set_result(None)
