"""Which factory serves which listener."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from posthouse.protocols.imap.contracts import Contracts
from posthouse.protocols.imap.endpoint import imap_factory
from posthouse.server.worker.parts import Parts
from posthouse.server.worker.site import HttpFactory


def _imap(parts: Parts, name: str) -> Any:
    contracts = Contracts(
        store=parts.store,
        blobs=parts.blobs,
        letters=parts.letters,
        authenticator=parts.authenticator,
        bus=parts.bus,
        settings=parts.configuration.imap,
        hostname=parts.hostname,
        now=now_ms,
    )
    return imap_factory(contracts, parts.offers_tls(name), implicit_tls=parts.is_implicit_tls(name))


def now_ms() -> int:
    """Ms since the epoch."""
    return time.time_ns() // 1_000_000


def _http(parts: Parts, _name: str) -> Any:
    return HttpFactory(parts.store, parts.remote.figures, parts.line, parts.configuration.http)


# listener -> what builds its factory; called once a worker, with the listener's name
ENDPOINTS: dict[str, Callable[[Parts, str], Any]] = {
    "imap": _imap,
    "imaps": _imap,
    "http": _http,
}

LISTENER_NAMES = frozenset(ENDPOINTS)
