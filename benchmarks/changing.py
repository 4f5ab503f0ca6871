"""Changing mailboxes of 10,000 and 100,000, opening them and hearing of changes; against Dovecot with the same."""

from __future__ import annotations

import re
import selectors
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from benchmarks.figures import Figure, least_of, timed, tree_seconds
from benchmarks.imap_client import ImapClient
from benchmarks.ours import Posthouse
from benchmarks.peers import DOMAIN, PASSWORD, Dovecot
from benchmarks.reading import letter

SMALL, LARGE = 10_000, 100_000
USERS = {SMALL: "small", LARGE: "large"}
STORED = 1000  # messages of one STORE
COPIED = 5000  # messages of one COPY or MOVE
IDLING = 1000  # sessions
APPENDED = 2000
BODY = b"Subject: 4 KB\r\n\r\n" + b"A line of a letter that is to be four KB long.\r\n" * 85


def run() -> list[Figure]:
    """Figures of one worker."""
    with tempfile.TemporaryDirectory(prefix="posthouse-bench-") as name:
        directory = Path(name)
        directory.chmod(0o755)
        users = [*USERS.values(), "idler", "appender"]
        dovecot = Dovecot(directory / "dovecot", users)
        dovecot.start()
        ours = Posthouse(directory / "posthouse", users)
        ours.start()
        try:
            for port in (dovecot.imap, ours.port("imap")):
                for messages, user in USERS.items():
                    fill(port, user, messages)
            ours.wait_indexed()
            return _figures(ours, dovecot)
        finally:
            ours.stop()
            dovecot.stop()


