"""Files by WebDAV: small ones, large ones, long listings, copies of trees; against Apache's mod_dav and WsgiDAV."""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from pathlib import Path
from typing import Protocol
from urllib.parse import quote

import psutil

from benchmarks.bare import Bare
from benchmarks.dav_client import GET, PUT, DavClient, rate
from benchmarks.dav_peers import USER, Apache, WsgiDav
from benchmarks.figures import Figure, row, timed
from benchmarks.ours import Posthouse

CLIENTS, SECONDS, ROUNDS = 10, 3, 3
FILLING = 20  # connections by which files are put in place: what is synced is synced for all of them at once
SMALL = b"0123456789" * 1024
READ = 500  # small files that are read again and again
LARGE = 512 << 20
LISTED = 2_000
COPIED_FOLDERS, COPIED_EACH = 100, 100
WISH = (
    b'<?xml version="1.0"?><D:propfind xmlns:D="DAV:"><D:prop><D:resourcetype/><D:getcontentlength/>'
    b"<D:getlastmodified/><D:getetag/><D:getcontenttype/></D:prop></D:propfind>"
)
_numbers = count(1)


class Server(Protocol):
    """One that is measured."""

    name: str
    base: str
    port: int

    def place(self, folders: Sequence[str], files: Mapping[str, bytes]) -> None:
        """Have these to begin with."""


class Ours:
    """Posthouse with one worker."""

    name = Posthouse.name
    base = f"/dav/files/{USER}"

    def __init__(self, directory: Path) -> None:
        self.house = Posthouse(directory, [USER.partition("@")[0]])
        self.house.start()
        self.port = self.house.port("http")

    def place(self, folders: Sequence[str], files: Mapping[str, bytes]) -> None:
        """By WebDAV, there is no other way in."""
        with DavClient(self.port, self.base) as client:
            for folder in folders:
                client.ask("MKCOL", folder)
        waiting = list(files.items())
        with ThreadPoolExecutor(FILLING) as threads:
            for put in [threads.submit(self._put, waiting[first::FILLING]) for first in range(FILLING)]:
                put.result()

    def _put(self, files: Sequence[tuple[str, bytes]]) -> None:
        with DavClient(self.port, self.base) as client:
            for path, octets in files:
                client.ask("PUT", quote(path), octets)


def run() -> list[Figure]:
    """Figures of one worker."""
    with tempfile.TemporaryDirectory(prefix="posthouse-bench-") as name:
        directory = Path(name)
        directory.chmod(0o755)
        bare, apache, wsgidav = Bare(directory / "bare"), Apache(directory / "apache"), WsgiDav(directory / "wsgidav")
        bare.start()
        apache.start()
        wsgidav.start()
        ours = Ours(directory / "posthouse")
        try:
            return _figures(ours, apache, wsgidav, bare)
        finally:
            bare.stop()
            ours.house.stop()
            wsgidav.stop()
            apache.stop()


def _figures(ours: Ours, apache: Apache, wsgidav: WsgiDav, bare: Bare) -> list[Figure]:
    servers: tuple[Server, ...] = (ours, apache, wsgidav)
    figures = []
    for server in servers:
        _fill(server)
    for work, measure, floor in (
        (f"PUT of 10 KB, {CLIENTS} clients", _puts, 1.0),
        (f"PUT of 10 KB over one that is there, {CLIENTS} clients", _puts_over, 1.0),
        (f"GET of 10 KB, {CLIENTS} clients", _gets, 0.4),
    ):
        found = _in_turns(servers, measure)
        figures += _against(work, "/s", found, floor, more_is_better=True)
    figures += _synced(ours, apache, bare)
    (worker,) = ours.house.worker_pids()
    peaks = _Peak(worker)
    for work, measure, floor in (("512 MB up", _up, 1.0), ("512 MB down", _down, 0.4)):
        found = _in_turns(servers, lambda server, measure=measure: measure(server, peaks.look))
        figures += _against(work, "MiB/s", found, floor, more_is_better=True)
    work = "512 MB up and down, worker's memory"
    figures.append(Figure(work, "MB", peaks.octets / 2**20, "bound", 16.0, 1.0, more_is_better=False))
    found = _in_turns(servers, _listing)
    figures += _against(f"PROPFIND depth 1 of {LISTED}", "ms", found, 0.5, more_is_better=False)
    found = _in_turns(servers, _copy)
    work = f"COPY of a tree of {COPIED_FOLDERS * COPIED_EACH}"
    figures += _against(work, "ms", found, 0, more_is_better=False)
    return figures


