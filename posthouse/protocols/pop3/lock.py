"""One session at a time has a maildrop; RFC 1939 8. A lease that its session renews, in the registry of all workers.

A lease that was lost costs nothing but that promise: what a session deletes are messages by their UIDs.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable, Coroutine
from typing import Any

from posthouse.core.registry import Registry

_RENEWALS = 3  # in the time of a lease


class Lock:
    """A maildrop's lock, held."""

    __slots__ = ("_holder", "_key", "_registry", "_seconds", "_spawn", "_timer")

    def __init__(
        self, registry: Registry, account: int, seconds: float, spawn: Callable[[Coroutine[Any, Any, None]], Any]
    ) -> None:
        self._registry = registry
        self._key = f"maildrop/{account}"
        self._holder = secrets.token_bytes(8)
        self._seconds = seconds
        self._spawn = spawn
        self._timer: asyncio.TimerHandle | None = None

    async def take(self) -> bool:
        """Hold it from now on; False while another does."""
        if not await self._registry.claim(self._key, self._holder, self._seconds):
            return False
        self._wait()
        return True

    async def release(self) -> None:
        """Let go of it."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        await self._registry.release(self._key, self._holder)

    def _wait(self) -> None:
        loop = asyncio.get_running_loop()
        self._timer = loop.call_later(self._seconds / _RENEWALS, lambda: self._spawn(self._renew()))

    async def _renew(self) -> None:
        await self._registry.claim(self._key, self._holder, self._seconds)
        if self._timer is not None:
            self._wait()