def fill(port: int, user: str, messages: int) -> None:
    """Append a tenth of the messages (or 1,000) and copy them until there are so many."""
    with _client(port, user) as client:
        client.command(b"CREATE Other")
        client.command(b"SELECT INBOX")
        first = max(1000, messages // 10)
        for number in range(first):
            client.append("INBOX", letter(number))
        client.command(b"NOOP")
        for _ in range(messages // first - 1):
            client.command(b"COPY 1:%d INBOX" % first)


def _figures(ours: Posthouse, dovecot: Dovecot) -> list[Figure]:
    ports = ours.port("imap"), dovecot.imap
    figures = []
    for messages in USERS:
        own, peer = _both(ports, messages, _opening)
        figures.append(_shorter(f"SELECT of {messages}", own, peer, 1.0))
        own, peer = _both(ports, messages, _resynchronising)
        figures.append(_shorter(f"SELECT with QRESYNC after 10 changes in {messages}", own, peer, 1.0))
        own, peer = _both(ports, messages, _storing)
        figures.append(_shorter(f"STORE on {STORED} of {messages}", own, peer, 0.0))
        bound = Figure(f"STORE on {STORED} of {messages}, synced", "ms", own * 1000, "bound", 9.0, 1.0)
        bound.more_is_better = False
        figures.append(bound)
        for verb in (b"COPY", b"MOVE"):
            own, peer = _both(ports, messages, lambda port, count, verb=verb: _transferring(port, count, verb))
            work = f"{verb.decode()} of {COPIED} of {messages}"
            figures.append(Figure(work, "msg/s", COPIED / own, "Dovecot", COPIED / peer, 1.0))
    for sessions in (1, 20):
        peer_rate, own_rate = (_appending(port, sessions) for port in (dovecot.imap, ours.port("imap")))
        figures.append(Figure(f"APPEND of 4 KB, {sessions} sessions", "msg/s", own_rate, "Dovecot", peer_rate, 1.5))
    (peer, peer_seconds), (own, own_seconds) = (
        _idling(server.pid, port) for server, port in ((dovecot, dovecot.imap), (ours, ours.port("imap")))
    )
    figures.append(_shorter(f"a letter is told to {IDLING} idle sessions", own, peer, 1.0))
    figures.append(_shorter("the same: processor time of the whole program", own_seconds, peer_seconds, 1.0))
    return figures


def _shorter(work: str, ours: float, theirs: float, floor: float) -> Figure:
    return Figure(work, "ms", ours * 1000, "Dovecot", theirs * 1000, floor, more_is_better=False)


def _both(ports: tuple[int, int], messages: int, measured: Callable[[int, int], float]) -> tuple[float, float]:
    ours, theirs = ports
    peer = measured(theirs, messages)
    return measured(ours, messages), peer


def _client(port: int, user: str) -> ImapClient:
    return ImapClient(port, f"{user}@{DOMAIN}", PASSWORD)


def _opening(port: int, messages: int) -> float:
    with _client(port, USERS[messages]) as client:
        client.command(b"SELECT INBOX")

        def once() -> float:
            client.command(b"UNSELECT")
            return timed(lambda: client.command(b"SELECT INBOX"))

        return least_of(10, once)


def _resynchronising(port: int, messages: int) -> float:
    """A client that has all comes back after five changes of flags, three messages that went and two that came."""
    with _client(port, USERS[messages]) as away, _client(port, USERS[messages]) as other:
        away.command(b"ENABLE QRESYNC")
        other.command(b"SELECT INBOX")

        def once() -> float:
            opened = away.command(b"SELECT INBOX (CONDSTORE)")
            validity, modseq = _number(rb"UIDVALIDITY (\d+)", opened), _number(rb"HIGHESTMODSEQ (\d+)", opened)
            away.command(b"UNSELECT")
            for at in range(5):
                toggled = b"+" if once_more[0] % 2 else b"-"
                other.command(b"STORE %d %bFLAGS (\\Flagged)" % (messages // 10 * (at + 1), toggled))
            once_more[0] += 1
            other.command(b"STORE %d:%d +FLAGS (\\Deleted)" % (messages // 2, messages // 2 + 2))
            other.command(b"EXPUNGE")
            for number in range(2):
                other.append("INBOX", letter(number))
            select = b"SELECT INBOX (QRESYNC (%d %d 1:%d))" % (validity, modseq, messages)
            return timed(lambda: away.command(select))

        once_more = [1]
        return least_of(5, once)


def _storing(port: int, messages: int) -> float:
    with _client(port, USERS[messages]) as client:
        client.command(b"SELECT INBOX")
        signs = iter(b"+-" * 10)

        def once() -> float:
            command = b"STORE 1:%d %cFLAGS (\\Answered)" % (STORED, next(signs))
            return timed(lambda: client.command(command, keep=False))

        once()
        return least_of(10, once)


def _transferring(port: int, messages: int, verb: bytes) -> float:
    """There and, unmeasured, away again."""
    with _client(port, USERS[messages]) as client:

        def once() -> float:
            client.command(b"SELECT INBOX")
            seconds = timed(lambda: client.command(b"%b 1:%d Other" % (verb, COPIED), keep=False))
            client.command(b"SELECT Other")
            if verb == b"MOVE":
                client.command(b"MOVE 1:* INBOX", keep=False)
            else:
                client.command(b"STORE 1:* +FLAGS.SILENT (\\Deleted)", keep=False)
                client.command(b"EXPUNGE", keep=False)
            return seconds

        return least_of(3, once)


def _appending(port: int, sessions: int) -> float:
    def work() -> None:
        with _client(port, "appender") as client:
            for _ in range(APPENDED // sessions):
                client.append("INBOX", BODY)

    began = time.perf_counter()
    with ThreadPoolExecutor(sessions) as pool:
        for done in [pool.submit(work) for _ in range(sessions)]:
            done.result()
    return APPENDED / (time.perf_counter() - began)


def _idling(pid: int, port: int) -> tuple[float, float]:
    """Seconds from a letter until the last of the idle sessions heard of it, and processor seconds of all that."""
    clients = [_client(port, "idler") for _ in range(IDLING)]
    for client in clients:
        client.command(b"SELECT INBOX")
        client.socket.sendall(b"i IDLE\r\n")
        client.socket.recv(100)
    with _client(port, "idler") as writer, selectors.DefaultSelector() as waiting:
        for client in clients:
            client.socket.setblocking(False)
            waiting.register(client.socket, selectors.EVENT_READ)

        def once() -> tuple[float, float]:
            before, began = tree_seconds(pid), time.perf_counter()
            writer.append("INBOX", BODY)
            left = {client.socket for client in clients}
            while left:
                for key, _ in waiting.select(30):
                    if b"EXISTS" in key.fileobj.recv(1 << 16):  # type: ignore[union-attr]  # likewise
                        left.discard(key.fileobj)  # type: ignore[arg-type]  # sockets are all that is registered
            return time.perf_counter() - began, tree_seconds(pid) - before

        figures = [once() for _ in range(5)]
    for client in clients:
        client.socket.close()
    return min(seconds for seconds, _ in figures), min(seconds for _, seconds in figures)


def _number(pattern: bytes, answer: bytes) -> int:
    found = re.search(pattern, answer)
    if found is None:
        raise RuntimeError(f"no {pattern.decode()} in the answer")
    return int(found[1])
