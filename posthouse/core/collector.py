"""The garbage collector of a worker, held off while much is made that has no cycles: it would look at it all at once.

A collection of what is young looks at each element of a list of a hundred thousand that is young, too: 10 ms.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


class Collector:
    """It; several may hold it off at a time."""

    __slots__ = ("_holding",)

    def __init__(self) -> None:
        self._holding = 0

    @contextmanager
    def held_off(self) -> Iterator[None]:
        """Collect nothing meanwhile; only for what ends by itself, and never while a peer is waited for."""
        self._holding += 1
        gc.disable()
        try:
            yield
        finally:
            self._holding -= 1
            if not self._holding:
                gc.enable()
