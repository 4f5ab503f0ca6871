"""verify, rebuild, backup and restore beside a running server, and on a stopped one."""

from __future__ import annotations

import json
import smtplib
from collections.abc import Iterator
from pathlib import Path

import pytest
from imapclient import IMAPClient

from tests.served import Served


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Served]:
    served = Served(tmp_path / "served")
    served.start()
    yield served
    served.stop()


def deliver(server: Served, *sizes: int) -> None:
    with smtplib.LMTP("127.0.0.1", server.port("lmtp")) as lmtp:
        for size in sizes:
            lmtp.sendmail("a@example.net", [server.admin], b"Subject: x\r\n\r\n" + b"y" * 70 * size + b"\r\n")


def count(server: Served) -> int:
    with IMAPClient("127.0.0.1", server.port("imap"), ssl=False) as client:
        client.login(server.admin, server.password)
        return int(client.select_folder("INBOX")[b"EXISTS"])


def test_from_backup_to_restore(server: Served, tmp_path: Path) -> None:
    deliver(server, 1, 2000)
    report = json.loads(server.cli("verify", "--json"))
    assert (report["faults"], report["checked"]["messages"]) == ([], 2)
    assert "0 faults mended, 0 left" in server.cli("rebuild")
    target = tmp_path / "backup"
    written = json.loads(server.cli("backup", str(target), "--json"))
    assert written["manifest"]["files"] == 1
    deliver(server, 3)
    with pytest.raises(AssertionError, match="the server runs: stop it first"):
        server.cli("restore", str(target), "--replace")
    server.stop()
    with pytest.raises(AssertionError, match="is there already; --replace would set it aside"):
        server.cli("restore", str(target))
    server.cli("restore", str(target), "--replace")
    assert "all is well" in server.cli("verify")
    server.start_again()
    assert count(server) == 2
    deliver(server, 1)
    assert count(server) == 3


def test_a_backup_makes_a_new_server(server: Served, tmp_path: Path) -> None:
    deliver(server, 2000)
    server.cli("backup", str(tmp_path / "backup"))
    server.stop()
    new = Served(tmp_path / "new")
    server.cli("restore", str(tmp_path / "backup"), "--dir", str(new.directory))
    new.start_again()
    try:
        assert count(new) == 1
        assert "all is well" in new.cli("verify")
    finally:
        new.stop()
