"""Delivery into 20 mailboxes until all is visible: LMTP against Dovecot, SMTP against Postfix → Dovecot."""

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
        theirs = _rate(dovecot.lmtp, sessions, 3000, dovecot.messages, lmtp=True)
        rate = _rate(ours.port("lmtp"), sessions, 10_000, lambda: _messages(ours), lmtp=True)
        work = f"LMTP, {sessions} sessions, 4 KB, until visible"
        figures.append(Figure(work, "msg/s", rate, "Dovecot", theirs, 2.0))
        theirs = _rate(postfix.smtp, sessions, 2000, dovecot.messages, lmtp=False)
        rate = _rate(ours.port("smtp"), sessions, 10_000, lambda: _messages(ours), lmtp=False)
        work = f"SMTP, {sessions} sessions, 4 KB, until visible"
        figures.append(Figure(work, "msg/s", rate, "Postfix→Dovecot", theirs, 4.0))
    return figures


def _rate(port: int, sessions: int, messages: int, count: Callable[[], int], *, lmtp: bool) -> float:
    before = count()
    began = time.perf_counter()
    senders = [
        subprocess.Popen(_source(port, user, sessions // len(USERS), messages // len(USERS), lmtp=lmtp))
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


def _source(port: int, user: str, sessions: int, messages: int, *, lmtp: bool) -> list[str]:
    command = ["smtp-source", *(["-L"] if lmtp else []), "-s", str(sessions), "-m", str(messages), "-l", str(SIZE)]
    return [*command, "-f", "sender@example.net", "-t", f"{user}@{DOMAIN}", f"127.0.0.1:{port}"]


def _messages(ours: Posthouse) -> int:
    total = 0
    for user in USERS:
        with ImapClient(ours.port("imap"), f"{user}@{DOMAIN}", PASSWORD) as client:
            total += client.exists("INBOX")
    return total
