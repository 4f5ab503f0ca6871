"""The rim: Twisted's HTTP connection, its bodies streamed to handlers and their answers paced by the peer; RFC 9112.

Twisted's parser reads the requests. Its own request would take the whole body, to a file, before it lets anybody see
it; here the handler begins when the header is whole, so that an upload goes where it belongs as it comes. An answer's
head goes out in one write with what of its body is there: each write is a call into the kernel that wakes the peer.
"""
# mypy: disallow-untyped-calls=False

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing
from typing import Any, cast

import structlog
from twisted.internet.protocol import connectionDone
from twisted.protocols.basic import LineReceiver
from twisted.python.failure import Failure
from twisted.web import http

from posthouse.core.peer import Peer
from posthouse.webdav.http.answer import Answer
from posthouse.webdav.http.body import Body
from posthouse.webdav.http.errors import HttpError
from posthouse.webdav.http.head import NO_BODY, GatheredFields, compose
from posthouse.webdav.http.idle import IdleClock
from posthouse.webdav.http.request import Kept, Request, read_target
from posthouse.webdav.wire.dates import http_date

log = structlog.get_logger()

CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
BAD = b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
TOO_LATE = b"HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
UNWANTED_OCTETS = 1 << 20  # of a body that are taken and dropped, so that the connection can go on
LINGER_SECONDS = 5.0  # how long the peer may go on sending what nobody wants, before it is cut
_CLOSE = b"Connection: close\r\n"

Serve = Callable[[Request | HttpError], Awaitable[Answer]]


class Exchange:
    """One request and its answer on the wire."""

    __slots__ = ("_gone", "_method", "_resumed", "_target", "_task", "_version", "body", "channel",
                 "has_begun", "requestHeaders")  # fmt: skip

    def __init__(self, channel: Any, _queued: int) -> None:
        self.channel = channel
        self.requestHeaders = GatheredFields()  # Twisted's name
        self.body: Body | None = None  # until the header is whole
        self._task: asyncio.Task[None] | None = None
        self._resumed: asyncio.Future[None] | None = None
        self._gone = False
        self.has_begun = False  # to be answered

    # What the connection calls

    def begin(self, method: bytes, target: bytes, version: bytes, length: int | None) -> None:
        """The header is whole."""
        self._method, self._target, self._version = method, target, version
        self.body = Body(length, self)
        self._task = asyncio.get_running_loop().create_task(self._answer(self.body))

    def handleContentChunk(self, data: bytes) -> None:
        if self.body is not None:
            self.body.feed(data)

    def requestReceived(self, command: bytes, path: bytes, version: bytes) -> None:
        if self.body is not None:
            self.body.end()

    def connectionLost(self, reason: Any) -> None:
        self._gone = True
        gone = ConnectionError("the peer has gone")
        if self.body is not None:
            self.body.fail(gone)
        if self._resumed is not None and not self._resumed.done():
            self._resumed.set_exception(gone)
        if self._task is not None:
            self._task.cancel()

    # What the body calls

    def ask(self) -> None:
        expected = self.requestHeaders.held.get("expect", "").lower() == "100-continue"
        if expected and self._version == b"HTTP/1.1" and self.body is not None and not self.body.is_whole:
            self.channel.transport.write(CONTINUE)

    def pause(self) -> None:
        self.channel.hold()

    def resume(self) -> None:
        if not self._gone:
            self.channel.let_go()

    # What the transport calls, through the connection, while the answer waits for the peer

    def pauseProducing(self) -> None:
        """It waits already."""

    def resumeProducing(self) -> None:
        if self._resumed is not None and not self._resumed.done():
            self._resumed.set_result(None)

    def stopProducing(self) -> None:
        self.resumeProducing()

    # Inside

    async def _answer(self, body: Body) -> None:
        channel = self.channel
        try:
            await self._send(await channel.factory.serve(self._read(body)), body)
        except ConnectionError:
            pass  # nobody is there to be told
        except Exception:
            log.exception("answer failed", target=channel.factory.shown(self._target.decode("latin-1")))
            channel.abort()

    def _read(self, body: Body) -> Request | HttpError:
        try:
            target = self._target.decode("ascii")
            segments, is_folder, query = read_target(target)
        except UnicodeDecodeError:
            return HttpError(400, "the address is not encoded")
        except (HttpError, ValueError) as error:
            return error if isinstance(error, HttpError) else HttpError(400, "the query cannot be read")
        hosts = self.requestHeaders.hosts
        if hosts > 1 or (not hosts and self._version == b"HTTP/1.1"):
            return HttpError(400, "Host must be there once")  # RFC 9112 3.2
        return Request(
            method=self._method.decode("latin-1"),
            target=target,
            segments=segments,
            is_folder=is_folder,
            query=query,
            fields=self.requestHeaders.held,
            peer=self.channel.peer,
            body=body,
            kept=self.channel.kept,
        )

    async def _send(self, answer: Answer, body: Body) -> None:
        channel = self.channel
        # whoever still sends must be heard out, or would see its connection reset instead of the answer
        if not body.is_whole and not await self._discard(body):
            channel.persistent = False
        if isinstance(answer.body, bytes):
            length = len(answer.body) if answer.length is None else answer.length
            head = self._head(answer, length)
            self._write(head if self._has_none(answer) else head + answer.body)
        else:
            await self._stream(answer, answer.body)
        if not self._gone:
            channel.requestDone(self)

    def _head(self, answer: Answer, length: int | None) -> bytes:
        framing = b"" if self.channel.persistent else _CLOSE
        if answer.status not in NO_BODY:
            if length is not None:
                framing += b"Content-Length: %d\r\n" % length
            elif self._version == b"HTTP/1.1":
                framing += b"Transfer-Encoding: chunked\r\n"
        return compose(answer.status, answer.fields, framing, http_date(int(time.time() * 1000)))

    def _has_none(self, answer: Answer) -> bool:
        return self._method == b"HEAD" or answer.status in NO_BODY

    async def _stream(self, answer: Answer, pieces: AsyncIterator[bytes]) -> None:
        """The answer as it is made; of unknown length in chunks, or up to the connection's end (RFC 9112 6 and 7)."""
        head = self._head(answer, answer.length)
        is_chunked = answer.length is None and self._version == b"HTTP/1.1"
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
            self._resumed = asyncio.get_running_loop().create_future()
            channel.registerProducer(self, True)
            try:
                await self._resumed
            finally:
                channel.unregisterProducer()

    async def _discard(self, body: Body) -> bool:
        try:
            async with asyncio.timeout(LINGER_SECONDS):
                return await body.discard(UNWANTED_OCTETS)
        except TimeoutError:
            return False


