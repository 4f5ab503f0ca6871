"""Memory: idle IMAP sessions, and a large message on its way in; bounds instead of a peer."""

from __future__ import annotations

import socket
import tempfile
import time
from pathlib import Path

import psutil

from benchmarks.figures import Figure
from benchmarks.imap_client import ImapClient
from benchmarks.ours import Posthouse
from benchmarks.peers import DOMAIN, PASSWORD, Dovecot

USER = "reader"
SESSIONS = 1000
IDLE_SECONDS = 5  # until what the sessions' beginning has set going is at rest, too
LARGE = 49 << 20


def run() -> list[Figure]:
    """Figures of one worker."""
    with tempfile.TemporaryDirectory(prefix="posthouse-bench-") as name:
        directory = Path(name)
        directory.chmod(0o755)
        dovecot = Dovecot(directory / "dovecot", [USER])
        dovecot.start()
        ours = Posthouse(directory / "posthouse", [USER])
        ours.start()
        try:
            return _figures(ours, dovecot)
        finally:
            ours.stop()
            dovecot.stop()


def _figures(ours: Posthouse, dovecot: Dovecot) -> list[Figure]:
    (worker,) = ours.worker_pids()
    before = _private(worker)
    idle = _idle_sessions(ours.port("imap"))
    each = (_private(worker) - before) / SESSIONS / 1024
    whole = _tree(ours.pid)
    _close(idle)
    idle = _idle_sessions(dovecot.imap)
    peer_whole = _tree(dovecot.pid)
    _close(idle)
    before = _private(worker)
    peak = _deliver_large(ours.port("lmtp"), worker)
    return [
        Figure("idle IMAP session (worker memory)", "KB", each, "bound", 20.0, 1.0, more_is_better=False),
        Figure(
            f"{SESSIONS} idle IMAP sessions, whole program", "MB", whole, "Dovecot", peer_whole, 0, more_is_better=False
        ),
        Figure(
            "a 49 MB message, worker's peak", "MB", (peak - before) / 2**20, "bound", 8.0, 1.0, more_is_better=False
        ),
    ]


def _idle_sessions(port: int) -> list[ImapClient]:
    clients = []
    for _ in range(SESSIONS):
        client = ImapClient(port, f"{USER}@{DOMAIN}", PASSWORD)
        client.command(b"SELECT INBOX")
        client.socket.sendall(b"i IDLE\r\n")
        client.socket.recv(100)
        clients.append(client)
    time.sleep(IDLE_SECONDS)
    return clients


def _close(clients: list[ImapClient]) -> None:
    for client in clients:
        client.socket.close()


def _deliver_large(port: int, worker: int) -> int:
    """Peak private memory of the worker while a large message comes in."""
    line = b"QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVphYmNkZWZnaGlqa2xtbm9wcXJzdHV2d3h5ejAxMjM0\r\n"
    chunk = line * 800
    peak = 0
    with socket.create_connection(("127.0.0.1", port), 60) as lmtp:
        answers = lmtp.makefile("rb")
        answers.readline()
        for command in (b"LHLO c", b"MAIL FROM:<a@example.net>", f"RCPT TO:<{USER}@{DOMAIN}>".encode(), b"DATA"):
            lmtp.sendall(command + b"\r\n")
            while answers.readline()[3:4] == b"-":
                pass
        lmtp.sendall(b"Subject: large\r\nContent-Transfer-Encoding: base64\r\n\r\n")
        for _ in range(LARGE // len(chunk)):
            lmtp.sendall(chunk)
            peak = max(peak, _private(worker))
        lmtp.sendall(b".\r\n")
        if not answers.readline().startswith(b"250"):
            raise RuntimeError("the large message was refused")
    return max(peak, _private(worker))


def _private(pid: int) -> int:
    return int(psutil.Process(pid).memory_full_info().uss)


def _tree(pid: int) -> float:
    parent = psutil.Process(pid)
    return sum(_pss(process) for process in [parent, *parent.children(recursive=True)]) / 2**20


def _pss(process: psutil.Process) -> int:
    try:
        return int(process.memory_full_info().pss)
    except psutil.Error:
        return 0
