"""What work takes, told without a clock that other work on the machine, or a slower machine, would move."""

from __future__ import annotations

import gc
import sys
import time
from collections.abc import Callable
from types import FrameType

RUNS = 3
LARGER = 8
LEAST_SECONDS = 0.001


def takes_time_by_size(work: Callable[[int], object], size: int) -> bool:
    """Whether work of eight times the size takes about eight times as long; what is quadratic takes 64 times.

    In processor time, the best of some runs.
    """
    small, large = _seconds(work, size), _seconds(work, size * LARGER)
    return large < max(small, LEAST_SECONDS) * LARGER * 4


def _seconds(work: Callable[[int], object], size: int) -> float:
    gc.collect()
    gc.disable()  # what others left behind is not this work's
    try:
        return min(_once(work, size) for _ in range(RUNS))
    finally:
        gc.enable()


def _once(work: Callable[[int], object], size: int) -> float:
    began = time.process_time()
    work(size)
    return time.process_time() - began


def calls(work: Callable[[], object]) -> int:
    """How many functions are called, Python's and built-in ones."""
    called = 0

    def count(_frame: FrameType, event: str, _argument: object) -> None:
        nonlocal called
        called += event in ("call", "c_call")

    before = sys.getprofile()
    sys.setprofile(count)
    try:
        work()
    finally:
        sys.setprofile(before)
    return called
