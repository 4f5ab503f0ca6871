"""The worker's life: build its parts, take over the listening sockets, serve, drain, end."""
# mypy: disallow-untyped-calls=False

from __future__ import annotations

import asyncio
import contextlib
import gc
import os
import secrets
import socket
from functools import partial
from typing import Any, NoReturn, cast

import structlog
import uvloop
from twisted.internet import asyncioreactor

from posthouse.core.accounts.rewriting import SECRET_OCTETS, ensure_srs_secret, has_srs_secret
from posthouse.core.bus import LocalBus
from posthouse.server.briefing import Adopted, WorkerBriefing, decode_briefing
from posthouse.server.endpoints import ENDPOINTS
from posthouse.server.hub.line import OneLine, SupervisorLine
from posthouse.server.logs import start_logging
from posthouse.server.pages import give_back_pages
from posthouse.server.timetable.duties import all_duties
from posthouse.server.timetable.files import file_duties
from posthouse.server.timetable.mail import mail_duties
from posthouse.server.timetable.reporting import reporting_duties
from posthouse.server.timetable.runner import Timetable
from posthouse.server.timetable.sending import sending_duties
from posthouse.server.timetable.tidying import tidying_duties
from posthouse.server.worker.door import Door
from posthouse.server.worker.files import noticer
from posthouse.server.worker.metrics import Metrics
from posthouse.server.worker.parts import Parts, build_parts
from posthouse.server.worker.sending import Sending, build_sending
from posthouse.server.worker.tls import TlsFactory
from posthouse.server.worker.transport import LoopTransport
from posthouse.storage.clock import now_ms

log = structlog.get_logger()

YOUNG_OBJECTS = 10_000  # before the garbage collector looks for cycles among them: sessions leave none behind


def run_worker(briefing: bytes, descriptors: list[int]) -> None:
    """Serve until drained. The first descriptor is the line to the supervisor, the rest are listening sockets."""
    briefed = decode_briefing(WorkerBriefing, briefing)
    start_logging(briefed.configuration.log, f"worker {briefed.slot}", in_turns=True)
    gc.set_threshold(YOUNG_OBJECTS)
    loop = uvloop.new_event_loop()
    asyncio.set_event_loop(loop)
    asyncioreactor.install(loop)
    from twisted.internet import reactor  # noqa: PLC0415 - the one just installed

    worker = Worker(briefed, reactor)
    work = loop.create_task(worker.start(descriptors))  # noqa: F841 - kept alive by this frame
    cast(Any, reactor).run(installSignalHandlers=False)


class Worker:
    """One worker."""

    def __init__(self, briefed: WorkerBriefing, reactor: Any) -> None:
        self._briefed = briefed
        self._reactor = reactor
        self._metrics = Metrics()
        self._doors: list[Door] = []
        self._servers: list[asyncio.Server] = []
        self._parts: Parts | None = None
        self._sending: Sending | None = None
        self._timetable: Timetable | None = None
        self._draining: asyncio.Task[None] | None = None

    async def start(self, descriptors: list[int]) -> None:
        """Build everything and begin to serve; ends the process when that fails."""
        try:
            local = LocalBus()
            line = SupervisorLine(local, on_lost=_end_at_once, on_drain=self._on_drain, figures=self._metrics.figures)
            self._adopt_line(descriptors[0], line)
            self._parts = await build_parts(self._briefed, local, line, self._metrics)
            if not await self._parts.store.read(has_srs_secret):
                await self._parts.store.write(ensure_srs_secret, secrets.token_bytes(SECRET_OCTETS))
            for adopted, descriptor in zip(self._briefed.listeners, descriptors[1:], strict=True):
                await self._listen(adopted, descriptor, self._parts)
            self._sending = build_sending(self._parts, self._reactor)
            self._timetable = Timetable(
                self._parts.store,
                self._parts.bus,
                all_duties(
                    self._parts.store,
                    self._parts.blobs,
                    self._briefed.configuration.store,
                    self._briefed.configuration.blobs,
                    now_ms,
                )
                | tidying_duties(
                    self._parts.store,
                    self._sending.resolver,
                    self._briefed.configuration.trace,
                    self._briefed.configuration.routing,
                    self._briefed.configuration.dkim,
                    now_ms,
                )
                | file_duties(
                    self._parts.store, self._briefed.configuration.files, noticer(self._parts, now_ms), now_ms
                )
                | mail_duties(self._parts.store, self._briefed.configuration.mail, now_ms)
                | reporting_duties(self._sending.tls_reporter, self._briefed.configuration.routing)
                | sending_duties(
                    self._parts.store,
                    self._sending.courier,
                    self._sending.reporter,
                    self._briefed.configuration.queue,
                    now_ms,
                ),
                self._briefed.configuration.jobs,
                now_ms,
                f"worker {self._briefed.slot}, process {os.getpid()}",
            )
            give_back_pages()
            line.ready()
        except Exception:
            log.exception("worker cannot start")
            os._exit(1)

    async def _wait_empty(self, seconds: float) -> None:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(asyncio.gather(*(door.wait_empty() for door in self._doors)), seconds)

    def _adopt_line(self, descriptor: int, line: SupervisorLine) -> None:
        os.set_blocking(descriptor, False)
        self._reactor.adoptStreamConnection(descriptor, socket.AF_UNIX, OneLine(line))
        os.close(descriptor)

    async def _listen(self, adopted: Adopted, descriptor: int, parts: Parts) -> None:
        door = next((door for door in self._doors if door.name == adopted.name), None)
        if door is None:
            factory = ENDPOINTS[adopted.name](parts, adopted.name)
            outer = factory if adopted.tls != "implicit" else TlsFactory(cast(Any, parts.tls), False, factory)
            settings = getattr(self._briefed.configuration.listeners, adopted.name)
            door = Door(adopted.name, outer, factory, settings, self._metrics)
            self._doors.append(door)
        loop = asyncio.get_running_loop()
        backlog = getattr(self._briefed.configuration.listeners, adopted.name).backlog
        listening = socket.socket(fileno=descriptor)
        self._servers.append(await loop.create_server(partial(LoopTransport, door), sock=listening, backlog=backlog))

    def _on_drain(self, linger: float, seconds: float) -> None:
        if self._draining is not None:
            self._draining.cancel()  # told again, for a stop: linger no more
        self._draining = asyncio.get_running_loop().create_task(self._drain(linger, seconds))

    async def _drain(self, linger: float, seconds: float) -> None:
        """Take no more connections, let sessions go on for `linger`, then finish within `seconds`, end."""
        try:
            for server in self._servers:
                server.close()
            self._servers.clear()
            if self._sending is not None:
                self._sending.courier.stop()
            if self._timetable is not None:
                await self._timetable.stop(seconds)
                self._timetable = None
            await self._wait_empty(linger)
            await self._finish(seconds)
            await asyncio.sleep(0)  # what was logged in this turn goes out
            os._exit(0)
        except Exception:
            log.exception("worker cannot drain")
            os._exit(1)

    async def _finish(self, seconds: float) -> None:
        for door in self._doors:
            door.factory.drain()
        await self._wait_empty(seconds)
        cut = sum(door.open for door in self._doors)
        if cut:
            log.warning("sessions cut: they did not finish in time", sessions=cut)
        if self._sending is not None:
            await self._sending.router.close()
        if self._parts is not None:
            await self._parts.journal.stop(seconds)
            self._parts.close()


def _end_at_once() -> NoReturn:
    """The supervisor is gone: its successor starts other workers, and these ports must be free for them."""
    os._exit(1)
