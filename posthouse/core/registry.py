"""Registry: leased, ephemeral facts that all workers share (rate counters now; presence and bindings later).

Everything in it may vanish at a restart: nothing that was promised to a user belongs here.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Protocol


class Registry(Protocol):
    """Facts with a lease, and counters over a window."""

    async def put(self, key: str, value: bytes, lease_seconds: float) -> None:
        """Keep `value` until the lease ends or it is put again."""

    async def get(self, key: str) -> bytes | None:
        """The value while its lease lasts."""

    async def remove(self, key: str) -> None:
        """Forget it before its lease ends; also forgets a counter of that name."""

    async def claim(self, key: str, holder: bytes, lease_seconds: float) -> bool:
        """Hold `key` until the lease ends, again for who holds it already; False while another does."""

    async def release(self, key: str, holder: bytes) -> None:
        """Hold it no more; what another holds stays."""

    async def hit(self, key: str, window_seconds: float) -> int:
        """Count one event; how many there were since the window began. The window begins with its first event."""

    async def hits(self, key: str) -> int:
        """What `hit` last returned while the window lasts, else 0."""


class LocalRegistry:
    """The registry of one process; the supervisor serves its own to the workers. When full, the oldest facts go."""

    def __init__(self, *, clock: Callable[[], float] = time.monotonic, limit: int = 1_000_000) -> None:
        self._clock = clock
        self._limit = limit
        self._values: dict[str, tuple[float, bytes]] = {}
        self._counters: dict[str, tuple[float, int]] = {}

    async def put(self, key: str, value: bytes, lease_seconds: float) -> None:
        self._values.pop(key, None)
        self._make_room(self._values)
        self._values[key] = (self._clock() + lease_seconds, value)

    async def get(self, key: str) -> bytes | None:
        ends, value = self._values.get(key, (0.0, b""))
        if ends > self._clock():
            return value
        self._values.pop(key, None)
        return None

    async def remove(self, key: str) -> None:
        self._values.pop(key, None)
        self._counters.pop(key, None)

    async def claim(self, key: str, holder: bytes, lease_seconds: float) -> bool:
        if await self.get(key) not in (None, holder):
            return False
        await self.put(key, holder, lease_seconds)
        return True

    async def release(self, key: str, holder: bytes) -> None:
        if await self.get(key) == holder:
            self._values.pop(key, None)

    async def hit(self, key: str, window_seconds: float) -> int:
        now = self._clock()
        ends, count = self._counters.get(key, (0.0, 0))
        if ends <= now:
            self._counters.pop(key, None)
            self._make_room(self._counters)
            ends, count = now + window_seconds, 0
        self._counters[key] = (ends, count + 1)
        return count + 1

    async def hits(self, key: str) -> int:
        ends, count = self._counters.get(key, (0.0, 0))
        return count if ends > self._clock() else 0

    def _make_room(self, facts: dict[str, tuple[float, bytes]] | dict[str, tuple[float, int]]) -> None:
        while len(facts) >= self._limit:
            del facts[next(iter(facts))]
