"""The running supervisor: start in order, answer status, reload with no connection lost, stop gracefully."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from typing import Any

import structlog

from posthouse import __version__
from posthouse.core.registry import LocalRegistry
from posthouse.server import nursery, sockets, systemd
from posthouse.server.certificate import BadCertificate
from posthouse.server.configuration import ConfigurationError
from posthouse.server.control import serve_control
from posthouse.server.endpoints import LISTENER_NAMES
from posthouse.server.hub.office import Office
from posthouse.server.indexer.tally import WAITING
from posthouse.server.supervisor.births import Births
from posthouse.server.supervisor.post import Child, Post, StartFailed
from posthouse.server.supervisor.settled import Settled, settle
from posthouse.server.worker.metrics import value_of

log = structlog.get_logger()

READY_SECONDS = 60.0  # a renewed worker has so long to serve, else the old one stays
GRACE_SECONDS = 5.0  # beyond the drain time, until a process is killed
STORE_SECONDS = 30.0  # the store process may need so long for its last commits


class Supervision:
    """One run of the server."""

    def __init__(self, settled: Settled, bound: list[sockets.Bound], first_nursery: nursery.Nursery) -> None:
        self._settled = settled
        self._bound = bound
        self._births = Births(first_nursery, Office(LocalRegistry()))
        self._store: Post
        self._workers: list[Post] = []
        self._indexer: Post | None = None
        self._leaving: set[Child] = set()
        self._stopped: asyncio.Future[None] = asyncio.get_event_loop().create_future()
        self._reloading = asyncio.Lock()
        self._may_reload = asyncio.Event()
        self._tasks: set[asyncio.Task[Any]] = set()

    async def run(self) -> int:
        """Serve until told to stop; the status of the process."""
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, self._stop)
        asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, lambda: self._spawn(self._reload_once_up()))
        signal.pthread_sigmask(signal.SIG_UNBLOCK, (signal.SIGHUP,))
        control = None
        try:
            await self._start()
            control = await serve_control(
                self._settled.places.control_socket, {"status": self.status, "reload": self.reload}
            )
            self._may_reload.set()
            systemd.notify(f"READY=1\nMAINPID={os.getpid()}")
            log.info("serving", workers=len(self._workers), listeners=len(self._bound))
            self._spawn(_watchdog())
            await self._stopped
            status = 0
        except StartFailed as failed:
            log.error("cannot start: a process dies again and again", name=str(failed))
            status = 1
        systemd.notify("STOPPING=1")
        if control is not None:
            self._settled.places.control_socket.unlink(missing_ok=True)
            control.close()
        await self._end()
        return status

    async def status(self) -> dict[str, Any]:
        """What `posthouse status` shows."""
        return {
            "version": __version__,
            "supervisor": {"pid": os.getpid()},
            "workers": [{"pid": post.child.pid, "up": post.child.is_up} for post in self._workers],
            "search": await self._search_status(),
            "listeners": [
                {"name": each.name, "host": each.host, "port": each.port, "tls": each.tls == "implicit"}
                for each in self._bound
            ],
        }

    async def _search_status(self) -> dict[str, Any] | None:
        if self._indexer is None:
            return None
        child = self._indexer.child
        waiting = None
        if child.line is not None and child.is_up:
            with contextlib.suppress(TimeoutError, ConnectionError):
                waiting = int(value_of(await child.line.figures(), WAITING) or 0)
        return {"pid": child.pid, "up": child.is_up, "waiting": waiting}

    async def reload(self) -> dict[str, Any]:
        """Read configuration and certificate again and renew every process that they matter to.

        What was wrong is in "problems", and then everything stays as it was.
        """
        async with self._reloading:
            systemd.notify_reloading()
            try:
                problems = await self._renew()
            finally:
                systemd.notify("READY=1")
        for problem in problems:
            log.error("not reloaded", problem=problem)
        if not problems:
            log.info("reloaded")
        return {"problems": problems}

    async def _reload_once_up(self) -> None:
        await self._may_reload.wait()
        await self.reload()

    async def _start(self) -> None:
        self._store = Post("store", self._new_store)
        await self._until_stopped(self._store.wait_up())
        self._workers = [self._new_post(slot) for slot in range(self._settled.workers)]
        await self._until_stopped(asyncio.gather(*(post.wait_up() for post in self._workers)))
        self._start_indexer()

    async def _until_stopped(self, work: Any) -> None:
        """Wait for `work`, but not once we are told to stop."""
        task = asyncio.ensure_future(work)
        await asyncio.wait((task, self._stopped), return_when=asyncio.FIRST_COMPLETED)
        if task.done():
            task.result()
        task.cancel()

    def _new_store(self) -> Child:
        return self._births.store(self._settled)

    def _new_post(self, slot: int) -> Post:
        return Post(f"worker {slot}", lambda: self._births.worker(self._settled, self._bound, slot))

    def _start_indexer(self) -> None:
        if self._settled.configuration.search.enabled:
            self._indexer = Post("indexer", lambda: self._births.indexer(self._settled))

    async def _end_indexer(self) -> None:
        if self._indexer is not None:
            indexer, self._indexer = self._indexer, None
            await self._drain(indexer.release())

    async def _renew(self) -> list[str]:
        try:
            settled = settle(self._settled.file)
        except (ConfigurationError, BadCertificate) as error:
            return str(error).splitlines()
        old = self._settled.configuration.server
        new = settled.configuration.server
        if (new.directory, new.run_directory, new.user) != (old.directory, old.run_directory, old.user):
            return ["server.directory, server.run_directory and server.user need a restart"]
        try:
            bound = sockets.bind_all(settled.configuration.listeners, LISTENER_NAMES, settled.workers, self._bound)
        except sockets.CannotBind as error:
            return [str(error)]
        return await self._change_to(settled, bound)

    async def _change_to(self, settled: Settled, bound: list[sockets.Bound]) -> list[str]:
        before = (self._settled, self._bound)
        for child in self._leaving:  # sessions linger over one reload, not over two: old workers must not pile up
            if child.line is not None and child.is_up:
                child.line.drain(0, settled.configuration.server.drain_seconds)
        self._settled, self._bound = settled, bound
        kept = {each.identity for each in bound}
        if settled.configuration.store != before[0].configuration.store:
            await self._end_store(self._store.release())
            self._store.install(self._new_store())
        for slot in range(settled.workers):
            if slot >= len(self._workers):
                self._workers.append(self._new_post(slot))
                continue
            fresh = self._births.worker(settled, bound, slot)
            if not await fresh.wait_ready(READY_SECONDS):
                fresh.kill()
                if slot == 0:  # nothing has changed hands yet
                    self._settled, self._bound = before
                    sockets.close_all([each for each in bound if each.identity not in _identities(before[1])])
                return [f"worker {slot} does not start with the new configuration"]
            self._retire(self._workers[slot].install(fresh))
        while len(self._workers) > settled.workers:
            self._retire(self._workers.pop().release())
        if settled.configuration != before[0].configuration:
            await self._end_indexer()  # the other one can write when this one is gone
            self._start_indexer()
        sockets.close_all([each for each in before[1] if each.identity not in kept])
        return []

    def _retire(self, child: Child) -> None:
        self._leaving.add(child)

        async def leave() -> None:
            await self._drain(child, self._settled.configuration.server.linger_seconds)
            self._leaving.discard(child)

        self._spawn(leave())

    async def _drain(self, child: Child, linger: float = 0) -> None:
        seconds = self._settled.configuration.server.drain_seconds
        if child.line is not None and child.is_up:
            child.line.drain(linger, seconds)
        else:
            child.kill()
        await child.wait_ended(linger + seconds + GRACE_SECONDS)

    def _stop(self) -> None:
        if not self._stopped.done():
            log.info("stopping")
            self._stopped.set_result(None)
            return
        posts = [*self._workers, self._indexer] if self._indexer is not None else self._workers
        for child in [*self._leaving, *(post.child for post in posts)]:  # told twice: now
            child.kill()

    async def _end(self) -> None:
        sockets.close_all(self._bound)
        for task in self._tasks:
            task.cancel()
        workers = {post.release() for post in self._workers} | self._leaving
        self._leaving = workers
        await asyncio.gather(self._end_indexer(), *(self._drain(child) for child in workers))
        if hasattr(self, "_store"):
            await self._end_store(self._store.release())
        self._births.close()
        log.info("stopped")

    async def _end_store(self, child: Child) -> None:
        self._births.end_store(child)
        await child.wait_ended(STORE_SECONDS)

    def _spawn(self, work: Any) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._on_done)

    def _on_done(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and task.exception() is not None:
            log.error("supervision failed", exc_info=task.exception())


def _identities(bound: list[sockets.Bound]) -> set[tuple[str, str, int]]:
    return {each.identity for each in bound}


async def _watchdog() -> None:
    """Say that the event loop turns, when systemd wants to know."""
    seconds = systemd.watchdog_seconds()
    while seconds:
        systemd.feed_watchdog()
        await asyncio.sleep(seconds)
