"""Whether there is more to do than processors for it: then work that can be saved is worth waiting for."""

from __future__ import annotations

import os
import time
from pathlib import Path

PERIOD_SECONDS = 0.1
CROWDED = 0.25  # of the time that this process works it waits besides for a processor


class Crowding:
    """What the kernel says of the calling process (schedstat: nanoseconds at work, and waiting to be)."""

    def __init__(self, source: Path = Path("/proc/self/schedstat"), seconds: float = PERIOD_SECONDS) -> None:
        """Look there, at most once in so many seconds."""
        self._seconds = seconds
        try:
            self._file = os.open(source, os.O_RDONLY | os.O_CLOEXEC)
        except OSError:  # a kernel that does not count
            self._file = -1
        self._working = self._waiting = 0
        self._until = 0.0
        self._is_crowded = True

    def __bool__(self) -> bool:
        if self._file >= 0 and time.monotonic() >= self._until:
            self._look()
        return self._is_crowded

    def _look(self) -> None:
        working, waiting, _ = map(int, os.pread(self._file, 100, 0).split())
        self._is_crowded = waiting - self._waiting > CROWDED * (working - self._working)
        self._working, self._waiting = working, waiting
        self._until = time.monotonic() + self._seconds
