"""Whose turn it is: a command that takes long gives the other sessions of its worker theirs."""

from __future__ import annotations

import asyncio

SECONDS = 0.002


class Turn:
    """The turn of one command, which began when this was made."""

    __slots__ = ("_began", "_loop")

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._began = self._loop.time()

    async def share(self) -> None:
        """Let others go before when it has lasted long."""
        if self._loop.time() - self._began > SECONDS:
            await asyncio.sleep(0)
            self._began = self._loop.time()
