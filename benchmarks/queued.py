"""A queue of 100,000 letters to a dead server: memory, start, and how soon mail to a living one goes out meanwhile."""

from __future__ import annotations

import asyncio
import smtplib
import tempfile
import time
from pathlib import Path

import psutil

from benchmarks.figures import Figure
from benchmarks.ours import Posthouse
from benchmarks.peers import DOMAIN, PASSWORD, free_port
from benchmarks.relaying import Sink
from posthouse.core.mail.letters import scanned
from posthouse.core.queue.numbers import new_number
from posthouse.core.queue.send import NewRecipient, Outbound, send
from posthouse.storage.lmdb.local import LocalStore
from posthouse.storage.settings import StoreSettings

LETTERS = 100_000
LIVING = "living.example"
DAY = 86_400_000


def run() -> list[Figure]:
    """Figures of one worker."""
    with tempfile.TemporaryDirectory(prefix="posthouse-bench-") as name:
        directory = Path(name)
        directory.chmod(0o755)
        sink = Sink(directory)
        sink.start()
        ours = Posthouse(directory / "posthouse", [])
        try:
            ours.start()
            ours.cli("domain", "change", DOMAIN, "--smart-host", f"127.0.0.1:{free_port()}", "--smart-host-plain")
            ours.cli("domain", "add", LIVING)
            ours.cli("domain", "change", LIVING, "--smart-host", f"127.0.0.1:{sink.port}", "--smart-host-plain")
            ours.cli("account", "add", f"ann@{LIVING}", "--password-stdin", say=PASSWORD)
            ours.stop()
            asyncio.run(_fill(directory / "posthouse/store"))
            began = time.perf_counter()
            ours.serve()
            started = time.perf_counter() - began
            went = _until_sent(ours, sink)
            memory = _memory(ours.pid)
            ours.stop()
        finally:
            sink.stop()
    work = f"{LETTERS:,} letters queued for a dead server"
    return [
        Figure(f"{work}: whole program", "MB", memory, "bound", 200.0, 1.0, more_is_better=False),
        Figure(f"{work}: start until all serves", "s", started, "bound", 5.0, 1.0, more_is_better=False),
        Figure(f"{work}: a letter elsewhere goes out after", "s", went, more_is_better=False),
    ]


async def _fill(directory: Path) -> None:
    store = LocalStore.open(directory, StoreSettings())
    now = time.time_ns() // 1_000_000
    for number in range(0, LETTERS, 100):
        letter = scanned(b"Return-Path: <a@example.org>\r\nSubject: %d\r\n\r\n" % number + b"x" * 1000 + b"\r\n")
        outbound = [
            Outbound(
                new_number(now),
                f"a@{DOMAIN}",
                DOMAIN,
                0,
                [NewRecipient(f"someone{number + each}@example.net")],
                start=30,
                prefix=b"",
                expires=now + 5 * DAY,
            )
            for each in range(100)
        ]
        await store.write(send, letter, [], outbound, now)
    store.close()


def _until_sent(ours: Posthouse, sink: Sink) -> float:
    """Seconds from a submission until the letter is at the sink."""
    before = sink.messages()
    with smtplib.SMTP("127.0.0.1", ours.port("submission")) as client:
        client.login(f"ann@{LIVING}", PASSWORD)
        began = time.perf_counter()
        client.sendmail(f"ann@{LIVING}", ["bob@example.net"], "Subject: now\r\n\r\nnow\r\n")
        while sink.messages() == before:
            if time.perf_counter() - began > 60:
                raise TimeoutError("the letter did not go out")
            time.sleep(0.005)
        return time.perf_counter() - began


def _memory(pid: int) -> float:
    """MB of all its processes, shared pages counted once."""
    processes = [psutil.Process(pid), *psutil.Process(pid).children(recursive=True)]
    # what the store maps of its file is the page cache's
    return sum(each.memory_full_info().uss for each in processes) / 2**20
