"""Reading a mailbox of 100,000: SELECT, flags, envelopes, search; against Dovecot with the same messages."""

from __future__ import annotations

import statistics
import tempfile
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from benchmarks.figures import Figure, median_of, timed, tree_seconds
from benchmarks.imap_client import ImapClient
from benchmarks.ours import Posthouse
from benchmarks.peers import DOMAIN, PASSWORD, Dovecot

READER = "reader"
MESSAGES = 100_000
ROUNDS, COMMANDS = 25, 200  # of small commands


def run(messages: int = MESSAGES) -> list[Figure]:
    """Figures for one mailbox of so many messages."""
    with tempfile.TemporaryDirectory(prefix="posthouse-bench-") as name:
        directory = Path(name)
        directory.chmod(0o755)
        dovecot = Dovecot(directory / "dovecot", [READER])
        dovecot.start()
        ours = Posthouse(directory / "posthouse", [READER])
        ours.start()
        try:
            # each has a processor for itself, so that neither waits for the other
            with ThreadPoolExecutor(2) as pool:
                for filled in [pool.submit(fill, port, messages) for port in (dovecot.imap, ours.port("imap"))]:
                    filled.result()
            ours.wait_indexed()
            return _figures(ours.port("imap"), dovecot.imap, messages) + _one_at_a_time(ours, dovecot, messages)
        finally:
            ours.stop()
            dovecot.stop()


def letter(number: int) -> bytes:
    """A message of about 1 KB with usual headers; most answer another."""
    above = _answered(number)
    chain = "".join(f" <{each}.bench@example.net>" for each in above)
    references = f"References:{chain}\r\n" if chain else ""
    subject = f"{'Re: ' if above else ''}Report {[*above, number][0]} about matters of some length"
    return (
        f"From: Sender {number} <sender{number % 997}@example.net>\r\nTo: Reader <reader@example.org>\r\n"
        f"Subject: {subject}\r\nMessage-ID: <{number}.bench@example.net>\r\n{references}"
        f"Date: Mon, 23 Nov 2026 {number // 3600 % 24:02}:{number // 60 % 60:02}:{number % 60:02} +0000\r\n"
        "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n"
        + "A line of the report.\r\n" * 30
        + ("The zanzibar clause.\r\n" if number % 1000 == 7 else "")
    ).encode()


def _answered(number: int) -> list[int]:
    """The messages above it in its thread, the first one first: threads of up to ten, side by side."""
    place, thread = number // 1000 % 10, number - number // 1000 % 10 * 1000
    return [thread + above * 1000 for above in range(place)][: number % 4 + 1]


def fill(port: int, messages: int, together: int = 250) -> None:
    """Append them all in their order, so many at once: it is not what is measured here."""
    with ImapClient(port, f"{READER}@{DOMAIN}", PASSWORD) as client:
        for first in range(0, messages, together):
            client.append("INBOX", *[letter(number) for number in range(first, min(first + together, messages))])


def fill_singly(port: int, messages: int, sessions: int = 20) -> None:
    """Append each by itself, from several sessions: each is an entry of the change log."""
    numbers = iter(range(messages))
    lock = threading.Lock()

    def work() -> None:
        with ImapClient(port, f"{READER}@{DOMAIN}", PASSWORD) as client:
            while True:
                with lock:
                    number = next(numbers, None)
                if number is None:
                    return
                client.append("INBOX", letter(number))

    with ThreadPoolExecutor(sessions) as pool:
        for done in [pool.submit(work) for _ in range(sessions)]:
            done.result()


def _figures(ours: int, theirs: int, messages: int) -> list[Figure]:
    figures = []
    for work, command, floor in (
        ("FETCH 1:* ENVELOPE", b"FETCH 1:* ENVELOPE", 1.3),
        ("FETCH 1:* (UID FLAGS)", b"FETCH 1:* (UID FLAGS)", 1.0),
        ("FETCH 1:5000 BODY.PEEK[]", b"FETCH 1:5000 BODY.PEEK[]", 1.0),
        ('SEARCH SUBJECT "Report 77"', b'SEARCH SUBJECT "Report 77"', 5.0),
        ("SEARCH FROM sender77", b"SEARCH FROM sender77", 5.0),
        ('SEARCH BODY "anzibar cl"', b'SEARCH BODY "anzibar cl"', 50.0),
        ("SORT (DATE)", b"SORT (DATE) UTF-8 ALL", 1.0),
        ("SORT (SUBJECT)", b"SORT (SUBJECT) UTF-8 ALL", 1.0),
        ("THREAD REFERENCES", b"THREAD REFERENCES UTF-8 ALL", 1.0),
    ):
        peer, own = _fetch(theirs, command), _fetch(ours, command)
        figures.append(
            Figure(f"{work} of {messages}", "ms", own * 1000, "Dovecot", peer * 1000, floor, more_is_better=False)
        )
    # what was kept of the last time is of use only while nothing arrives
    for name, command in (
        ("SORT (SUBJECT)", b"SORT (SUBJECT) UTF-8 ALL"),
        ("THREAD REFERENCES", b"THREAD REFERENCES UTF-8 ALL"),
    ):
        peer, own = _after_arrival(theirs, command), _after_arrival(ours, command)
        work = f"{name} of {messages} when one more has come"
        figures.append(Figure(work, "ms", own * 1000, "Dovecot", peer * 1000, 1.0, more_is_better=False))
    peer_rate, own_rate = _logins(theirs), _logins(ours)
    work = f"LOGIN + SELECT ({messages}) + LOGOUT, 10 clients"
    figures.append(Figure(work, "/s", own_rate, "Dovecot", peer_rate, 10.0))
    return figures + _search_folder(ours, messages)


