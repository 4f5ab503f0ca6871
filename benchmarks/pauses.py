"""How long commands on a mailbox of 100,000 hold up others: a second session pings meanwhile.

A pause is the processor time that a process spent between a question of the pinging session and its answer: so what
else runs on the machine counts as little as it can. The worker is asked by NOOP, the store process by a small change.
"""

from __future__ import annotations

import multiprocessing
import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psutil

from benchmarks.figures import Figure
from benchmarks.imap_client import ImapClient
from benchmarks.long_commands import measure_all
from benchmarks.ours import Posthouse
from benchmarks.peers import DOMAIN, PASSWORD
from benchmarks.reading import MESSAGES, READER, fill_singly

PINGER = "other"
BOUND = 20.0  # ms


def run(messages: int = MESSAGES) -> list[Figure]:
    """The worst pause of each command, in the worker and in the store process."""
    with tempfile.TemporaryDirectory(prefix="posthouse-bench-") as name:
        ours = Posthouse(Path(name) / "posthouse", [READER, PINGER])
        ours.start()
        try:
            fill_singly(ours.port("imap"), messages)
            ours.wait_indexed()
            return figures(ours)
        finally:
            ours.stop()


def figures(ours: Posthouse) -> list[Figure]:
    """Figures of a server whose reader has many messages."""
    (worker,) = ours.worker_pids()
    store = next(child.pid for child in psutil.Process(ours.pid).children(recursive=True) if "store" in child.name())
    found: list[Figure] = []

    def measure(called: str, work: Callable[[], object]) -> None:
        with _pinging(ours, worker, store) as worst:
            work()
        found.extend(_shown(called, worst))

    measure_all(ours, measure, PINGER)
    return found


def _shown(line: str, worst: dict[str, float]) -> list[Figure]:
    return [
        Figure(f"{line}: longest pause, {who}"[:100], "ms", worst[who], "bound", BOUND, 1.0, more_is_better=False)
        for who in ("worker", "store")
    ]


@contextmanager
def _pinging(ours: Posthouse, worker: int, store: int) -> Iterator[dict[str, float]]:
    """Two sessions ping in processes of their own; afterwards the worst pauses are known."""
    worst: dict[str, float] = {}
    pingers = []
    for who, pid, line in (("worker", worker, b"NOOP"), ("store", store, b"UID STORE 1 FLAGS.SILENT (\\Seen)")):
        begun, end = multiprocessing.Event(), multiprocessing.Event()
        mine, theirs = multiprocessing.Pipe()
        process = multiprocessing.Process(target=_ping, args=(ours.port("imap"), pid, line, begun, end, theirs))
        process.start()
        begun.wait()
        pingers.append((who, process, end, mine))
    yield worst
    for who, process, end, pipe in pingers:
        end.set()
        worst[who] = pipe.recv()
        process.join()


def _ping(port: int, pid: int, line: bytes, begun: Any, end: Any, result: Any) -> None:
    with suppress(PermissionError):
        os.nice(-15)  # else what it waits for a processor counts, too
    worst = 0.0
    with ImapClient(port, f"{PINGER}@{DOMAIN}", PASSWORD) as client:
        client.append("INBOX", b"Subject: one\r\n\r\n")
        client.command(b"SELECT INBOX")
        client.command(line)
        begun.set()
        while not end.is_set():
            before, waited = _processor_ms(pid), _processor_ms(os.getpid(), 1)
            client.command(line)
            spent, waited = _processor_ms(pid) - before, _processor_ms(os.getpid(), 1) - waited
            worst = max(worst, spent - waited)  # what it spent while this process waited for a processor may be more
    result.send(worst)


def _processor_ms(pid: int, field: int = 0) -> float:
    """The time that a process's first thread, which has the event loop, has had a processor; field 1: waited."""
    return int(Path(f"/proc/{pid}/task/{pid}/schedstat").read_text().split()[field]) / 1e6
