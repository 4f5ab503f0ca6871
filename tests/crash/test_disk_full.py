"""The disk fills up: peers hear "try later", nothing is half stored, and service goes on when there is room again."""

from __future__ import annotations

import json
import smtplib
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from imapclient import IMAPClient
from imapclient.exceptions import IMAPClientError

from tests.crash.killing import PASSWORD, add_accounts
from tests.served import Served

BALLAST = 8 << 20
SMALL = b"Subject: small %d\r\n\r\nhello\r\n"
LARGE = b"Subject: large %d\r\n\r\n" + b"x" * 70 * 15_000 + b"\r\n"


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of its own, of 64 MB."""
    directory = tmp_path / "disk"
    directory.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=64m", "tmpfs", str(directory)]
    mounted = subprocess.run(command, capture_output=True, text=True, check=False)
    if mounted.returncode:
        pytest.skip(f"this machine lets us mount nothing: {mounted.stderr.strip()}")
    yield directory
    # a process that has ended, as `stop` has seen, may have threads whose end the kernel is still at
    subprocess.run(["umount", "--lazy", str(directory)], check=True)


@pytest.fixture
def server(disk: Path) -> Iterator[Served]:
    served = Served(disk / "served", workers=2)
    served.start()
    yield served
    served.stop()


def deliver(server: Served, account: str, letter: bytes, first: int, most: int) -> tuple[int, str]:
    """(letters that were taken, what the next one was refused with or "")."""
    with smtplib.LMTP("127.0.0.1", server.port("lmtp")) as lmtp:
        for number in range(most):
            try:
                lmtp.sendmail("a@example.net", [account], letter % (first + number))
            except smtplib.SMTPDataError as refusal:
                return number, f"{refusal.smtp_code} {refusal.smtp_error.decode()}"
    return most, ""


def subjects(server: Served, account: str) -> list[bytes]:
    with IMAPClient("127.0.0.1", server.port("imap"), ssl=False) as client:
        client.login(account, PASSWORD)
        client.select_folder("INBOX")
        found = client.fetch(client.search(), ["ENVELOPE"])
        return sorted(answer[b"ENVELOPE"].subject for answer in found.values())


def append(server: Served, account: str, letter: bytes) -> None:
    with IMAPClient("127.0.0.1", server.port("imap"), ssl=False) as client:
        client.login(account, PASSWORD)
        client.append("INBOX", letter)


def test_service_goes_on_when_there_is_room_again(server: Served, disk: Path) -> None:
    (account,) = add_accounts(server, "full", 1)
    ballast = disk / "ballast"
    ballast.write_bytes(b"x" * BALLAST)
    large, refusal = deliver(server, account, LARGE, 0, 100)
    assert refusal.startswith("452 4.3.1"), refusal
    # the database has some room in itself: until it has none
    small, refusal = deliver(server, account, SMALL, 0, 100_000)
    assert refusal.startswith("452 4.3.1"), refusal
    with pytest.raises(IMAPClientError, match="UNAVAILABLE"):
        append(server, account, LARGE % 999)
    wanted = sorted([b"large %d" % n for n in range(large)] + [b"small %d" % n for n in range(small)])
    assert subjects(server, account) == wanted, "what was stored can be read on a full disk"
    ballast.unlink()
    assert deliver(server, account, LARGE, large, 2) == (2, "")
    assert deliver(server, account, SMALL, small, 20) == (20, "")
    append(server, account, b"Subject: appended\r\n\r\n")
    wanted += [b"large %d" % (large + n) for n in range(2)] + [b"small %d" % (small + n) for n in range(20)]
    assert subjects(server, account) == sorted([*wanted, b"appended"])
    assert json.loads(server.cli("verify", "--json"))["faults"] == []
