"""The site: which handler has which path, what is common to all answers, and the access log."""
# mypy: disallow-untyped-calls=False

from __future__ import annotations

import asyncio
import time
import weakref
from collections.abc import Awaitable, Callable, Collection, Mapping
from typing import Any
from urllib.parse import unquote

import structlog
from twisted.internet.protocol import Factory

from posthouse.core.peer import Peer
from posthouse.storage.contract import StoreUnavailable
from posthouse.webdav.http.access import Access, log_access
from posthouse.webdav.http.answer import Answer, refusal, text, unavailable
from posthouse.webdav.http.channel import Channel
from posthouse.webdav.http.encoding import encoded
from posthouse.webdav.http.errors import HttpError
from posthouse.webdav.http.forwarding import Proxies
from posthouse.webdav.http.parsing import Head
from posthouse.webdav.http.request import Request
from posthouse.webdav.http.settings import HttpSettings
from posthouse.webdav.http.throttle import Throttle

log = structlog.get_logger()

DRAIN_SECONDS = 1.0

Handler = Callable[[Request], Awaitable[Answer]]


class HttpFactory(Factory):
    """The site of one worker. `routes` by the path's first segments; the longest that fits has the request."""

    noisy = False

    def __init__(
        self,
        routes: Mapping[tuple[str, ...], Handler],
        settings: HttpSettings,
        secret: Collection[str] = (),
        told: Callable[[Access], None] = log_access,
        proxies: Collection[str] = (),
        on_throttled: Callable[[], None] = lambda: None,
    ) -> None:
        """What is below paths that begin with a name in `secret` is a secret itself, and never logged; `told` is the
        access log; `proxies` are networks of load balancers, which speak for others; `on_throttled` hears of each
        request that is one too many.
        """
        self._routes = dict(routes)
        self._deepest: dict[str, int] = {}  # by the first segment
        for path in self._routes:
            if path:
                self._deepest[path[0]] = max(len(path), self._deepest.get(path[0], 0))
        self._settings = settings
        self._secret = frozenset(secret)
        self._told = told
        self.origin = Proxies(settings.forwarding_proxies).origin  # who asks by a connection from somewhere
        free = {*settings.unthrottled_networks, *settings.forwarding_proxies, *proxies}
        self.throttle = Throttle(settings, free)
        self._on_throttled = on_throttled
        self._channels: weakref.WeakSet[Any] = weakref.WeakSet()

    def buildProtocol(self, addr: Any) -> Any:
        channel = Channel()
        channel.factory = self
        channel.silence_seconds = self._settings.request_timeout_seconds
        channel.header_seconds = self._settings.header_timeout_seconds
        self._channels.add(channel)
        return channel

    def throttled(self, seconds: int) -> HttpError:
        """What is said to one who asks too much (RFC 6585 4), and may again after so many seconds."""
        self._on_throttled()
        return HttpError(429, "too many requests", ((b"retry-after", b"%d" % seconds),))

    async def serve(self, request: Request | HttpError, head: Head, peer: Peer) -> Answer:
        """The answer; whatever goes wrong is one, too. `head` is the request's, also where it got no farther."""
        began = time.monotonic()
        try:
            if isinstance(request, HttpError):
                raise request
            answer = encoded(await self._handler(request.segments)(request), request)
        except HttpError as error:
            answer = refusal(error)
        except StoreUnavailable:
            answer = unavailable()
        except ConnectionError:
            raise
        except Exception:
            log.exception("request failed", target=self._target(request, head))
            answer = text(500, "something went wrong here; it was logged")
        if self._settings.access_log:
            self._log(head, self._target(request, head), peer, answer, time.monotonic() - began)
        return answer

    def refused(self, status: int, head: Head, peer: Peer) -> None:
        """A connection ends with that, since its last request was never whole."""
        if self._settings.access_log:
            self._log(head, self._target(None, head), self.origin(peer, head.fields), Answer(status), 0.0)

    def drain(self) -> None:
        """Close connections, once whoever has just connected had the time to ask and to be answered."""
        asyncio.get_running_loop().call_later(DRAIN_SECONDS, self._close)

    def shown(self, target: str) -> str:
        """A request's target as it may stand in the log."""
        if self._secret:
            is_whole = "://" in target and not target.startswith("/")
            path = target.partition("://")[2].partition("/")[2] if is_whole else target
            names = [name for name in unquote(path).split("/") if name]
            top = names if ".." in names or "." in names else names[:1]  # which are refused, but stand in the log
            for name in self._secret.intersection(top):
                return f"/{name}/..."
        return target[:500]

    def _handler(self, segments: tuple[str, ...]) -> Handler:
        for depth in range(self._deepest.get(segments[0], 0), 0, -1) if segments else (0,):
            handler = self._routes.get(segments[:depth])
            if handler is not None:
                return handler
        raise HttpError(404, "there is nothing here")

    def _target(self, request: object, head: Head) -> str:
        """The target as it may stand in the log, told by a request's path where that was read already."""
        if not isinstance(request, Request):
            return self.shown(head.target.decode("latin-1"))
        top = request.segments[0] if request.segments else ""
        return f"/{top}/..." if top in self._secret else request.target[:500]

    def _log(self, head: Head, target: str, peer: Peer, answer: Answer, seconds: float) -> None:
        self._told(
            Access(
                head.method.decode("latin-1"),
                target,
                answer.status,
                len(answer.body) if isinstance(answer.body, bytes) else answer.length,
                round(seconds * 1000, 1),
                peer.host,
                head.fields.get("user-agent", "")[:200],
            )
        )

    def _close(self) -> None:
        for channel in list(self._channels):
            channel.drain()
