"""What stands on the site itself: a status page, /health for load balancers, /metrics for Prometheus."""

from __future__ import annotations

import asyncio
import html
import ipaddress
import time
from collections.abc import Callable, Mapping

from posthouse import __version__
from posthouse.server.hub.line import SupervisorLine
from posthouse.server.worker.metrics import merged
from posthouse.storage.contract import Store, StoreUnavailable, WriteTransaction, operation
from posthouse.storage.lmdb import StoreFigures
from posthouse.webdav.http.answer import Answer, json, text
from posthouse.webdav.http.errors import HttpError
from posthouse.webdav.http.request import Request
from posthouse.webdav.http.settings import HttpSettings
from posthouse.webdav.http.site import Handler
from posthouse.webdav.methods.asked import COMPLIANCE

HEALTH_SECONDS = 1.0  # asked more often, the answer is the last one
PATIENCE_SECONDS = 3.0  # a store that has not answered by then is not well

_ALLOW = (b"allow", b"GET, HEAD, OPTIONS")
_WINDOWS = (COMPLIANCE, (b"ms-author-via", b"DAV"))  # it asks the top of the site before it mounts a folder

_PAGE = """<!doctype html>
<html lang="en"><meta charset="utf-8"><title>Posthouse</title>
<h1>Posthouse</h1><p>This is a mail server, version {version}. It runs.</p></html>
"""


@operation
def keep_still(_txn: WriteTransaction) -> None:
    """Change nothing; that it is answered says that the store takes writes."""


def own_pages(
    store: Store, figures: Callable[[], StoreFigures], line: SupervisorLine, settings: HttpSettings
) -> Mapping[tuple[str, ...], Handler]:
    """The pages of the site itself, by path."""
    return {(): _page, ("health",): _Health(store), ("metrics",): _Scrape(line, figures, settings)}


def read_only(pages: Mapping[tuple[str, ...], Handler]) -> dict[tuple[str, ...], Handler]:
    """Pages that can only be read, and have nothing below them."""
    return {path: _reading(path, page) for path, page in pages.items()}


def _reading(path: tuple[str, ...], handler: Handler) -> Handler:
    async def answer(request: Request) -> Answer:
        if request.segments != path:
            raise HttpError(404, "there is nothing here")
        if request.method == "OPTIONS":
            return Answer(200, (_ALLOW,) if path else (_ALLOW, *_WINDOWS))
        if request.method not in ("GET", "HEAD"):
            raise HttpError(405, "this can only be read", (_ALLOW,))
        return await handler(request)

    return answer


async def _page(_request: Request) -> Answer:
    page = _PAGE.format(version=html.escape(__version__)).encode()
    return Answer(200, ((b"content-type", b"text/html; charset=utf-8"), (b"cache-control", b"no-store")), page)


class _Health:
    """Whether mail can be taken now."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._asked = -HEALTH_SECONDS
        self._answer: asyncio.Future[bool] | None = None

    async def __call__(self, _request: Request) -> Answer:
        now = time.monotonic()
        if self._answer is None or (self._answer.done() and now - self._asked >= HEALTH_SECONDS):
            self._asked = now
            self._answer = asyncio.ensure_future(self._ask())
        is_well = await asyncio.shield(self._answer)
        words = "ok" if is_well else "store unavailable"
        return json({"status": words, "version": __version__}, 200 if is_well else 503)

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

    async def __call__(self, request: Request) -> Answer:
        peer = ipaddress.ip_address(request.peer.host.partition("%")[0])
        if not any(peer in network for network in self._networks):
            return text(403, "not from here (http.metrics_networks)")
        kind = ((b"content-type", b"text/plain; version=0.0.4; charset=utf-8"), (b"cache-control", b"no-store"))
        return Answer(200, kind, merged(await self._line.all_figures(), self._figures()))
