"""verify, rebuild, backup and restore beside a running server, and on a stopped one."""

from __future__ import annotations

import asyncio
import json
import smtplib
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from imapclient import IMAPClient

from posthouse.storage.lmdb import LocalStore
from posthouse.storage.settings import StoreSettings
from posthouse.storage.spaces import USAGE
from tests.served import COMMAND, Served
from tests.unit.admin.house import put_raw


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


def run(server: Served, *arguments: str) -> tuple[int, str, str]:
    """(status, what it printed, what it said on standard error) of a verb."""
    done = subprocess.run(
        [COMMAND, "--config", str(server.config), *arguments], text=True, capture_output=True, check=False
    )
    return done.returncode, done.stdout, done.stderr


def test_damage_is_said_and_mended_beside_a_running_server(server: Served) -> None:
    deliver(server, 1, 2000)
    (file,) = (server.directory / "blobs").glob("[0-9a-f][0-9a-f]/*")
    octets = file.read_bytes()
    file.write_bytes(octets[:100] + b"!" + octets[101:])
    server.stop()
    store = LocalStore.open(server.directory / "store", StoreSettings())
    asyncio.run(store.write(put_raw, USAGE.key(1), b"\xc1"))
    store.close()
    for serving in (False, True):
        if serving:
            server.start_again()
        status, printed, _ = run(server, "verify", "--json")
        report = json.loads(printed)
        wrong = {fault["where"]: fault["mend"] for fault in report["faults"]}
        assert status == 1
        assert wrong["account 1"] == "posthouse rebuild"
        assert wrong["account 1, message 2"] == "a backup"
        assert set(report) == {"faults", "notices", "checked"}
    assert run(server, "verify", "--account", "nobody@example.org")[0] == 1
    status, printed, _ = run(server, "rebuild")
    assert status == 1, "something is left"
    assert "2 faults mended, 1 left" in printed
    file.write_bytes(octets)
    assert "all is well" in server.cli("verify")
    assert count(server) == 2


def test_a_restore_that_fails_leaves_nothing(server: Served, tmp_path: Path) -> None:
    deliver(server, 2000)
    server.cli("backup", str(tmp_path / "backup"))
    (database,) = (tmp_path / "backup").glob("store-*/data.mdb")
    octets = database.read_bytes()
    database.write_bytes(octets[:-1])
    arguments = ("restore", str(tmp_path / "backup"), "--dir", str(tmp_path / "new"))
    status, _, said = run(server, *arguments)
    assert (status, "is not what the manifest says" in said) == (1, True)
    assert not (tmp_path / "new").exists()
    database.write_bytes(octets)
    (file,) = (tmp_path / "backup" / "blobs").glob("*/*")
    file.write_bytes(file.read_bytes()[:-1])
    status, _, said = run(server, *arguments)
    assert (status, "is damaged in the backup" in said) == (1, True)
    assert sorted(path.name for path in (tmp_path / "new").iterdir()) == ["blobs", "keys", "posthouse.toml", "store"]
