"""How soon, and at what cost, idle sessions hear of a new letter; RFC 2177."""

from __future__ import annotations

import selectors
import time
from pathlib import Path

import msgspec

from benchmarks.figures import Figure, tree_seconds
from benchmarks.imap_client import ImapClient
from benchmarks.ours import Posthouse
from benchmarks.peers import DOMAIN, PASSWORD, Dovecot

IDLER = "idler"
SESSIONS = 1000
LETTERS = 5
PATIENCE_SECONDS = 20.0
INSTANCES = Path("/proc/sys/fs/inotify/max_user_instances")
SPARED = 16  # of them for whatever else the user runs
LETTER = b"Subject: news\r\n\r\n" + b"A line of a letter that is to be four KB long.\r\n" * 85


class Told(msgspec.Struct, frozen=True):
    """The least seconds until the last session heard of a letter, and the server's processor seconds for one."""

    seconds: float
    processor_seconds: float


def figures(ours: Posthouse, dovecot: Dovecot) -> list[Figure]:
    """Ours against Dovecot, both with as many sessions as Dovecot can watch for, and a session's cost where all idle.

    Each idle session of Dovecot's takes an inotify instance, of which the kernel gives a user few; those without
    only look every half a minute.
    """
    few = min(SESSIONS, int(INSTANCES.read_text()) - SPARED)
    peer, own = _told(dovecot.pid, dovecot.imap, few), _told(ours.pid, ours.port("imap"), few)
    many = own if few == SESSIONS else _told(ours.pid, ours.port("imap"), SESSIONS)
    found = [
        _figure(f"a letter is told to {few} idle sessions", own.seconds, peer.seconds),
        Figure(
            f"processor time to tell a session, of {SESSIONS} (Dovecot: {few})",
            "us",
            many.processor_seconds / SESSIONS * 1e6,
            "Dovecot",
            peer.processor_seconds / few * 1e6,
            1.0,
            more_is_better=False,
        ),
    ]
    alone = Figure(f"a letter is told to {SESSIONS} idle sessions", "ms", many.seconds * 1000, more_is_better=False)
    return found if few == SESSIONS else [*found, alone]


def _figure(work: str, ours: float, theirs: float) -> Figure:
    return Figure(work, "ms", ours * 1000, "Dovecot", theirs * 1000, 1.0, more_is_better=False)


def _told(pid: int, port: int, sessions: int) -> Told:
    clients = [_client(port) for _ in range(sessions)]
    try:
        for client in clients:
            client.command(b"SELECT INBOX")
            client.socket.sendall(b"i IDLE\r\n")
            client.socket.recv(100)
        with _client(port) as writer, selectors.DefaultSelector() as waiting:
            for client in clients:
                client.socket.setblocking(False)
                waiting.register(client.socket, selectors.EVENT_READ)
            before = tree_seconds(pid)
            seconds = [_tell(writer, waiting) for _ in range(LETTERS)]
            return Told(min(seconds), (tree_seconds(pid) - before) / LETTERS)
    finally:
        for client in clients:
            client.socket.close()


def _tell(writer: ImapClient, waiting: selectors.BaseSelector) -> float:
    left = {key.fileobj for key in waiting.get_map().values()}
    began = time.perf_counter()
    writer.append("INBOX", LETTER)
    while left:
        if time.perf_counter() - began > PATIENCE_SECONDS:
            raise TimeoutError(f"{len(left)} idle sessions have not heard of a letter in {PATIENCE_SECONDS:.0f} s")
        for key, _ in waiting.select(1):
            if b"EXISTS" in key.fileobj.recv(1 << 16):  # type: ignore[union-attr]  # sockets are all there is
                left.discard(key.fileobj)
    return time.perf_counter() - began


def _client(port: int) -> ImapClient:
    return ImapClient(port, f"{IDLER}@{DOMAIN}", PASSWORD)
