"""The supervisor's end: relays notices between workers, keeps the registry, gathers metrics."""
# mypy: disallow-untyped-calls=False

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import msgspec
from twisted.internet.defer import Deferred
from twisted.internet.protocol import connectionDone
from twisted.protocols import amp
from twisted.python.failure import Failure

from posthouse.core.registry import Registry
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

FIGURES_SECONDS = 2.0  # a worker that is too busy to answer is left out of the metrics for once


class Office:
    """All workers' lines."""

    def __init__(self, registry: Registry) -> None:
        self.registry = registry
        self.lines: set[WorkerLine] = set()

    def relay(self, topic: str, origin: WorkerLine) -> None:
        """Tell every worker but the one that said it."""
        for line in self.lines:
            if line is not origin:
                line.callRemote(Publish, topic=topic)

    async def all_figures(self) -> list[tuple[str, bytes]]:
        """(slot, metrics) of every worker that answers."""
        lines = [line for line in self.lines if not line.leaving]
        answers = await asyncio.gather(*(line.figures() for line in lines), return_exceptions=True)
        return [(line.slot, answer) for line, answer in zip(lines, answers, strict=True) if isinstance(answer, bytes)]


class WorkerLine(amp.AMP):
    """One worker's line; `on_ready` is called when the worker says that it serves."""

    def __init__(self, office: Office, slot: str, on_ready: Callable[[], None]) -> None:
        super().__init__()
        self.slot = slot
        self.leaving = False
        self._office = office
        self._on_ready = on_ready

    def connectionMade(self) -> None:
        super().connectionMade()
        self._office.lines.add(self)

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self._office.lines.discard(self)
        super().connectionLost(reason)

    def drain(self, linger: float, seconds: float) -> None:
        """Tell the worker to let sessions go on for `linger` seconds and then to end within `seconds`."""
        self.leaving = True
        self.callRemote(Drain, linger=float(linger), seconds=float(seconds))

    async def figures(self) -> bytes:
        """The worker's metrics; raises TimeoutError and ConnectionError."""
        asked: Deferred[dict[str, bytes]] = self.callRemote(Figures)
        answer = await asyncio.wait_for(asked.asFuture(asyncio.get_running_loop()), FIGURES_SECONDS)
        return answer["figures"]

    @Publish.responder
    def _publish(self, topic: str) -> dict[str, Any]:
        self._office.relay(topic, self)
        return {}

    @Ready.responder
    def _ready(self) -> dict[str, Any]:
        self._on_ready()
        return {}

    @Put.responder
    def _put(self, key: str, value: bytes, lease: float) -> Deferred[dict[str, Any]]:
        async def answer() -> dict[str, Any]:
            await self._office.registry.put(key, value, lease)
            return {}

        return later(answer())

    @Get.responder
    def _get(self, key: str) -> Deferred[dict[str, Any]]:
        async def answer() -> dict[str, Any]:
            return {"value": await self._office.registry.get(key)}

        return later(answer())

    @Remove.responder
    def _remove(self, key: str) -> Deferred[dict[str, Any]]:
        async def answer() -> dict[str, Any]:
            await self._office.registry.remove(key)
            return {}

        return later(answer())

    @Claim.responder
    def _claim(self, key: str, holder: bytes, lease: float) -> Deferred[dict[str, Any]]:
        async def answer() -> dict[str, Any]:
            return {"held": await self._office.registry.claim(key, holder, lease)}

        return later(answer())

    @Release.responder
    def _release(self, key: str, holder: bytes) -> Deferred[dict[str, Any]]:
        async def answer() -> dict[str, Any]:
            await self._office.registry.release(key, holder)
            return {}

        return later(answer())

    @Hit.responder
    def _hit(self, key: str, window: float) -> Deferred[dict[str, Any]]:
        async def answer() -> dict[str, Any]:
            return {"count": await self._office.registry.hit(key, window)}

        return later(answer())

    @Hits.responder
    def _hits(self, key: str) -> Deferred[dict[str, Any]]:
        async def answer() -> dict[str, Any]:
            return {"count": await self._office.registry.hits(key)}

        return later(answer())

    @AllFigures.responder
    def _all_figures(self) -> Deferred[dict[str, Any]]:
        async def answer() -> dict[str, Any]:
            return {"figures": msgspec.msgpack.encode(await self._office.all_figures())}

        return later(answer())


def later(answer: Coroutine[Any, Any, dict[str, Any]]) -> Deferred[dict[str, Any]]:
    """AMP wants a Deferred where we have a coroutine."""
    return Deferred.fromFuture(asyncio.ensure_future(answer))
