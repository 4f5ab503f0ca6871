"""A post is a place that must be filled: the store's or one worker's. Who dies there is replaced."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Callable

import structlog

from posthouse.server.hub.office import WorkerLine

log = structlog.get_logger()

STEADY_SECONDS = 5.0  # who lived so long did not die of its start
FIRST_DELAY_SECONDS = 0.1
LAST_DELAY_SECONDS = 10.0
HOPELESS_DEATHS = 5  # at the very first start: something is wrong that waiting will not mend


class StartFailed(Exception):
    """A process dies again and again before it serves."""


class Child:
    """One running process. `ready` and `ended` are set when it says so."""

    def __init__(self, name: str, pid: int) -> None:
        loop = asyncio.get_running_loop()
        self.name = name
        self.pid = pid
        self.started = loop.time()
        self.ready: asyncio.Future[None] = loop.create_future()
        self.ended: asyncio.Future[None] = loop.create_future()
        self.line: WorkerLine | None = None
        self.on_end: list[Callable[[], None]] = []
        try:
            self._pidfd = os.pidfd_open(pid)
        except ProcessLookupError:
            self._pidfd = -1
            self._end()
        else:
            loop.add_reader(self._pidfd, self._end)

    @property
    def is_up(self) -> bool:
        """It serves."""
        return self.ready.done() and not self.ended.done()

    def set_ready(self) -> None:
        """It said that it serves."""
        if not self.ready.done():
            self.ready.set_result(None)

    def kill(self) -> None:
        """End it now."""
        if not self.ended.done():
            try:
                signal.pidfd_send_signal(self._pidfd, signal.SIGKILL)
            except ProcessLookupError:
                return

    async def wait_ready(self, seconds: float) -> bool:
        """Whether it serves within so long."""
        await asyncio.wait((self.ready, self.ended), timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        return self.is_up

    async def wait_ended(self, seconds: float) -> None:
        """Return when it has ended; it is killed after so long."""
        await asyncio.wait((self.ended,), timeout=seconds)
        if not self.ended.done():
            log.warning("process killed: it did not end in time", name=self.name, pid=self.pid)
            self.kill()
            await asyncio.wait((self.ended,))

    def _end(self) -> None:
        if self._pidfd >= 0:
            asyncio.get_running_loop().remove_reader(self._pidfd)
            os.close(self._pidfd)
        if not self.ended.done():
            self.ended.set_result(None)
        for callback in self.on_end:
            callback()


class Post:
    """Keeps one child running. `start` makes a new one."""

    def __init__(self, name: str, start: Callable[[], Child]) -> None:
        self.name = name
        self._start = start
        self.child = start()
        self._hopeless: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._task = asyncio.create_task(self._keep())

    async def wait_up(self) -> None:
        """Return when the first child serves; raises StartFailed when none will."""
        while not self.child.is_up:
            await asyncio.wait(
                (self.child.ready, self.child.ended, self._hopeless), return_when=asyncio.FIRST_COMPLETED
            )
            if self._hopeless.done():
                raise StartFailed(self.name)
            if self.child.ended.done():
                await asyncio.sleep(FIRST_DELAY_SECONDS)

    def install(self, child: Child) -> Child:
        """Put `child` in the place of the present one, which is returned and no longer kept."""
        old, self.child = self.child, child
        self._task.cancel()
        self._task = asyncio.create_task(self._keep())
        return old

    def release(self) -> Child:
        """Keep the present child no longer."""
        self._task.cancel()
        return self.child

    async def _keep(self) -> None:
        deaths = 0
        served = False
        while True:
            await asyncio.wait((self.child.ended,))  # not the future itself: a cancelled wait must not cancel it
            served = served or self.child.ready.done()
            lived = asyncio.get_running_loop().time() - self.child.started
            deaths = 0 if lived > STEADY_SECONDS else deaths + 1
            if deaths >= HOPELESS_DEATHS and not served and not self._hopeless.done():
                self._hopeless.set_result(None)
            delay = min(LAST_DELAY_SECONDS, FIRST_DELAY_SECONDS * 2**deaths) if deaths > 1 else 0.0
            log.error("process died; starting it again", name=self.name, pid=self.child.pid, after_seconds=delay)
            await asyncio.sleep(delay)
            self.child = self._start()
