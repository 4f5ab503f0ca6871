"""A TCP connection on the event loop itself, with the transport's methods that Twisted's protocols use.

What Twisted's reactor does in Python at every read and write, the loop does in C: sessions cost a seventh less.
TLS stays Twisted's, as a layer on top; why is in docs/decisions/0005-transport.md.
"""
# mypy: disallow-untyped-calls=False

from __future__ import annotations

import asyncio
from typing import Any, Protocol, cast

import msgspec
import structlog
from twisted.internet.protocol import connectionDone

from posthouse.server.worker.proxy import BadHeader, read_header
from posthouse.server.worker.tls import tls_behind

log = structlog.get_logger()

HEADER_SECONDS = 10.0  # how long a proxy may take to say who is behind it
FAREWELL_SECONDS = 3.0  # how long a peer that has been sent all may take to end TLS
READ_OCTETS = 256_000  # what the loop reads at once; where that has come it goes on reading, up to 32 times
WRITE_OCTETS = 65_536  # written and not taken by the peer, from which on a producer pauses


class Address(msgspec.Struct, frozen=True):
    """The peer's address."""

    host: str
    port: int


class Entrance(Protocol):
    """What a connection comes in by: a listener's door, or what asked for a connection of ours."""

    def is_proxy(self, host: str) -> bool:
        """True for a peer that says first who is behind it."""

    def refuse(self) -> None:
        """One was turned away."""

    def buildProtocol(self, address: Any) -> Any:
        """What speaks on the connection; None to close it."""


class LoopTransport(asyncio.Protocol):
    """One connection: the loop's protocol, and the transport of what the entrance builds."""

    __slots__ = ("_door", "_header", "_paused", "_peer", "_producer", "_timer", "_transport", "_turn", "protocol")

    def __init__(self, door: Entrance) -> None:
        self._door = door
        self._producer: Any = None
        self._transport: asyncio.Transport
        self._peer = Address("", 0)
        self._header: bytes | None = None  # of the PROXY protocol, as far as it has come
        self._timer: asyncio.TimerHandle | None = None
        self._turn: asyncio.Handle | None = None  # that is waited for, before more is read
        self._paused = False  # by the protocol
        self.protocol: Any = None

    # What the loop calls

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's are no subclass
        peer = transport.get_extra_info("peername")
        if peer is None:  # it has gone already
            self._transport.abort()
            return
        self._peer = Address(peer[0], peer[1])
        if self._door.is_proxy(self._peer.host):
            self._header = b""
            self._timer = asyncio.get_running_loop().call_later(HEADER_SECONDS, self._transport.abort)
        else:
            self._enter()

    def data_received(self, data: bytes) -> None:
        if len(data) >= READ_OCTETS and self._turn is None:
            # who sends much would else be heard for 8 MB before others have their turn
            self._transport.pause_reading()
            self._turn = asyncio.get_running_loop().call_soon(self._read_on)
        if self._header is not None:
            data = self._read_header(self._header + data)
        if data and self.protocol is not None:
            try:
                self.protocol.dataReceived(data)
            except Exception:
                self._fail()

    def _read_on(self) -> None:
        self._turn = None
        if not self._paused and not self._transport.is_closing():
            self._transport.resume_reading()

    def _read_header(self, octets: bytes) -> bytes:
        """What stands behind the header of the PROXY protocol, once it is whole."""
        try:
            found = read_header(octets)
        except BadHeader as error:
            log.warning("a proxy's header cannot be read", peer=self._peer.host, why=str(error))
            self._door.refuse()
            self._transport.abort()
            return b""
        if found is None:
            self._header = octets
            return b""
        self._header = None
        self._cancel_timer()
        origin, rest = found
        if origin.host:
            self._peer = Address(origin.host, origin.port)
        self._enter()
        return rest

    def _cancel_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _enter(self) -> None:
        self.protocol = self._door.buildProtocol(self._peer)
        if self.protocol is None:
            self._transport.abort()
            return
        self._transport.set_write_buffer_limits(WRITE_OCTETS)
        self._guard(self.protocol.makeConnection, self)

    def connection_lost(self, exc: Exception | None) -> None:
        self._cancel_timer()
        if self.protocol is not None:
            self._guard(self.protocol.connectionLost, connectionDone)
            self._producer = self.protocol = None

    def pause_writing(self) -> None:
        if self._producer is not None:
            self._producer.pauseProducing()

    def resume_writing(self) -> None:
        if self._producer is not None:
            self._producer.resumeProducing()

    # What protocols call; Twisted's ITCPTransport and IConsumer

    def write(self, octets: bytes) -> None:
        """Send behind what was written before."""
        self._transport.write(octets)

    def writeSequence(self, chunks: list[bytes]) -> None:
        """Likewise."""
        self._transport.write(b"".join(chunks))

    @property
    def disconnecting(self) -> bool:
        """True from when it was to close."""
        return self._transport.is_closing()

    def loseConnection(self) -> None:
        """Close when all has been sent."""
        self._transport.close()

    def loseWriteConnection(self) -> None:
        """Say that there is no more when all has been sent, and go on reading."""
        if not self._transport.is_closing():
            self._transport.write_eof()

    def end_soon(self) -> None:
        """Nothing more is written: wait `FAREWELL_SECONDS` for the peer to end TLS, longer while it takes the rest."""
        if self._timer is None and not self._transport.is_closing():
            self._timer = asyncio.get_running_loop().call_later(FAREWELL_SECONDS, self._end)

    def abortConnection(self) -> None:
        """Close now."""
        self._transport.abort()

    def getPeer(self) -> Address:
        """Who is at the other end."""
        return self._peer

    def getHost(self) -> Address:
        """Where they came in."""
        return Address(*self._transport.get_extra_info("sockname")[:2])

    def registerProducer(self, producer: Any, streaming: bool) -> None:
        """Tell `producer` when to pause; it pushes (`streaming`)."""
        self._producer = producer

    def unregisterProducer(self) -> None:
        """Tell it no more."""
        self._producer = None

    def pauseProducing(self) -> None:
        """Take nothing more from the peer for now."""
        self._paused = True
        if not self._transport.is_closing():
            self._transport.pause_reading()

    def resumeProducing(self) -> None:
        """Go on taking."""
        self._paused = False
        if self._turn is None and not self._transport.is_closing():
            self._transport.resume_reading()

    def startTLS(self, context_factory: Any, *, is_client: bool = False) -> None:
        """Put TLS between the protocol and this transport, as its server's end or its client's."""
        protocol, producer = self.protocol, self._producer
        self._producer = None
        tls = tls_behind(context_factory, protocol, is_client=is_client)
        self.protocol = tls
        protocol.transport = tls
        tls.makeConnection(self)
        if producer is not None:
            tls.registerProducer(producer, True)

    def _end(self) -> None:
        self._timer = None
        if self._transport.get_write_buffer_size():
            self.end_soon()
        else:
            self._transport.abort()

    def _guard(self, tell: Any, *arguments: Any) -> None:
        try:
            tell(*arguments)
        except Exception:
            self._fail()

    def _fail(self) -> None:
        """It is our fault: log it, and give up the connection."""
        log.exception("connection failed", peer=self._peer.host)
        self._transport.abort()