class Channel(http.HTTPChannel):
    """One connection, which carries one exchange after another."""

    requestFactory = cast(Any, Exchange)  # noqa: N815 - Twisted's name
    transport: Any
    persistent: Any
    peer = Peer("", 0, tls=False)
    header_seconds: float = 20.0
    _idle_seconds: int | None = None
    _is_amid_header = False
    _is_bad = False  # what came cannot be read: nothing after it is, either

    def __init__(self) -> None:
        super().__init__()
        self._clock = IdleClock(self._on_silence)
        self.kept = Kept()

    @property
    def is_waiting(self) -> bool:
        """True while the peer has not taken what was written."""
        return bool(self._waitingForTransport)

    # What the transport calls

    def connectionMade(self) -> None:
        address = self.transport.getPeer()
        tls = hasattr(self.transport, "getHandle")
        self.peer = Peer(getattr(address, "host", ""), getattr(address, "port", 0), tls)
        # not Twisted's own, which takes TLS for a socket and sets its options
        self.setTimeout(self.timeOut)
        self._networkProducer = self.transport
        self.transport.registerProducer(self, True)

    def dataReceived(self, data: bytes) -> None:
        if self._is_bad:
            return
        if not self._is_amid_header:
            self.resetTimeout()
        LineReceiver.dataReceived(self, data)
        # a header must be whole in time, however often something of it comes
        is_amid_header = bool(self.line_mode and (self._buffer or self.requests))
        if is_amid_header and not self._is_amid_header and self.timeOut is not None:
            self._clock.set(min(self.header_seconds, self.timeOut))
        self._is_amid_header = is_amid_header

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self._clock.stop()
        super().connectionLost(reason)

    # What Twisted's parser calls

    def allHeadersReceived(self) -> None:
        if self._is_bad:
            return
        exchange = self.requests[-1]
        wishes = exchange.requestHeaders.held.get("connection", "").lower().split(",")
        self.persistent = self._version == b"HTTP/1.1" and "close" not in [wish.strip() for wish in wishes]
        exchange.begin(self._command, self._path, self._version, self.length)

    def setTimeout(self, period: int | None) -> int | None:
        before, self.timeOut = self.timeOut, period
        self._clock.set(period)
        return before

    def resetTimeout(self) -> None:
        if self.timeOut is not None:
            self._clock.set(self.timeOut)

    def _respondToBadRequestAndDisconnect(self) -> None:
        if not self._is_bad:
            self._is_bad = True
            self._refuse(BAD)

    def lineLengthExceeded(self, line: bytes) -> None:
        self._respondToBadRequestAndDisconnect()

    # What exchanges call

    def hold(self) -> None:
        """Take nothing more; the peer's silence is then our doing."""
        self._idle_seconds = self.setTimeout(None)
        self.transport.pauseProducing()

    def let_go(self) -> None:
        """Go on taking."""
        if self._handlingRequest:  # nothing is waited for any more: Twisted keeps it for the next request
            self._savedTimeOut = self._idle_seconds
        else:
            self.setTimeout(self._idle_seconds)
        self.transport.resumeProducing()

    def abort(self) -> None:
        """Cut it."""
        if self.transport is not None:
            self.transport.abortConnection()

    # Inside

    def _on_silence(self) -> None:
        if self._is_amid_header or self.requests:
            self._refuse(TOO_LATE)
        else:
            self.loseConnection()
        self._clock = IdleClock(self.abort)
        self._clock.set(LINGER_SECONDS)

    def _refuse(self, answer: bytes) -> None:
        """The last answer on the connection; none where another has begun."""
        if len(self.requests) > 1 or (self.requests and self.requests[0].has_begun):
            self.abort()
            return
        self.transport.write(answer)
        self.loseConnection()
