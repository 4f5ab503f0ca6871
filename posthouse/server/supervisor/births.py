"""How processes are started: each with its briefing, and with a line that tells either end when the other is gone."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, cast

import structlog
from twisted.internet.protocol import Factory

from posthouse.server import nursery, sockets
from posthouse.server.briefing import Adopted, IndexerBriefing, StoreBriefing, WorkerBriefing, encode_briefing
from posthouse.server.hub.office import Office, WorkerLine
from posthouse.server.supervisor.post import Child
from posthouse.server.supervisor.pulse import Pulse
from posthouse.server.supervisor.settled import Settled

log = structlog.get_logger()


class Births:
    """Starts children through the nursery."""

    def __init__(self, first_nursery: nursery.Nursery, office: Office) -> None:
        self._nursery = first_nursery
        self._office = office
        self._lifelines: dict[Child, int] = {}  # the store's: it ends when ours is closed

    def store(self, settled: Settled) -> Child:
        """Start the store process."""
        pulse, beats = os.pipe()
        sees_end, lifeline = os.pipe()
        briefing = encode_briefing(StoreBriefing(settled.configuration))
        child = Child("store", self._spawn(settled.file, "store", briefing, (beats, sees_end)))
        os.close(beats)
        os.close(sees_end)
        self._lifelines[child] = lifeline
        Pulse(child, pulse, settled.configuration.store.silent_seconds)
        child.on_end.append(lambda: self.end_store(child))
        return child

    def end_store(self, child: Child) -> None:
        """Tell the store process to end."""
        lifeline = self._lifelines.pop(child, None)
        if lifeline is not None:
            os.close(lifeline)

    def worker(self, settled: Settled, bound: list[sockets.Bound], slot: int) -> Child:
        """Start the worker of a slot on its share of the listening sockets."""
        adopted = []
        descriptors = []
        for each in bound:
            for listening in each.sockets[slot :: settled.workers]:
                adopted.append(Adopted(each.name, each.host, each.port, each.tls, ":" in each.host))
                descriptors.append(listening.fileno())
        briefing = WorkerBriefing(settled.configuration, slot, settled.workers, settled.key_pair, tuple(adopted))
        return self._with_line(settled, f"worker {slot}", str(slot), encode_briefing(briefing), descriptors)

    def indexer(self, settled: Settled) -> Child:
        """Start the process that keeps the search index."""
        briefing = encode_briefing(IndexerBriefing(settled.configuration))
        ours, theirs = socket.socketpair()
        with theirs:
            child = self._with_line(settled, "indexer", "indexer", briefing, (theirs.fileno(),))
        _once_readable(ours, lambda: self._documents(settled, briefing, ours))
        return child

    def close(self) -> None:
        """Let the nursery end."""
        self._nursery.close()

    def _documents(self, settled: Settled, briefing: bytes, line: socket.socket) -> None:
        """Start the process that reads attached files for an indexer, which has asked for the first."""
        with line:
            if line.recv(1, socket.MSG_PEEK):  # else the indexer has ended
                self._spawn(settled.file, "documents", briefing, (line.fileno(),))

    def _with_line(self, settled: Settled, name: str, slot: str, briefing: bytes, descriptors: Sequence[int]) -> Child:
        ours, theirs = socket.socketpair()
        with theirs:
            pid = self._spawn(settled.file, name, briefing, (theirs.fileno(), *descriptors))
        child = Child(name, pid)
        child.line = WorkerLine(self._office, slot, child.set_ready)
        _adopt(ours, child.line)
        return child

    def _spawn(self, file: Path, role: str, briefing: bytes, descriptors: Sequence[int]) -> int:
        try:
            return self._nursery.spawn(role, briefing, descriptors)
        except nursery.NurseryGone as gone:
            log.error("the nursery is gone; starting another", why=str(gone))
            self._nursery.close()
            self._nursery = nursery.start_nursery(file)
            return self._nursery.spawn(role, briefing, descriptors)


class _Line(Factory):
    """Gives the one protocol of a socket pair."""

    noisy = False

    def __init__(self, protocol: WorkerLine) -> None:
        self._protocol = protocol

    def buildProtocol(self, _address: object) -> WorkerLine:
        return self._protocol


def _once_readable(end: socket.socket, then: Callable[[], None]) -> None:
    loop = asyncio.get_running_loop()

    def called() -> None:
        loop.remove_reader(end)
        then()

    loop.add_reader(end, called)


def _adopt(end: socket.socket, line: WorkerLine) -> None:
    from twisted.internet import reactor  # noqa: PLC0415 - the one that `start` installed

    with end:
        end.setblocking(False)
        cast(Any, reactor).adoptStreamConnection(end.fileno(), socket.AF_UNIX, _Line(line))
