"""Changing mailboxes of 10,000 and 100,000, opening them and hearing of changes; against Dovecot with the same."""

from __future__ import annotations

import re
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from benchmarks import idling
from benchmarks.figures import Figure, least_of, timed
from benchmarks.imap_client import ImapClient
from benchmarks.ours import Posthouse
from benchmarks.peers import DOMAIN, PASSWORD, Dovecot
from benchmarks.reading import letter

SIZES = (10_000, 100_000)
LETTERS = 5_000  # that differ; what is larger has copies of them
TOGETHER = 250  # of them that one APPEND brings
SESSIONS = 20
STORED = 1000  # messages of one STORE
COPIED = 5000  # messages of one COPY or MOVE
APPEND_SECONDS = 2.0  # for each number of sessions
TURNS = 3  # of what takes long: ours and the peer by turns, so that neither has the quieter machine
READER, APPENDER = "reader", "appender"
BODY = b"Subject: 4 KB\r\n\r\n" + b"A line of a letter that is to be four KB long.\r\n" * 85


def run() -> list[Figure]:
    """Figures of one worker."""
    with tempfile.TemporaryDirectory(prefix="posthouse-bench-") as name:
        directory = Path(name)
        directory.chmod(0o755)
        users = [READER, APPENDER, idling.IDLER]
        dovecot = Dovecot(directory / "dovecot", users)
        dovecot.start()
        ours = Posthouse(directory / "posthouse", users)
        ours.start()
        try:
            ports = ours.port("imap"), dovecot.imap
            for port in ports:
                fill(port)
            ours.wait_indexed()
            return [*_on_mailboxes(ports), *_appending(ports), *idling.figures(ours, dovecot)]
        finally:
            ours.stop()
            dovecot.stop()


def fill(port: int) -> None:
    """Append letters to the smallest mailbox and copy them until each has so many as it is called."""
    with _client(port) as client:
        for mailbox in ("Other", *map(str, SIZES)):
            client.command(b"CREATE %b" % mailbox.encode())
        for first in range(0, LETTERS, TOGETHER):
            client.append(str(SIZES[0]), *[letter(number) for number in range(first, first + TOGETHER)])
        client.command(b"SELECT %d" % SIZES[0])
        for size in SIZES:
            held = LETTERS if size == SIZES[0] else 0
            for _ in range(held, size, LETTERS):
                client.command(b"COPY 1:%d %d" % (LETTERS, size), keep=False)


def _on_mailboxes(ports: tuple[int, int]) -> list[Figure]:
    figures = []
    for size in SIZES:
        own, peer = _by_turns(ports, lambda port, size=size: _opening(port, size))
        figures.append(_shorter(f"SELECT of {size}", own, peer, 0.0))
        own, peer = _by_turns(ports, lambda port, size=size: _resynchronising(port, size))
        figures.append(_shorter(f"SELECT with QRESYNC after 10 changes in {size}", own, peer, 1.0))
        own, peer = _by_turns(ports, lambda port, size=size: _storing(port, size))
        figures.append(_shorter(f"STORE on {STORED} of {size} (Dovecot does not sync)", own, peer, 0.0))
        bound = Figure(f"STORE on {STORED} of {size}, synced", "ms", own * 1000, "bound", 9.0, 1.0)
        bound.more_is_better = False
        figures.append(bound)
        for verb in (b"COPY", b"MOVE"):
            own, peer = _by_turns(ports, lambda port, size=size, verb=verb: _transferring(port, size, verb))
            work = f"{verb.decode()} of {COPIED} of {size}"
            figures.append(Figure(work, "msg/s", COPIED / own, "Dovecot", COPIED / peer, 1.0))
    return figures


def _appending(ports: tuple[int, int]) -> list[Figure]:
    figures = []
    for sessions in (1, SESSIONS):
        own, peer = _by_turns(ports, lambda port, sessions=sessions: 1 / _append_rate(port, sessions))
        floor = 1.5 if sessions > 1 else 0.0
        figures.append(Figure(f"APPEND of 4 KB, {sessions} sessions", "msg/s", 1 / own, "Dovecot", 1 / peer, floor))
    return figures


