"""IMAP over a transport: TLS at once (RFC 8314) or by STARTTLS (RFC 9051 6.2.1), time-outs, graceful stop."""

from __future__ import annotations

import asyncio
from typing import Any

from twisted.internet.interfaces import IAddress
from twisted.internet.protocol import Factory

from posthouse.protocols.connection import Connection
from posthouse.protocols.imap.contracts import Contracts
from posthouse.protocols.imap.session import Session


class ImapConnection(Connection):
    """One client."""

    def __init__(self, factory: ImapFactory) -> None:
        super().__init__(factory.tls_context_factory, implicit_tls=factory.implicit_tls)
        self._factory = factory
        self._progress = 0.0
        self.session = Session(factory.contracts, self)

    def opened(self) -> None:
        factory = self._factory
        if len(factory.connections) >= factory.contracts.settings.connections:
            self.session.say_bye("Too many connections, try later", b"UNAVAILABLE")
            return
        factory.connections.add(self)
        self.session.begin()

    def received(self, octets: bytes) -> None:
        self.session.received(octets)

    def lost(self) -> None:
        self._factory.connections.discard(self)
        self.session.lost()

    def timed_out(self) -> None:
        # a peer that only reads, a large answer for instance, is not silent, nor is one that waits for a long search
        since = asyncio.get_running_loop().time() - self._seconds
        if self.session.is_busy and (not self._paused or self._progress > since):
            self.set_timeout(self._seconds)
        elif self.session.is_busy:
            self.abort()
        else:
            self.session.say_bye("Nothing was heard for too long")

    def resumeProducing(self) -> None:
        self._progress = asyncio.get_running_loop().time()
        super().resumeProducing()

    def pause_reading(self) -> None:
        """Take nothing more from the peer for now."""
        self.transport.pauseProducing()

    def resume_reading(self) -> None:
        """Go on taking."""
        if self.is_open:
            self.transport.resumeProducing()


class ImapFactory(Factory):
    """One listener's connections.

    `tls_context_factory` offers STARTTLS, or is what the listener itself uses when `implicit_tls` is true.
    """

    noisy = False

    def __init__(self, contracts: Contracts, tls_context_factory: Any = None, *, implicit_tls: bool = False) -> None:
        self.contracts = contracts
        self.tls_context_factory = tls_context_factory
        self.implicit_tls = implicit_tls
        self.connections: set[ImapConnection] = set()

    def buildProtocol(self, addr: IAddress | None) -> ImapConnection:
        connection = ImapConnection(self)
        connection.factory = self
        return connection

    def drain(self) -> None:
        """Let running commands end, and every session then; the listener takes no new ones any more."""
        for connection in list(self.connections):
            connection.session.drain()
