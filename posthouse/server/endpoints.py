"""Which factory serves which listener."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from posthouse.server.worker.parts import Parts
from posthouse.server.worker.site import HttpFactory


def _http(parts: Parts, _name: str) -> Any:
    return HttpFactory(parts.store, parts.line, parts.configuration.http)


# listener -> what builds its factory; called once a worker, with the listener's name
ENDPOINTS: dict[str, Callable[[Parts, str], Any]] = {
    "http": _http,
}

LISTENER_NAMES = frozenset(ENDPOINTS)
