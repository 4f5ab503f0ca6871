"""The transport end that stream protocols share: paced output, time-outs, TLS, compression, tasks with the peer.

A protocol's `endpoint.py` subclasses `Connection` and hands bytes to its session; sessions see only the `Output`
contract, so that they run in memory in tests.
"""

from __future__ import annotations

import asyncio
import types
import zlib
from collections.abc import Coroutine, Generator
from time import monotonic
from typing import Any, TypeVar, cast
from typing import Protocol as Contract

import structlog
from twisted.internet import interfaces
from twisted.internet.protocol import Protocol, connectionDone
from twisted.python.failure import Failure
from zope.interface import implementer

from posthouse.core.peer import Peer
from posthouse.protocols.binding import channel_binding
from posthouse.protocols.compression import CompressionSettings, DeflatingTransport, Inflater

log = structlog.get_logger()

T = TypeVar("T")
HELD_OCTETS = 65_536  # of what one turn writes; more goes out before its end


class Output(Contract):
    """Where a session writes."""

    def write(self, octets: bytes) -> None:
        """Send, in order; returns at once."""

    async def drain(self) -> None:
        """Return when the peer has taken enough of what was written; raises ConnectionError when it has gone."""


@implementer(interfaces.IPushProducer)
class Connection(Protocol):
    """One peer's connection.

    Subclasses override `opened`, `received`, `lost` and, for protocols with STARTTLS, call `start_tls`.
    """

    transport: Any
    _loop: asyncio.AbstractEventLoop  # kept, since to ask for it takes a system call
    closing_seconds = 30.0  # how long the peer may take for what was written last, and to end TLS

    def __init__(self, tls_context_factory: Any = None, *, implicit_tls: bool = False) -> None:
        self._tls_context_factory = tls_context_factory
        self._implicit_tls = implicit_tls
        self._paused = False
        self._waiting: asyncio.Future[None] | None = None
        self._timeout: asyncio.TimerHandle | None = None
        self._seconds = 0.0
        self._heard = 0.0
        self._tasks: set[asyncio.Task[None]] = set()
        self.peer = Peer("", 0, implicit_tls)
        self.is_open = False
        self._is_closing = False
        self._deflating: DeflatingTransport | None = None
        self._inflater: Inflater | None = None
        self._reading_paused = False
        self._held: list[bytes] | None = None  # what was written since octets came, which goes out as one
        self._held_octets = 0

    # What subclasses give

    def opened(self) -> None:
        """The connection stands (before any TLS handshake has finished)."""

    def received(self, octets: bytes) -> None:
        """Bytes came."""
        raise NotImplementedError

    def lost(self) -> None:
        """The connection is gone; tasks are being cancelled."""

    def timed_out(self) -> None:
        """Nothing came for as long as `set_timeout` said."""
        self.close()

    # What sessions use

    def write(self, octets: bytes) -> None:
        if self._held is not None:
            self._held.append(octets)
            self._held_octets += len(octets)
            if self._held_octets >= HELD_OCTETS:
                self._send_held(self._held)
        elif self.is_open:
            self.transport.write(octets)

    async def drain(self) -> None:
        if not self.is_open:
            raise ConnectionError("the peer has gone")
        if self._deflating is not None:
            await self._deflating.drain()
        if self._paused:
            if self._waiting is None:
                self._waiting = self._loop.create_future()
            await asyncio.shield(self._waiting)

    def close(self) -> None:
        """Close when all that was written has gone out; a peer that does not let us is cut."""
        if self.is_open:
            self._send_held(self._held)
            self.set_timeout(0)
            self._is_closing = True
            self._timeout = self._loop.call_later(self.closing_seconds, self.abort)
            # the TLS layer closes only behind the last octet of a producer, and what was written is all there will be
            self.transport.unregisterProducer()
            self.transport.loseConnection()

    def abort(self) -> None:
        """Close now."""
        if self.is_open:
            self._send_held(self._held)
            self.transport.abortConnection()

    def start_tls(self) -> None:
        """Begin TLS behind what was written; the caller drops plain bytes that it had buffered (RFC 3207, RFC 2595)."""
        self._send_held(self._held)
        self.transport.startTLS(self._tls_context_factory)
        self.peer = Peer(self.peer.host, self.peer.port, True)

    def start_compression(self, settings: CompressionSettings) -> None:
        """Compress behind what was written, and inflate what comes from now on (RFC 4978 3)."""
        self._send_held(self._held)
        self.transport = self._deflating = DeflatingTransport(self.transport, settings)
        self._inflater = Inflater()

    def stop_compression(self) -> None:
        """What was written is the last that is compressed, and what came by now was (RFC 8437 4.1)."""
        if self._deflating is None or self._inflater is None:
            return
        self._send_held(self._held)
        self.transport, self._deflating = self._deflating.finish(), None
        rest, self._inflater = self._inflater.rest(), None
        if rest:
            self.received(rest)

    @property
    def is_compressed(self) -> bool:
        return self._deflating is not None

    def pause_reading(self) -> None:
        """Take nothing more from the peer for now."""
        self._reading_paused = True
        self.transport.pauseProducing()

    def resume_reading(self) -> None:
        """Go on taking."""
        self._reading_paused = False
        if self._inflater is not None:
            self._inflate(self._inflater)
        if self.is_open and not self._reading_paused:
            self.transport.resumeProducing()

    def speak_for(self, host: str, port: int) -> None:
        """The peer is a server, and its client is there."""
        self.peer = Peer(host, port, self.peer.tls)

    @property
    def can_start_tls(self) -> bool:
        return self._tls_context_factory is not None and not self.peer.tls

    @property
    def can_bind(self) -> bool:
        """True where a login can be bound to its TLS connection."""
        return self.peer.tls and hasattr(self.transport, "getHandle")

    def binding(self, kind: str) -> bytes | None:
        """What it is bound by, of that type; None when there is no such type."""
        return channel_binding(self.transport.getHandle(), kind)

    def set_timeout(self, seconds: float) -> None:
        """Call `timed_out` when nothing comes for so long; 0 for never. Not behind `close`."""
        self._seconds = seconds
        if self._timeout is not None:
            self._timeout.cancel()
            self._timeout = None
        if seconds and not self._is_closing:
            self._heard = monotonic()
            self._timeout = self._loop.call_later(seconds, self._on_timeout)

    def spawn(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Run a coroutine that ends with the connection; what it raises is logged as our fault and closes."""
        task = self._loop.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._done)
        return task

    def start(self, work: Coroutine[Any, Any, None]) -> None:
        """Run a coroutine as `spawn` does, but at once, up to where it waits: what never waits needs no task.

        Until then it must not ask for its task, as asyncio.timeout does.
        """
        try:
            waits_for = work.send(None)
        except StopIteration:
            return
        except Exception as error:
            self._fail(error)
            return
        self.spawn(cast(Coroutine[Any, Any, None], _go_on(work, waits_for)))

    # Twisted's side

    def connectionMade(self) -> None:
        self._loop = asyncio.get_running_loop()
        address = self.transport.getPeer()
        self.peer = Peer(getattr(address, "host", ""), getattr(address, "port", 0), self._implicit_tls)
        self.is_open = True
        if hasattr(self.transport, "setTcpNoDelay"):
            self.transport.setTcpNoDelay(True)
        self.transport.registerProducer(self, True)
        self.opened()

    def dataReceived(self, data: bytes) -> None:
        if self._is_closing:
            return  # TLS goes on reading until the peer ends it, and nobody asks any more
        if self._timeout is not None:
            self._heard = monotonic()
        if self._held is not None:
            self._take(data)  # a transport that goes on reading gives at once what it has kept
            return
        held: list[bytes] = []
        self._held = held
        try:
            if self._inflater is None:
                self.received(data)
            else:
                self._take(data)
        finally:
            self._send_held(held)
            self._held = None

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self.is_open = False
        self.set_timeout(0)
        if self._deflating is not None:
            self._deflating.lost()
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_exception(ConnectionError("the peer has gone"))
            self._waiting.exception()  # seen: a drain that nobody awaits any more is no news
            self._waiting = None
        for task in list(self._tasks):
            task.cancel()
        self.lost()

    def pauseProducing(self) -> None:
        self._paused = True

    def resumeProducing(self) -> None:
        self._paused = False
        if self._waiting is not None:
            if not self._waiting.done():
                self._waiting.set_result(None)
            self._waiting = None

    def stopProducing(self) -> None:
        self.resumeProducing()

    def _take(self, data: bytes) -> None:
        if self._inflater is None:
            self.received(data)
        else:
            self._inflater.feed(data)
            self._inflate(self._inflater)

    def _send_held(self, held: list[bytes] | None) -> None:
        if held:
            octets = held[0] if len(held) == 1 else b"".join(held)
            held.clear()
            self._held_octets = 0
            if self.is_open:
                self.transport.write(octets)

    def _inflate(self, inflater: Inflater) -> None:
        try:
            while self.is_open and not self._is_closing and not self._reading_paused:
                piece = inflater.next_piece()
                if not piece:
                    return
                self.received(piece)
        except zlib.error as error:
            log.info("compression failed", peer=self.peer.host, error=str(error))
            self.abort()

    def _on_timeout(self) -> None:
        # one timer a connection, not one a packet: it looks when the peer was heard last and sleeps on
        left = self._heard + self._seconds - monotonic()
        if left > 0.01:
            self._timeout = self._loop.call_later(left, self._on_timeout)
            return
        self._timeout = None
        self.timed_out()

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if task.cancelled():
            return
        error = task.exception()
        if error is not None:
            self._fail(error)

    def _fail(self, error: BaseException) -> None:
        if not isinstance(error, ConnectionError):
            log.error("session failed", peer=self.peer.host, exc_info=error)
        self.abort()


async def within(seconds: float, work: Coroutine[Any, Any, T]) -> T:
    """What `work` returns; raises TimeoutError when it waits for longer. What never waits costs no timer, no task."""
    try:
        waits_for = work.send(None)
    except StopIteration as done:
        return cast(T, done.value)
    try:
        await asyncio.sleep(0)  # asyncio.timeout wants a task, which `Connection.start` makes now
        async with asyncio.timeout(seconds):
            return await _go_on(work, waits_for)
    finally:
        work.close()


@types.coroutine
def _go_on(work: Coroutine[Any, Any, T], waits_for: Any) -> Generator[Any, Any, T]:
    """The rest of a coroutine that waits for something, None for the loop's next turn: what this task's first is."""
    try:
        if waits_for is None:
            waits_for = work.send(None)
        while True:
            try:
                came = yield waits_for
            except BaseException as error:
                waits_for = work.throw(error)
            else:
                waits_for = work.send(came)
    except StopIteration as done:
        return cast(T, done.value)
    finally:
        work.close()
