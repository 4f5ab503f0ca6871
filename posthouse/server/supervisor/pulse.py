"""The store process's pulse: octets on a pipe, the first when it serves. One that shows none for too long is killed.

A process that hangs is not dead: nobody would put another in its place, and every write would wait for it.
"""

from __future__ import annotations

import asyncio
import os

import structlog

from posthouse.server.supervisor.post import Child

log = structlog.get_logger()

CHECKS = 10  # that find nothing, one after the other: when all of us were asleep, one finds nothing and the next does
OCTETS = 4096


class Pulse:
    """Watches one child by the pipe that it writes to, which is the pulse's own from now on."""

    def __init__(self, child: Child, pipe: int, silent_seconds: float) -> None:
        """`silent_seconds` 0: it may be silent for ever."""
        self._child = child
        self._pipe = pipe
        self._pause = silent_seconds / CHECKS
        self._silent = 0
        self._timer: asyncio.TimerHandle | None = None
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(pipe, self._beat)
        child.on_end.append(self.close)

    def close(self) -> None:
        """Watch no more; harmless twice."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._pipe >= 0:
            self._loop.remove_reader(self._pipe)
            os.close(self._pipe)
            self._pipe = -1

    def _beat(self) -> None:
        if not os.read(self._pipe, OCTETS):
            self.close()  # it has ended, or is about to
            return
        self._silent = 0
        self._child.set_ready()
        if self._timer is None and self._pause:
            self._timer = self._loop.call_later(self._pause, self._check)

    def _check(self) -> None:
        self._silent += 1
        if self._silent >= CHECKS:
            log.error("process killed: it gives no sign of life", name=self._child.name, pid=self._child.pid)
            self._child.kill()
            self.close()
        else:
            self._timer = self._loop.call_later(self._pause, self._check)
