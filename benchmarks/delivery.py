"""Delivery into 20 mailboxes until all is visible: LMTP against Dovecot, SMTP against Postfix → Dovecot.

With a connection for each letter, and with connections that are kept for many, as servers that have much to say do.
"""

from __future__ import annotations

import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks.figures import Figure
from benchmarks.imap_client import ImapClient
from benchmarks.ours import Posthouse
from benchmarks.peers import DOMAIN, PASSWORD, Dovecot, Postfix

USERS = [f"user{number}" for number in range(20)]
SIZE = 4096


def run() -> list[Figure]:
    """Figures for 20 and 100 sessions."""
    with tempfile.TemporaryDirectory(prefix="posthouse-bench-") as name:
        directory = Path(name)
        directory.chmod(0o755)
        dovecot = Dovecot(directory / "dovecot", USERS)
        dovecot.start()
        postfix = Postfix(directory / "postfix", dovecot.lmtp)
        postfix.start()
        ours = Posthouse(directory / "posthouse", USERS)
        ours.start()
        try:
            return list(_figures(ours, dovecot, postfix))
        finally:
            ours.stop()
            postfix.stop()
            dovecot.stop()


def _figures(ours: Posthouse, dovecot: Dovecot, postfix: Postfix) -> list[Figure]:
    figures = []
    for sessions in (20, 100):
        for kept in (False, True):
            how = f"{sessions} sessions, {'kept' if kept else 'one a letter'}, 4 KB, until visible"
            theirs = _rate(dovecot.lmtp, sessions, 3000, dovecot.messages, lmtp=True, kept=kept)
            rate = _ours(ours, "lmtp", sessions, kept=kept)
            figures.append(Figure(f"LMTP, {how}", "msg/s", rate, "Dovecot", theirs, 2.0))
            theirs = _rate(postfix.smtp, sessions, 2000, dovecot.messages, lmtp=False, kept=kept)
            rate = _ours(ours, "smtp", sessions, kept=kept)
            figures.append(Figure(f"SMTP, {how}", "msg/s", rate, "Postfix→Dovecot", theirs, 4.0))
    return figures


def _ours(ours: Posthouse, listener: str, sessions: int, *, kept: bool) -> float:
    lmtp = listener == "lmtp"
    rate = _rate(ours.port(listener), sessions, 10_000, lambda: _messages(ours), lmtp=lmtp, kept=kept)
    ours.wait_indexed()  # what is indexed behind the letters shall not take the peer's time
    return rate


def _rate(port: int, sessions: int, messages: int, count: Callable[[], int], *, lmtp: bool, kept: bool) -> float:
    before = count()
    began = time.perf_counter()
    senders = [
        subprocess.Popen(_source(port, user, sessions // len(USERS), messages // len(USERS), lmtp=lmtp, kept=kept))
        for user in USERS
    ]
    for sender in senders:
        if sender.wait():
            raise RuntimeError("smtp-source failed")
    while count() < before + messages:
        if time.perf_counter() - began > 300:
            raise TimeoutError(f"{count() - before} of {messages} messages arrived")
        time.sleep(0.01)
    return messages / (time.perf_counter() - began)


def _source(port: int, user: str, sessions: int, messages: int, *, lmtp: bool, kept: bool) -> list[str]:
    how = [*(["-L"] if lmtp else []), *(["-d"] if kept else []), "-s", str(sessions)]
    what = ["-m", str(messages), "-l", str(SIZE), "-f", "sender@example.net", "-t", f"{user}@{DOMAIN}"]
    return ["smtp-source", *how, *what, f"127.0.0.1:{port}"]


def _messages(ours: Posthouse) -> int:
    total = 0
    for user in USERS:
        with ImapClient(ours.port("imap"), f"{user}@{DOMAIN}", PASSWORD) as client:
            total += client.exists("INBOX")
    return total
