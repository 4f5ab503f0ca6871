"""The HTTP site: a status page, /health for load balancers, /metrics for Prometheus."""
# mypy: disallow-untyped-calls=False

from __future__ import annotations

import asyncio
import html
import ipaddress
import time
import weakref
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
import structlog
from twisted.web.resource import Resource
from twisted.web.server import NOT_DONE_YET, Request, Site

from posthouse import __version__
from posthouse.server.hub.line import SupervisorLine
from posthouse.server.settings import HttpSettings
from posthouse.server.worker.metrics import merged
from posthouse.storage.contract import Store, StoreUnavailable, WriteTransaction, operation
from posthouse.storage.lmdb import StoreFigures

log = structlog.get_logger()

DRAIN_SECONDS = 1.0
HEALTH_SECONDS = 1.0  # asked more often, the answer is the last one
PATIENCE_SECONDS = 3.0  # a store that has not answered by then is not well

_PAGE = """<!doctype html>
<html lang="en"><meta charset="utf-8"><title>Posthouse</title>
<h1>Posthouse</h1><p>This is a mail server, version {version}. It runs.</p></html>
"""


@operation
def keep_still(_txn: WriteTransaction) -> None:
    """Change nothing; that it is answered says that the store takes writes."""


class HttpFactory(Site):
    """The site of one worker."""

    noisy = False

    def __init__(
        self, store: Store, figures: Callable[[], StoreFigures], line: SupervisorLine, settings: HttpSettings
    ) -> None:
        root: Any = Resource()
        root.putChild(b"", _Page(_page))
        root.putChild(b"health", _Page(_Health(store)))
        root.putChild(b"metrics", _Page(_Scrape(line, figures, settings)))
        super().__init__(root, timeout=settings.request_timeout_seconds)
        self.displayTracebacks = False
        self._channels: weakref.WeakSet[Any] = weakref.WeakSet()

    def buildProtocol(self, addr: Any) -> Any:
        channel = super().buildProtocol(addr)
        self._channels.add(channel)
        return channel

    def drain(self) -> None:
        """Close connections, once whoever has just connected had the time to ask and to be answered."""
        asyncio.get_running_loop().call_later(DRAIN_SECONDS, self._close)

    def _close(self) -> None:
        for channel in list(self._channels):
            if channel.transport is not None:
                channel.transport.loseConnection()

    def log(self, request: Any) -> None:
        """Requests are not logged: they are the health checks of machines."""


Answer = Callable[[Request], Awaitable[tuple[int, bytes, bytes]]]  # status, type, body


class _Page(Resource):
    """One page made by a coroutine."""

    def __init__(self, answer: Answer) -> None:
        super().__init__()
        self._answer = answer

    def render_GET(self, request: Request) -> int:
        task = asyncio.ensure_future(self._respond(request))
        request.notifyFinish().addErrback(lambda _gone: task.cancel())
        return NOT_DONE_YET

    async def _respond(self, request: Request) -> None:
        try:
            status, kind, body = await self._answer(request)
        except Exception:
            log.exception("page failed", path=request.path.decode("ascii", "replace"))
            status, kind, body = 500, b"text/plain", b"failed\n"
        request.setResponseCode(status)
        for name, value in (
            (b"content-type", kind),
            (b"content-length", b"%d" % len(body)),
            (b"cache-control", b"no-store"),
            (b"content-security-policy", b"default-src 'none'"),
            (b"x-content-type-options", b"nosniff"),
        ):
            request.setHeader(name, value)
        request.write(body)
        request.finish()


async def _page(_request: Request) -> tuple[int, bytes, bytes]:
    return 200, b"text/html; charset=utf-8", _PAGE.format(version=html.escape(__version__)).encode()


class _Health:
    """Whether mail can be taken now."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._asked = -HEALTH_SECONDS
        self._answer: asyncio.Future[bool] | None = None

    async def __call__(self, _request: Request) -> tuple[int, bytes, bytes]:
        now = time.monotonic()
        if self._answer is None or (self._answer.done() and now - self._asked >= HEALTH_SECONDS):
            self._asked = now
            self._answer = asyncio.ensure_future(self._ask())
        is_well = await asyncio.shield(self._answer)
        body = msgspec.json.encode({"status": "ok" if is_well else "store unavailable", "version": __version__})
        return (200 if is_well else 503), b"application/json", body + b"\n"

    async def _ask(self) -> bool:
        try:
            await asyncio.wait_for(self._store.write(keep_still), PATIENCE_SECONDS)
        except (StoreUnavailable, TimeoutError):
            return False
        return True


class _Scrape:
    """The metrics of all workers, for those who may see them."""

    def __init__(self, line: SupervisorLine, figures: Callable[[], StoreFigures], settings: HttpSettings) -> None:
        self._line = line
        self._figures = figures
        self._networks = [ipaddress.ip_network(network) for network in settings.metrics_networks]

    async def __call__(self, request: Request) -> tuple[int, bytes, bytes]:
        peer = ipaddress.ip_address(request.getClientAddress().host.partition("%")[0])
        if not any(peer in network for network in self._networks):
            return 403, b"text/plain", b"not from here (http.metrics_networks)\n"
        return 200, b"text/plain; version=0.0.4; charset=utf-8", merged(await self._line.all_figures(), self._figures())
