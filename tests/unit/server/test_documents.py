"""The process that reads attached files is there once there is one to read, for as long as the indexer is."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path

import psutil
import pytest
from imapclient import IMAPClient

from tests.served import PASSWORD, Served
from tests.unit.documents.samples import pdf


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Served]:
    served = Served(tmp_path / "served", settings="search.patience_seconds = 1\n")
    served.start()
    yield served
    served.stop()


def readers(server: Served) -> list[psutil.Process]:
    children = psutil.Process(server.supervisor_pid()).children(recursive=True)
    return [child for child in children if child.name() == "ph documents"]


def test_its_life(server: Served) -> None:
    letter = EmailMessage()
    letter["Subject"] = "plans"
    letter.set_content("see the file")
    with IMAPClient("127.0.0.1", server.port("imap"), ssl=False) as client:
        client.login(server.admin, PASSWORD)
        client.append("INBOX", letter.as_bytes())
        server.wait_for(lambda: server.status()["search"]["waiting"] == 0, "the letter is not indexed")
        assert readers(server) == []
        letter.add_attachment(pdf("pomegranate"), maintype="application", subtype="pdf", filename="plans.pdf")
        client.append("INBOX", letter.as_bytes())
        client.select_folder("INBOX")
        server.wait_for(lambda: client.search(["FUZZY", "TEXT", "pomegranate"]) == [2], "the file is not found")
        (reader,) = readers(server)
        assert reader.nice() > 0
        reader.send_signal(signal.SIGKILL)  # the indexer is told, and another begins
        letter.replace_header("Subject", "more plans")
        client.append("INBOX", letter.as_bytes())
        server.wait_for(lambda: client.search(["FUZZY", "TEXT", "pomegranate"]) == [2, 3], "the file is not found")
        (another,) = readers(server)
        os.kill(server.status()["search"]["pid"], signal.SIGKILL)
        another.wait(30)
