"""The rim: a connection, its requests' bodies streamed to handlers and their answers paced by the peer; RFC 9112.

A handler begins when the header is whole, so that an upload goes where it belongs as it comes. An answer's head goes
out in one write with what of its body is there: each write is a call into the kernel that wakes the peer. A request
that comes before the one ahead of it is answered waits.
"""
# mypy: disallow-untyped-calls=False, disallow-subclassing-any=False

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import Any, cast

import structlog
from twisted.internet.protocol import Protocol, connectionDone
from twisted.python.failure import Failure

from posthouse.core.peer import Peer
from posthouse.webdav.http.answer import Answer
from posthouse.webdav.http.body import Body
from posthouse.webdav.http.errors import HttpError
from posthouse.webdav.http.head import NO_BODY, compose
from posthouse.webdav.http.idle import IdleClock
from posthouse.webdav.http.parsing import UNREAD, BadRequest, End, Head, Parser
from posthouse.webdav.http.request import HOST, Kept, Request, read_target

log = structlog.get_logger()

CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
BAD, TOO_LATE = 400, 408
LAST = {
    BAD: b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
    TOO_LATE: b"HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
}
UNWANTED_OCTETS = 1 << 20  # of a body that are taken and dropped, so that the connection can go on
LINGER_SECONDS = 5.0  # how long the peer may go on sending what nobody wants, before it is cut
HEARD_SECONDS = 30.0  # likewise, behind the last answer, where it never is silent for LINGER_SECONDS
AHEAD_OCTETS = 16_384  # of later requests that are taken while one is answered
_CLOSE = b"Connection: close\r\n"


class Exchange:
    """One request and its answer on the wire."""

    __slots__ = ("_gone", "_head", "_resumed", "_task", "body", "channel", "has_begun")

    def __init__(self, channel: Channel, head: Head) -> None:
        self.channel = channel
        self.body = Body(head.length, channel)  # not of this: what refers to each other waits for the collector
        self.has_begun = False  # to be answered
        self._head = head
        self._resumed: asyncio.Future[None] | None = None
        self._gone = False
        self._task = channel.loop.create_task(self._answer(self.body))

    def lost(self) -> None:
        """The peer has gone, or shall."""
        self._gone = True
        gone = ConnectionError("the peer has gone")
        self.body.fail(gone)
        if self._resumed is not None and not self._resumed.done():
            self._resumed.set_exception(gone)
        self._task.cancel()

    def taken(self) -> None:
        """The peer has taken what was written."""
        if self._resumed is not None and not self._resumed.done():
            self._resumed.set_result(None)

    @property
    def head(self) -> Head:
        """The request's."""
        return self._head

    # Inside

    async def _answer(self, body: Body) -> None:
        channel, head = self.channel, self._head
        factory = channel.factory
        try:
            peer = factory.origin(channel.peer, head.fields)
            seconds = factory.throttle.enter(peer.host)
            if seconds is not None:
                await self._send(await factory.serve(factory.throttled(seconds), head, peer), body)
                return
            try:
                await self._send(await factory.serve(self._read(body, peer), head, peer), body)
            finally:
                factory.throttle.leave(peer.host)
        except ConnectionError:
            pass  # nobody is there to be told
        except Exception:
            log.exception("answer failed", target=factory.shown(head.target.decode("latin-1")))
            channel.abort()

    def _read(self, body: Body, peer: Peer) -> Request | HttpError:
        try:
            target = self._head.target.decode()
            segments, is_folder, query = read_target(target)
        except UnicodeDecodeError:
            return HttpError(400, "the address is no UTF-8")
        except (HttpError, ValueError) as error:
            return error if isinstance(error, HttpError) else HttpError(400, "the query cannot be read")
        head = self._head
        if head.hosts > 1 or (not head.hosts and head.version == b"HTTP/1.1"):
            return HttpError(400, "Host must be there once")  # RFC 9112 3.2
        if HOST.fullmatch(head.fields.get("host", "")) is None:
            return HttpError(400, "Host is no name")
        return Request(
            method=head.method.decode("ascii"),
            target=target,
            segments=segments,
            is_folder=is_folder,
            query=query,
            fields=head.fields,
            peer=peer,
            body=body,
            kept=self.channel.kept,
        )

    async def _send(self, answer: Answer, body: Body) -> None:
        channel = self.channel
        # whoever still sends must be heard out, or would see its connection reset instead of the answer
        if not body.is_whole and not await self._discard(body):
            channel.persistent, channel.hears_out = False, True
        if isinstance(answer.body, bytes):
            length = len(answer.body) if answer.length is None else answer.length
            head = self._compose(answer, length)
            self._write(head if self._has_none(answer) else head + answer.body)
        else:
            await self._stream(answer, answer.body)
        if not self._gone:
            channel.answered()

    def _compose(self, answer: Answer, length: int | None) -> bytes:
        framing = b"" if self.channel.persistent else _CLOSE
        if answer.status not in NO_BODY:
            if length is not None:
                framing += b"Content-Length: %d\r\n" % length
            elif self._head.version == b"HTTP/1.1":
                framing += b"Transfer-Encoding: chunked\r\n"
        return compose(answer.status, answer.fields, framing, int(time.time()))

    def _has_none(self, answer: Answer) -> bool:
        return self._head.method == b"HEAD" or answer.status in NO_BODY

    async def _stream(self, answer: Answer, pieces: AsyncIterator[bytes]) -> None:
        """The answer as it is made; of unknown length in chunks, or up to the connection's end (RFC 9112 6 and 7)."""
        head = self._compose(answer, answer.length)
        is_chunked = answer.length is None and self._head.version == b"HTTP/1.1"
        async with aclosing(cast(Any, pieces)):
            if self._has_none(answer):
                self._write(head)
                return
            async for piece in pieces:
                if piece:
                    self._write(head + (b"%x\r\n%b\r\n" % (len(piece), piece) if is_chunked else piece))
                    head = b""
                    await self._drain()
        self._write(head + (b"0\r\n\r\n" if is_chunked else b""))

    def _write(self, octets: bytes) -> None:
        if octets and not self._gone:
            self.has_begun = True
            self.channel.transport.write(octets)

    async def _drain(self) -> None:
        if self._gone:
            raise ConnectionError("the peer has gone")
        channel = self.channel
        if channel.is_waiting:
            self._resumed = channel.loop.create_future()
            channel.wait_for_peer()
            await self._resumed
            channel.go_on()

    async def _discard(self, body: Body) -> bool:
        try:
            async with asyncio.timeout(LINGER_SECONDS):
                return await body.discard(UNWANTED_OCTETS)
        except TimeoutError:
            return False