def _in_turns(servers: tuple[Server, ...], measure: Callable[[Server], float]) -> list[tuple[str, float]]:
    """The medians of several rounds; who has no floor to be held against is measured in one."""
    taken: dict[str, list[float]] = {server.name: [] for server in servers}
    for number in range(ROUNDS):
        for server in servers:
            if number == 0 or server.name != WsgiDav.name:
                taken[server.name].append(measure(server))
    return [(name, statistics.median(values)) for name, values in taken.items()]


def _against(
    work: str, unit: str, found: list[tuple[str, float]], floor: float, *, more_is_better: bool
) -> list[Figure]:
    (_, own), (apache, theirs), (wsgidav, slower) = found
    figures = [
        Figure(work, unit, own, apache, theirs, floor, more_is_better),
        Figure(work, unit, own, wsgidav, slower, 0, more_is_better),
    ]
    for figure in figures:
        print(row(figure), file=sys.stderr)  # a run that is broken off has shown what it found
    return figures


def _fill(server: Server) -> None:
    tree = [f"/tree/{folder}" for folder in range(COPIED_FOLDERS)]
    files = {f"/get/{number}": SMALL for number in range(1, READ + 1)}
    files |= {f"/list/{number:05} a file with a name.txt": b"%d" % number for number in range(LISTED)}
    files |= {f"{folder}/{number}": SMALL for folder in tree for number in range(COPIED_EACH)}
    server.place(["/put", "/get", "/list", "/tree", *tree], files)


def _puts(server: Server) -> float:
    return rate(server.port, f"{server.base}/put", PUT, CLIENTS, SECONDS, next(_numbers) * 1_000_000)


def _puts_over(server: Server) -> float:
    over = PUT.replace("number,", f"(number % {READ} + 1),", 1)
    return rate(server.port, f"{server.base}/put", over, CLIENTS, SECONDS)


def _synced(ours: Ours, apache: Apache, bare: Bare) -> list[Figure]:
    """New files against peers that have them on the disk too when they answer."""
    folder = apache.place_synced()
    targets = ((ours, f"{ours.base}/put"), (apache, folder), (bare, "/put"))
    taken: dict[str, list[float]] = {server.name: [] for server, _ in targets}
    for _ in range(ROUNDS):
        first = next(_numbers) * 1_000_000
        for server, base in targets:
            taken[server.name].append(rate(server.port, base, PUT, CLIENTS, SECONDS, first))
    own, *theirs = (statistics.median(values) for values in taken.values())
    names = (f"{apache.name}, each synced", bare.name)
    work = f"PUT of 10 KB, {CLIENTS} clients"
    figures = [Figure(work, "/s", own, name, value) for name, value in zip(names, theirs, strict=True)]
    for figure in figures:
        print(row(figure), file=sys.stderr)
    return figures


def _gets(server: Server) -> float:
    return rate(server.port, f"{server.base}/get", GET.replace("{files}", str(READ)), CLIENTS, SECONDS)


def _up(server: Server, look: Callable[[], None]) -> float:
    piece = bytes(range(256)) * 4096
    with DavClient(server.port, server.base) as client:
        began = time.perf_counter()
        client.begin("PUT", "/large", LARGE)
        for number in range(LARGE // len(piece)):
            client.socket.sendall(number.to_bytes(8, "big") + piece[8:])
            if number % 16 == 0:
                look()
        client.answer()
        return LARGE / 2**20 / (time.perf_counter() - began)


def _down(server: Server, look: Callable[[], None]) -> float:
    pieces = count()

    def told() -> None:
        if next(pieces) % 100 == 0:
            look()

    with DavClient(server.port, server.base) as client:
        began = time.perf_counter()
        client.begin("GET", "/large", 0)
        client.answer(told=told)
        return LARGE / 2**20 / (time.perf_counter() - began)


def _listing(server: Server) -> float:
    with DavClient(server.port, server.base) as client:
        client.ask("PROPFIND", "/list/", WISH, "Depth: 1")
        return statistics.median(
            timed(lambda: client.ask("PROPFIND", "/list/", WISH, "Depth: 1") and None) * 1000 for _ in range(5)
        )


def _copy(server: Server) -> float:
    target = f"/copy{next(_numbers)}"
    with DavClient(server.port, server.base) as client:
        where = f"Destination: http://x{server.base}{target}/"
        return timed(lambda: client.ask("COPY", "/tree/", b"", where, "Depth: infinity") and None) * 1000


class _Peak:
    """The most memory that a process had of its own above what it had at first."""

    def __init__(self, pid: int) -> None:
        self.octets = 0
        self._process = psutil.Process(pid)
        self._first = self._private()

    def look(self) -> None:
        """Look now."""
        self.octets = max(self.octets, self._private() - self._first)

    def _private(self) -> int:
        return int(self._process.memory_full_info().uss)
