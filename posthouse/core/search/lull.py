"""When an indexer may work: while nothing new comes, and in any case once it has waited for long enough."""

from __future__ import annotations

from collections.abc import Callable

PAUSE_SECONDS = 1.0  # without news, and whatever came, came together


class Lull:
    """Watches news come; `clock` gives seconds."""

    __slots__ = ("_clock", "_heard", "_patience", "_since")

    def __init__(self, patience: float, clock: Callable[[], float]) -> None:
        """Who waits does not wait for more than `patience` seconds."""
        self._patience = patience
        self._clock = clock
        self._heard = self._since = -PAUSE_SECONDS - patience

    def stir(self) -> None:
        """Something new came."""
        now = self._clock()
        if now - self._heard >= PAUSE_SECONDS:
            self._since = now
        self._heard = now

    def left(self) -> float:
        """How many seconds there are yet to wait; 0 when the time is there, and then until `settle` or a pause."""
        return max(0.0, min(self._heard + PAUSE_SECONDS, self._since + self._patience) - self._clock())

    def settle(self) -> None:
        """What had waited is done: what came meanwhile waits in its turn."""
        self._since = self._clock()
