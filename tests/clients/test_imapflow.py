"""imapflow (JavaScript) lists, appends, fetches, searches, flags, moves, deletes and hears of news while it idles."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

from tests.clients.conftest import Person
from tests.clients.inbox import subjects
from tests.served import Served

ROOT = Path(__file__).parents[2]
WORK = Path(__file__).with_name("imapflow.mjs")


@pytest.fixture(scope="session")
def imapflow() -> str:
    """The folder that it is installed in."""
    return subprocess.run([ROOT / "script/imapflow"], capture_output=True, text=True, check=True).stdout.strip()


def test_a_days_work(server: Served, person: Person, imapflow: str) -> None:
    done = subprocess.run(
        ["node", str(WORK), "localhost", str(server.port("imaps")), person.address, person.password],
        env={**os.environ, "IMAPFLOW": imapflow, "NODE_EXTRA_CA_CERTS": str(server.certificate)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    said = json.loads(done.stdout)
    assert {"Sent": "\\Sent", "Trash": "\\Trash", "INBOX": "\\Inbox"}.items() <= dict(said["folders"]).items()
    assert said["exists"] == 3
    size = len("From: a@example.net\r\nSubject: one\r\nMessage-ID: <one@x>\r\n\r\nhello\r\n")
    assert said["subjects"][0] == ["one", ["\\Flagged"], size, "text/plain"]
    assert said["found"] == [2]
    assert set(said["flags"]) >= {"\\Flagged", "\\Seen", "work"}
    assert said["moved"] == [[1, 1]]
    assert said["status"]["messages"] == 1
    assert said["news"] == 2
    assert said["downloaded"]
    assert subjects(server, person) == ["two", "late"]
    assert subjects(server, person, "Projekte/Käse") == ["one"]
