"""How long a connection may be silent: one timer, looked at when it rings and not set anew each time."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable


class IdleClock:
    """Calls `rung` when the time is over."""

    __slots__ = ("_handle", "_loop", "_rung", "_until")

    def __init__(self, rung: Callable[[], None], loop: asyncio.AbstractEventLoop) -> None:
        self._rung = rung
        self._loop = loop
        self._until = math.inf
        self._handle: asyncio.TimerHandle | None = None

    def set(self, seconds: float | None) -> None:
        """So long from now on; None for ever."""
        if seconds is None:
            self._until = math.inf
            return
        self._until = self._loop.time() + seconds
        if self._handle is not None and self._handle.when() > self._until:
            self._handle.cancel()
            self._handle = None
        if self._handle is None:
            self._handle = self._loop.call_at(self._until, self._look)

    def stop(self) -> None:
        """It is needed no more."""
        self._until = math.inf
        if self._handle is not None:
            self._handle.cancel()
            self._handle = None

    def _look(self) -> None:
        self._handle = None
        if self._until == math.inf:
            return
        if self._until > self._loop.time():
            self._handle = self._loop.call_at(self._until, self._look)
        else:
            self._rung()
