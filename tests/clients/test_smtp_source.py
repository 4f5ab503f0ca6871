"""smtp-source: many sessions at once, all of it arrives."""

from __future__ import annotations

import subprocess

import pytest

from tests.clients.conftest import Person
from tests.clients.inbox import session
from tests.served import Served


@pytest.mark.parametrize(("listener", "flags"), [("smtp", []), ("lmtp", ["-L"])])
def test_smtp_source(server: Served, person: Person, listener: str, flags: list[str]) -> None:
    port = server.port(listener)
    command = ["smtp-source", *flags, "-s", "20", "-m", "500", "-l", "4096", "-f", "a@example.net"]
    subprocess.run([*command, "-t", person.address, f"127.0.0.1:{port}"], check=True, timeout=120)
    with session(server, person) as client:
        assert client.select_folder("INBOX")[b"EXISTS"] == 500
