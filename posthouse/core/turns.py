"""Whose turn it is: what takes long gives the other sessions of its worker theirs."""

from __future__ import annotations

import asyncio
from time import monotonic

SECONDS = 0.002


class Turn:
    """The turn of one command, or of a part of one, which began when this was made."""

    __slots__ = ("_began",)

    def __init__(self) -> None:
        self._began = monotonic()  # the loop's own time is told in whole milliseconds

    async def share(self) -> None:
        """Let others go before when it has lasted long."""
        if monotonic() - self._began > SECONDS:
            await asyncio.sleep(0)
            self._began = monotonic()