def _fetch(port: int, command: bytes) -> float:
    with ImapClient(port, f"{READER}@{DOMAIN}", PASSWORD) as client:
        client.command(b"SELECT INBOX")
        client.command(command, keep=False)  # the first time fills the peer's caches
        return median_of(3, lambda: timed(lambda: client.command(command, keep=False)))


def _after_arrival(port: int, command: bytes) -> float:
    with ImapClient(port, f"{READER}@{DOMAIN}", PASSWORD) as client:
        client.command(b"SELECT INBOX")
        client.command(command, keep=False)

        def once() -> float:
            client.append("INBOX", letter(MESSAGES))
            client.command(b"NOOP")
            return timed(lambda: client.command(command, keep=False))

        return median_of(3, once)


def _logins(port: int, clients: int = 10, rounds: int = 30) -> float:
    def work() -> None:
        for _ in range(rounds):
            with ImapClient(port, f"{READER}@{DOMAIN}", PASSWORD) as client:
                client.command(b"SELECT INBOX")
                client.command(b"LOGOUT")

    began = time.perf_counter()
    with ThreadPoolExecutor(clients) as pool:
        for done in [pool.submit(work) for _ in range(clients)]:
            done.result()
    return clients * rounds / (time.perf_counter() - began)


def _search_folder(port: int, messages: int) -> list[Figure]:
    """One that shows all of them: the first look at it, and each one after an arrival."""
    with ImapClient(port, f"{READER}@{DOMAIN}", PASSWORD) as client:
        client.command(b"CREATE Found")
        client.command(b'SETMETADATA Found (/private/vendor/posthouse/search "SUBJECT Report")')
        look = b"STATUS Found (MESSAGES UIDNEXT)"
        first = timed(lambda: client.command(look))

        def once() -> float:
            client.append("INBOX", letter(messages))
            return timed(lambda: client.command(look))

        again = median_of(9, once)
    work = f"search folder that shows {messages}"
    return [
        Figure(f"{work}, first look", "ms", first * 1000, more_is_better=False),
        Figure(f"{work}, when one more has come", "ms", again * 1000, more_is_better=False),
    ]


def _one_at_a_time(ours: Posthouse, dovecot: Dovecot, messages: int) -> list[Figure]:
    """Small commands, each sent when the one before is answered; in rounds by turns, so that both meet the same."""
    figures = []
    for work, line in (
        ("one BODY[] at a time", b"FETCH %d BODY.PEEK[]"),
        ("one ENVELOPE at a time", b"FETCH %d ENVELOPE"),
    ):
        with _opened(ours.port("imap")) as own, _opened(dovecot.imap) as peer:
            sides = ((own, ours.pid), (peer, dovecot.pid))
            rounds = [[_each_answered(*side, asked) for side in sides] for asked in _asked(line, messages)]
        (seconds, processor), (peer_seconds, peer_processor) = (
            [statistics.median(one[side][at] for one in rounds) for at in (0, 1)] for side in (0, 1)
        )
        figures += [
            Figure(work, "/s", 1 / seconds, "Dovecot", 1 / peer_seconds, 1.0),
            Figure(
                f"{work}: processor time of the whole program",
                "µs",
                processor * 1e6,
                "Dovecot",
                peer_processor * 1e6,
                1.0,
                more_is_better=False,
            ),
        ]
    return figures


def _opened(port: int) -> ImapClient:
    client = ImapClient(port, f"{READER}@{DOMAIN}", PASSWORD)
    client.command(b"SELECT INBOX")
    return client


def _each_answered(client: ImapClient, pid: int, asked: list[bytes]) -> tuple[float, float]:
    """Seconds, and processor seconds of the server, for each command."""
    before, began = tree_seconds(pid), time.perf_counter()
    for line in asked:
        client.command(line)
    return (time.perf_counter() - began) / len(asked), (tree_seconds(pid) - before) / len(asked)


def _asked(line: bytes, messages: int) -> Iterator[list[bytes]]:
    """The commands of each round, of one message after the other."""
    for first in range(0, ROUNDS * COMMANDS, COMMANDS):
        yield [line % (number % messages + 1) for number in range(first, first + COMMANDS)]
