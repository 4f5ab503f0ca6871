"""The rim: Twisted's HTTP connection, its bodies streamed to handlers and their answers paced by the peer; RFC 9112.

Twisted reads the whole body, to a file of its own, before it lets anybody see a request. Here the handler begins when
the header is whole, so that an upload goes where it belongs as it comes.
"""
# mypy: disallow-untyped-calls=False

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing
from typing import Any, cast

import structlog
from twisted.internet.interfaces import IPushProducer
from twisted.web import http
from zope.interface import implementer

from posthouse.core.peer import Peer
from posthouse.webdav.http.answer import Answer
from posthouse.webdav.http.body import Body
from posthouse.webdav.http.errors import HttpError
from posthouse.webdav.http.request import Request, read_target

log = structlog.get_logger()

CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
UNWANTED_OCTETS = 1 << 20  # of a body that are taken and dropped, so that the connection can go on
LINGER_SECONDS = 5.0  # how long the peer may go on sending what nobody wants, before it is cut

Serve = Callable[[Request | HttpError], Awaitable[Answer]]


@implementer(IPushProducer)
class Exchange(http.Request):
    """One request and its answer on the wire."""

    channel: Any
    body: Body
    _task: asyncio.Task[None] | None = None
    _resumed: asyncio.Future[None] | None = None
    _is_paused = False

    # What the connection calls

    def begin(self, method: bytes, target: bytes, version: bytes, length: int | None) -> None:
        """The header is whole."""
        self.method, self.uri, self.clientproto = method, target, version
        self.body = Body(length, self)
        self._task = asyncio.get_running_loop().create_task(self._answer())

    def handleContentChunk(self, data: bytes) -> None:
        if not self.finished:  # else the connection is about to close
            self.body.feed(data)

    def requestReceived(self, command: bytes, path: bytes, version: bytes) -> None:
        self.body.end()

    def connectionLost(self, reason: Any) -> None:
        super().connectionLost(reason)
        gone = ConnectionError("the peer has gone")
        self.body.fail(gone)
        if self._resumed is not None and not self._resumed.done():
            self._resumed.set_exception(gone)
        if self._task is not None:
            self._task.cancel()

    # What the body calls

    def ask(self) -> None:
        expected = self.requestHeaders.getRawHeaders(b"expect") or [b""]
        if expected[0].lower() == b"100-continue" and self.clientproto == b"HTTP/1.1" and not self.body.is_whole:
            self.channel.transport.write(CONTINUE)

    def pause(self) -> None:
        self.channel.hold()

    def resume(self) -> None:
        if not self._disconnected:
            self.channel.let_go()

    # What the transport calls, through the connection

    def pauseProducing(self) -> None:
        self._is_paused = True

    def resumeProducing(self) -> None:
        self._is_paused = False
        if self._resumed is not None and not self._resumed.done():
            self._resumed.set_result(None)

    def stopProducing(self) -> None:
        self.resumeProducing()

    # Inside

    async def _answer(self) -> None:
        channel = self.channel
        try:
            await self._send(await channel.factory.serve(self._read()))
        except ConnectionError:
            pass  # nobody is there to be told
        except Exception:
            log.exception("answer failed", target=self.uri[:200].decode("latin-1"))
            channel.abort()

    def _read(self) -> Request | HttpError:
        try:
            target = self.uri.decode("ascii")
            segments, is_folder, query = read_target(target)
        except UnicodeDecodeError:
            return HttpError(400, "the address is not encoded")
        except (HttpError, ValueError) as error:
            return error if isinstance(error, HttpError) else HttpError(400, "the query cannot be read")
        fields = {
            name.lower().decode("latin-1"): ", ".join([value.decode("latin-1") for value in values])
            for name, values in self.requestHeaders.getAllRawHeaders()
        }
        if self.clientproto == b"HTTP/1.1" and "host" not in fields:
            return HttpError(400, "Host is missing")  # RFC 9112 3.2
        return Request(
            method=self.method.decode("latin-1"),
            target=target,
            segments=segments,
            is_folder=is_folder,
            query=query,
            fields=fields,
            peer=self.channel.peer,
            body=self.body,
        )

    async def _send(self, answer: Answer) -> None:
        # whoever still sends must be heard out, or would see its connection reset instead of the answer
        if not self.body.is_whole and not await self._discard():
            self.channel.persistent = False
            self.responseHeaders.setRawHeaders(b"connection", [b"close"])
        self.setResponseCode(answer.status)
        for name, value in answer.fields:
            self.responseHeaders.addRawHeader(name, value)
        if isinstance(answer.body, bytes):
            if answer.status not in http.NO_BODY_CODES:
                length = len(answer.body) if answer.length is None else answer.length
                self.responseHeaders.setRawHeaders(b"content-length", [b"%d" % length])
            self.write(answer.body)
        else:
            if answer.length is not None:
                self.responseHeaders.setRawHeaders(b"content-length", [b"%d" % answer.length])
            await self._stream(answer.body)
        if not self._disconnected:
            self.finish()

    async def _stream(self, pieces: AsyncIterator[bytes]) -> None:
        self.registerProducer(self, True)
        self._is_paused = self.channel._waitingForTransport  # an earlier answer's reader may be slow still
        try:
            async with aclosing(cast(Any, pieces)):
                if self.method == b"HEAD":
                    self.write(b"")
                    return
                async for piece in pieces:
                    self.write(piece)
                    await self._drain()
        finally:
            if not self._disconnected:
                self.unregisterProducer()

    async def _drain(self) -> None:
        if self._disconnected:
            raise ConnectionError("the peer has gone")
        if self._is_paused:
            self._resumed = asyncio.get_running_loop().create_future()
            await self._resumed

    async def _discard(self) -> bool:
        try:
            async with asyncio.timeout(LINGER_SECONDS):
                return await self.body.discard(UNWANTED_OCTETS)
        except TimeoutError:
            return False


class Channel(http.HTTPChannel):
    """One connection, which carries one exchange after another."""

    requestFactory = Exchange  # noqa: N815 - Twisted's name
    transport: Any
    peer = Peer("", 0, tls=False)
    _idle_seconds: float | None = None

    def connectionMade(self) -> None:
        address = self.transport.getPeer()
        tls = hasattr(self.transport, "getHandle")
        self.peer = Peer(getattr(address, "host", ""), getattr(address, "port", 0), tls)
        # not Twisted's own, which takes TLS for a socket and sets its options
        self.setTimeout(self.timeOut)
        self._networkProducer = self.transport
        self.transport.registerProducer(self, True)

    def allHeadersReceived(self) -> None:
        exchange = self.requests[-1]
        self.persistent = self.checkPersistence(exchange, self._version)
        exchange.begin(self._command, self._path, self._version, self.length)

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