class Channel(Protocol):
    """One connection, which carries one exchange after another."""

    transport: Any
    factory: Any
    peer = Peer("", 0, tls=False)
    silence_seconds: float = 60.0
    header_seconds: float = 20.0
    persistent = True
    hears_out = False  # what still comes when it is closed
    is_waiting = False  # for the peer to take what was written
    _is_held = False  # a body's reader has enough for now
    _is_ahead = False  # enough of later requests is there
    _is_amid_head = False
    _is_over = False  # nothing more is read
    _heard_until = 0.0  # of what is not read any more; seconds of the monotonic clock

    def __init__(self) -> None:
        self.kept = Kept()
        self.loop = asyncio.get_running_loop()  # kept, since to ask for it takes a system call
        self._parser = Parser()
        self._exchange: Exchange | None = None
        self._clock = IdleClock(self._on_silence, self.loop)

    # What the transport calls

    def connectionMade(self) -> None:
        address = self.transport.getPeer()
        tls = hasattr(self.transport, "getHandle")
        self.peer = Peer(getattr(address, "host", ""), getattr(address, "port", 0), tls)
        self.transport.registerProducer(self, True)
        self._set_clock()

    def dataReceived(self, data: bytes) -> None:
        if self._is_over:
            if time.monotonic() < self._heard_until:
                self._clock.set(LINGER_SECONDS)
            return
        self._parser.receive(data)
        self._read()

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self._is_over = True
        self._clock.stop()
        if self._exchange is not None:
            self._exchange.lost()
            self._exchange = None

    def pauseProducing(self) -> None:
        self.is_waiting = True

    def resumeProducing(self) -> None:
        self.is_waiting = False
        if self._exchange is not None:
            self._exchange.taken()

    def stopProducing(self) -> None:
        """The connection is lost, which is told apart."""

    # What the body calls

    @property
    def waits(self) -> bool:
        """RFC 9110 10.1.1."""
        head = UNREAD if self._exchange is None else self._exchange.head
        return head.version == b"HTTP/1.1" and head.fields.get("expect", "").lower() == "100-continue"

    def ask(self) -> None:
        """Let the peer send, where it waits to be asked."""
        if self.waits:
            self.transport.write(CONTINUE)

    def pause(self) -> None:
        """Take nothing more; the peer's silence is then our doing."""
        self._is_held = True
        self._clock.set(None)
        self.transport.pauseProducing()

    def resume(self) -> None:
        """Go on taking."""
        if not self._is_over:
            self._is_held = False
            self._set_clock()
            self.transport.resumeProducing()

    # What exchanges call

    def wait_for_peer(self) -> None:
        """An answer waits until the peer takes more of it, as long as the peer may be silent."""
        self._clock.set(self.silence_seconds)

    def go_on(self) -> None:
        """It has."""
        self._set_clock()

    def answered(self) -> None:
        """The answer is written; the next request may be."""
        self._exchange = None
        if not self.persistent:
            self.loseConnection()
            return
        if self._is_ahead:
            self._is_ahead = False
            self.transport.resumeProducing()
        if self._parser.waiting:
            self._read()
        else:
            self._clock.set(self.silence_seconds)

    def abort(self) -> None:
        """Cut it."""
        self._is_over = True
        if self.transport is not None:
            self.transport.abortConnection()

    # What the site calls

    def drain(self) -> None:
        """Close, when what is being answered is."""
        self.persistent = False
        if self._exchange is None:
            self.loseConnection()

    def loseConnection(self) -> None:
        """Close when all that was written has been sent; with TLS between, a transport that has a producer does not."""
        self._is_over = True
        if self.transport is None:
            return
        self.transport.unregisterProducer()
        if self.hears_out and not self.peer.tls and not self._heard_until:  # the end of TLS waits for the peer itself
            self._hear_out()
        else:
            self.transport.loseConnection()

    # Inside

    def _read(self) -> None:
        """Go through what has come, as far as it can be begun with."""
        try:
            while self._exchange is None or not self._exchange.body.is_whole:
                event = self._parser.next()
                if event is None:
                    break
                if isinstance(event, Head):
                    self._begin(event)
                elif self._exchange is None:
                    break
                elif event is End.OF_BODY:
                    self._exchange.body.end()
                else:
                    self._exchange.body.feed(event)
        except BadRequest:
            self.hears_out = True
            self._refuse(BAD)
            return
        if self._parser.waiting > AHEAD_OCTETS and not self._is_ahead:
            self._is_ahead = True
            self.transport.pauseProducing()
        self._set_clock()

    def _hear_out(self) -> None:
        """Say that there is no more, and let the peer say so (RFC 9112 9.6).

        Closed with octets unread, a connection is reset, and the peer may never see the answer.
        """
        self._heard_until = time.monotonic() + HEARD_SECONDS
        self._clock.stop()
        self._clock = IdleClock(self.abort, self.loop)
        self._clock.set(LINGER_SECONDS)
        self.transport.resumeProducing()
        self.transport.loseWriteConnection()

    def _begin(self, head: Head) -> None:
        wishes = head.fields.get("connection")
        if head.version != b"HTTP/1.1" or (
            wishes is not None and "close" in [wish.strip() for wish in wishes.lower().split(",")]
        ):
            self.persistent = False
        self._exchange = Exchange(self, head)

    def _set_clock(self) -> None:
        """How long the peer may be silent now; a header must be whole in time, however often something of it comes."""
        exchange = self._exchange
        is_amid_head = exchange is None and self._parser.waiting > 0
        if exchange is not None:
            self._clock.set(None if self._is_held or exchange.body.is_whole else self.silence_seconds)
        elif not is_amid_head:
            self._clock.set(self.silence_seconds)
        elif not self._is_amid_head:
            self._clock.set(min(self.header_seconds, self.silence_seconds))
        self._is_amid_head = is_amid_head

    def _on_silence(self) -> None:
        if self._is_amid_head or self._exchange is not None:
            self._refuse(TOO_LATE)
        else:
            self.loseConnection()
        self._clock = IdleClock(self.abort, self.loop)
        self._clock.set(LINGER_SECONDS)

    def _refuse(self, status: int) -> None:
        """The last answer on the connection; none where another has begun."""
        exchange = self._exchange
        if exchange is not None and exchange.has_begun:
            self.abort()
            return
        self.transport.write(LAST[status])
        self.factory.refused(status, UNREAD if exchange is None else exchange.head, self.peer)
        if exchange is not None:
            self._exchange = None
            exchange.lost()
        self.loseConnection()