def _by_turns(ports: tuple[int, int], measured: Callable[[int], float]) -> tuple[float, float]:
    """The least of ours and of the peer's."""
    ours, theirs = zip(*[[measured(port) for port in ports] for _ in range(TURNS)], strict=True)
    return min(ours), min(theirs)


def _shorter(work: str, ours: float, theirs: float, floor: float) -> Figure:
    return Figure(work, "ms", ours * 1000, "Dovecot", theirs * 1000, floor, more_is_better=False)


def _client(port: int, user: str = READER) -> ImapClient:
    return ImapClient(port, f"{user}@{DOMAIN}", PASSWORD)


def _opening(port: int, size: int) -> float:
    with _client(port) as client:
        client.command(b"SELECT %d" % size)

        def once() -> float:
            client.command(b"UNSELECT")
            return timed(lambda: client.command(b"SELECT %d" % size))

        return least_of(5, once)


def _resynchronising(port: int, size: int) -> float:
    """A client that has all comes back after five changes of flags, three messages that went and two that came."""
    with _client(port) as away, _client(port) as other:
        away.command(b"ENABLE QRESYNC")
        other.command(b"SELECT %d" % size)

        def once(toggled: bytes) -> float:
            opened = away.command(b"SELECT %d (CONDSTORE)" % size)
            validity, modseq = _number(rb"UIDVALIDITY (\d+)", opened), _number(rb"HIGHESTMODSEQ (\d+)", opened)
            away.command(b"UNSELECT")
            for at in range(1, 6):
                other.command(b"STORE %d %bFLAGS (\\Flagged)" % (size // 10 * at, toggled))
            other.command(b"STORE %d:%d +FLAGS (\\Deleted)" % (size // 2, size // 2 + 2))
            other.command(b"EXPUNGE")
            for number in range(2):
                other.append(str(size), letter(number))
            return timed(lambda: away.command(b"SELECT %d (QRESYNC (%d %d 1:%d))" % (size, validity, modseq, size)))

        return min(once(toggled) for toggled in (b"+", b"-"))


def _storing(port: int, size: int) -> float:
    with _client(port) as client:
        client.command(b"SELECT %d" % size)
        signs = iter(b"+-" * 5)

        def once() -> float:
            command = b"STORE 1:%d %cFLAGS (\\Answered)" % (STORED, next(signs))
            return timed(lambda: client.command(command, keep=False))

        once()
        return least_of(6, once)


def _transferring(port: int, size: int, verb: bytes) -> float:
    """There and, unmeasured, away again."""
    with _client(port) as client:
        client.command(b"SELECT %d" % size)
        seconds = timed(lambda: client.command(b"%b 1:%d Other" % (verb, COPIED), keep=False))
        if verb == b"MOVE":
            client.command(b"SELECT Other")
            client.command(b"MOVE 1:* %d" % size, keep=False)
        else:
            client.command(b"DELETE Other")
            client.command(b"CREATE Other")
        return seconds


def _append_rate(port: int, sessions: int) -> float:
    """Messages a second."""
    clients = [_client(port, APPENDER) for _ in range(sessions)]
    began = time.perf_counter()
    until = began + APPEND_SECONDS / TURNS

    def work(client: ImapClient) -> int:
        done = 0
        with client:
            while time.perf_counter() < until:
                client.append("INBOX", BODY)
                done += 1
        return done

    with ThreadPoolExecutor(sessions) as pool:
        done = sum(pool.map(work, clients))
    return done / (time.perf_counter() - began)


def _number(pattern: bytes, answer: bytes) -> int:
    found = re.search(pattern, answer)
    if found is None:
        raise RuntimeError(f"no {pattern.decode()} in the answer")
    return int(found[1])
