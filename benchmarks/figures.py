"""How figures are taken and shown: pairs of (peer, ours) measured in turns, ratio of the medians."""

from __future__ import annotations

import json
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

import msgspec
import psutil


class Figure(msgspec.Struct):
    """One measured work; values in `unit`, `more_is_better` for rates."""

    work: str
    unit: str
    ours: float
    peer: str = ""
    theirs: float = 0.0
    floor: float = 0.0
    more_is_better: bool = True

    @property
    def ratio(self) -> float:
        """How many times better than the peer (or than the bound, for figures without a peer)."""
        if not self.theirs or not self.ours:
            return 0.0
        return self.ours / self.theirs if self.more_is_better else self.theirs / self.ours


def timed(work: Callable[[], None]) -> float:
    """Seconds that `work` took."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def median_of(rounds: int, work: Callable[[], float]) -> float:
    """The median of what `work` measured in several rounds."""
    return statistics.median(work() for _ in range(rounds))


def least_of(rounds: int, work: Callable[[], float]) -> float:
    """The least of what `work` measured in several rounds: what it takes where nothing else runs."""
    return min(work() for _ in range(rounds))


def tree_seconds(pid: int) -> float:
    """Processor seconds of a process and all below it."""
    total = 0.0
    for process in [psutil.Process(pid), *psutil.Process(pid).children(recursive=True)]:
        try:
            times = process.cpu_times()
            # of a process that is woken for moments, hundredths of a second show nothing: so what its threads count
            total += max(times.user + times.system, _threads_seconds(process.pid))
            # with those of children that have ended, so that it never falls
            total += times.children_user + times.children_system
        except (psutil.NoSuchProcess, FileNotFoundError, ProcessLookupError):
            continue
    return total


def _threads_seconds(pid: int) -> float:
    threads = Path(f"/proc/{pid}/task").iterdir()
    return sum(int((thread / "schedstat").read_text().split()[0]) for thread in threads) / 1e9


def show(figures: list[Figure], *, as_json: bool) -> None:
    """Print the table."""
    if as_json:
        json.dump([{**msgspec.to_builtins(figure), "ratio": figure.ratio} for figure in figures], sys.stdout, indent=1)
        return
    print(f"{'work':58} {'ours':>10} {'peer':>10} {'unit':8} {'ratio':>6} {'floor':>6}")
    for figure in figures:
        print(row(figure))


def row(figure: Figure) -> str:
    """A line of the table."""
    floor = f"{figure.floor:6.1f}" if figure.floor else "      "
    theirs = f"{figure.theirs:10.1f}" if figure.theirs else " " * 10
    return f"{figure.work:58} {figure.ours:10.1f} {theirs} {figure.unit:8} {figure.ratio:6.2f} {floor}  {figure.peer}"
