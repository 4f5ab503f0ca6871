"""kill -9 of the indexer while mail arrives: searches are right at every moment, and the index catches up."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest
from imapclient import IMAPClient

from tests.served import PASSWORD, Served

LETTERS = 400
KILLS = 4


@pytest.fixture
def server(tmp_path: Path) -> Served:
    served = Served(tmp_path / "served", settings="[search]\ncommit_seconds = 1\npatience_seconds = 1\n")
    served.start()
    yield served
    served.stop()


def letter(number: int) -> bytes:
    word = "pomegranate" if number % 7 == 0 else "apple"
    return f"Subject: letter {number}\r\n\r\n{word} number {number}\r\n".encode() + b"filling of a letter\r\n" * 50


def test_what_is_found_is_right_whenever_the_indexer_dies(server: Served) -> None:
    client = IMAPClient("127.0.0.1", server.port("imap"), ssl=False)
    client.login(server.admin, PASSWORD)
    client.select_folder("INBOX")
    wanted: list[int] = []
    for number in range(1, LETTERS + 1):
        client.append("INBOX", letter(number))
        if number % 7 == 0:
            wanted.append(number)
        if number % (LETTERS // KILLS) == 50:
            server.wait_for(lambda: server.status()["search"]["up"], "the indexer is not up")
            os.kill(server.status()["search"]["pid"], signal.SIGKILL)
            assert client.search(["BODY", "omegrana"]) == wanted
    client.delete_messages(wanted[:5])
    client.expunge()
    server.wait_for(lambda: server.status()["search"]["waiting"] == 0, "the index does not catch up")
    left = wanted[5:]  # UIDs
    assert client.search(["BODY", "omegrana"]) == left
    server.cli("rebuild", "search")
    assert client.search(["TEXT", "POMEGRANATE"]) == left
    client.logout()
