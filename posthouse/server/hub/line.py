"""A worker's end: the bus and the registry that its parts are given."""
# mypy: disallow-untyped-calls=False

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import msgspec
from twisted.internet.defer import Deferred
from twisted.internet.protocol import Factory, connectionDone
from twisted.protocols import amp
from twisted.python.failure import Failure

from posthouse.core.bus import Listener, LocalBus
from posthouse.server.hub.commands import (
    AllFigures,
    Claim,
    Drain,
    Figures,
    Get,
    Hit,
    Hits,
    Publish,
    Put,
    Ready,
    Release,
    Remove,
)


class SupervisorLine(amp.AMP):
    """The line to the supervisor. The three callbacks: it was lost, we shall drain, what our metrics are."""

    def __init__(
        self,
        bus: LocalBus,
        *,
        on_lost: Callable[[], None],
        on_drain: Callable[[float, float], None],
        figures: Callable[[], bytes],
    ) -> None:
        super().__init__()
        self._bus = bus
        self._on_lost = on_lost
        self._on_drain = on_drain
        self._figures = figures

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        super().connectionLost(reason)
        self._on_lost()

    def ready(self) -> None:
        """Say that this worker serves."""
        self.callRemote(Ready)

    async def ask(self, command: type[amp.Command], **arguments: Any) -> dict[str, Any]:
        """What the supervisor answers."""
        asked: Deferred[dict[str, Any]] = self.callRemote(command, **arguments)
        return await asked.asFuture(asyncio.get_running_loop())

    async def all_figures(self) -> list[tuple[str, bytes]]:
        """(slot, metrics) of every worker."""
        answer = await self.ask(AllFigures)
        return msgspec.msgpack.decode(answer["figures"], type=list[tuple[str, bytes]])

    @Publish.responder
    def _publish(self, topic: str) -> dict[str, Any]:
        self._bus.publish(topic)
        return {}

    @Drain.responder
    def _drain(self, linger: float, seconds: float) -> dict[str, Any]:
        self._on_drain(linger, seconds)
        return {}

    @Figures.responder
    def _own_figures(self) -> dict[str, Any]:
        return {"figures": self._figures()}


class OneLine(Factory):
    """Gives the one protocol of a line that was adopted."""

    noisy = False

    def __init__(self, protocol: SupervisorLine) -> None:
        self._protocol = protocol

    def buildProtocol(self, _address: object) -> SupervisorLine:
        return self._protocol


class HubBus:
    """The bus of all workers: here at once, elsewhere through the supervisor."""

    def __init__(self, local: LocalBus, line: SupervisorLine) -> None:
        self._local = local
        self._line = line

    def publish(self, topic: str) -> None:
        self._local.publish(topic)
        self._line.callRemote(Publish, topic=topic)

    def subscribe(self, topic: str, listener: Listener) -> Callable[[], None]:
        return self._local.subscribe(topic, listener)


class HubRegistry:
    """The registry that the supervisor keeps."""

    def __init__(self, line: SupervisorLine) -> None:
        self._line = line

    async def put(self, key: str, value: bytes, lease_seconds: float) -> None:
        await self._line.ask(Put, key=key, value=value, lease=float(lease_seconds))

    async def get(self, key: str) -> bytes | None:
        found: bytes | None = (await self._line.ask(Get, key=key))["value"]
        return found

    async def remove(self, key: str) -> None:
        await self._line.ask(Remove, key=key)

    async def claim(self, key: str, holder: bytes, lease_seconds: float) -> bool:
        return bool((await self._line.ask(Claim, key=key, holder=holder, lease=float(lease_seconds)))["held"])

    async def release(self, key: str, holder: bytes) -> None:
        await self._line.ask(Release, key=key, holder=holder)

    async def hit(self, key: str, window_seconds: float) -> int:
        return int((await self._line.ask(Hit, key=key, window=float(window_seconds)))["count"])

    async def hits(self, key: str) -> int:
        return int((await self._line.ask(Hits, key=key))["count"])
