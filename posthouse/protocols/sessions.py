"""A session over a transport, for every protocol that has one: the contract between both, time-outs, graceful stop."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any, Protocol, TypeVar

from twisted.internet.interfaces import IAddress
from twisted.internet.protocol import Factory

from posthouse.core.peer import Peer
from posthouse.protocols.compression import CompressionSettings
from posthouse.protocols.connection import Connection, Output


class Channel(Output, Protocol):
    """The session's end of the transport."""

    @property
    def peer(self) -> Peer:
        """Who is at the other end, and whether TLS is between."""

    @property
    def can_start_tls(self) -> bool:
        """True where STARTTLS can be offered."""

    @property
    def can_bind(self) -> bool:
        """True where a login can be bound to its TLS connection."""

    def binding(self, kind: str) -> bytes | None:
        """What it is bound by, of that type; None when there is no such type."""

    def speak_for(self, host: str, port: int) -> None:
        """The peer is a server, and its client is there."""

    def start_tls(self) -> None:
        """Begin TLS behind what was written."""

    @property
    def is_compressed(self) -> bool:
        """True behind `start_compression`."""

    def start_compression(self, settings: CompressionSettings) -> None:
        """Compress behind what was written, and take what comes as compressed from now on."""

    def stop_compression(self) -> None:
        """Compress nothing behind what was written, and take what comes as it is; the peer waits or ends its stream."""

    def close(self) -> None:
        """Close behind what was written."""

    def abort(self) -> None:
        """Close now."""

    def set_timeout(self, seconds: float) -> None:
        """End the session after so long a silence."""

    def spawn(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Run a coroutine that ends with the connection."""

    def start(self, work: Coroutine[Any, Any, None]) -> None:
        """Likewise, but at once, up to where it waits; until then it must not ask for its task."""

    def pause_reading(self) -> None:
        """Take nothing more from the peer for now."""

    def resume_reading(self) -> None:
        """Go on taking."""


class Session(Protocol):
    """What a protocol's session is to its transport."""

    @property
    def is_busy(self) -> bool:
        """True while a command runs, which may keep the peer waiting."""

    def begin(self) -> None:
        """The connection stands: greet."""

    def turn_away(self) -> None:
        """There are too many connections: say so, and close."""

    def received(self, octets: bytes) -> None:
        """Octets came from the peer."""

    def expire(self) -> None:
        """Nothing was heard for too long: say so, and close."""

    def drain(self) -> None:
        """The server stops: end now, or when what runs is done."""

    def lost(self) -> None:
        """The connection is gone."""


class Settings(Protocol):
    """Of a protocol, what its factory needs."""

    @property
    def connections(self) -> int:
        """How many there may be at a time."""


class Contracts(Protocol):
    """What a protocol's sessions share."""

    @property
    def settings(self) -> Settings:
        """The protocol's."""


C = TypeVar("C", bound=Contracts)


class SessionConnection(Connection):
    """One client of a `SessionFactory`."""

    def __init__(self, factory: SessionFactory) -> None:
        super().__init__(factory.tls_context_factory, implicit_tls=factory.implicit_tls)
        self._factory = factory
        self._progress = 0.0
        self.session = factory.build_session(self)

    def opened(self) -> None:
        factory = self._factory
        if len(factory.connections) >= factory.most:
            self.session.turn_away()
            return
        factory.connections.add(self)
        self.session.begin()

    def received(self, octets: bytes) -> None:
        self.session.received(octets)

    def lost(self) -> None:
        self._factory.connections.discard(self)
        self.session.lost()
        del self.session  # it leads back here: so that nothing is left for the garbage collector to find

    def timed_out(self) -> None:
        # a peer that only reads, a large answer for instance, is not silent, nor is one that waits for a long search
        since = self._loop.time() - self._seconds
        if self.session.is_busy and (not self._paused or self._progress > since):
            self.set_timeout(self._seconds)
        elif self.session.is_busy:
            self.abort()
        else:
            self.session.expire()

    def resumeProducing(self) -> None:
        self._progress = self._loop.time()
        super().resumeProducing()


class SessionFactory(Factory):
    """One listener's connections, as many at a time as the protocol's settings say; each gets a session of its own.

    `tls_context_factory` offers STARTTLS, or is what the listener itself uses when `implicit_tls` is true.
    """

    noisy = False

    def __init__(
        self,
        session: Callable[[C, Channel], Session],
        contracts: C,
        tls_context_factory: Any = None,
        *,
        implicit_tls: bool = False,
    ) -> None:
        self.build_session: Callable[[Channel], Session] = partial(session, contracts)
        self.most = contracts.settings.connections
        self.tls_context_factory = tls_context_factory
        self.implicit_tls = implicit_tls
        self.connections: set[SessionConnection] = set()

    def buildProtocol(self, addr: IAddress | None) -> SessionConnection:
        connection = SessionConnection(self)
        connection.factory = self
        return connection

    def drain(self) -> None:
        """Let running commands end, and every session then; the listener takes no new ones any more."""
        for connection in list(self.connections):
            connection.session.drain()
