"""kill -9 of the store process while mail is put back: each message is there once, or still to be put back."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from collections import Counter
from pathlib import Path

import pytest
from imapclient import IMAPClient

from tests.served import COMMAND, PASSWORD, Served

LETTERS, DOUBLINGS = 100, 5


@pytest.fixture
def server(tmp_path: Path) -> Served:
    served = Served(tmp_path / "served", fixed_ports=True)
    served.start()
    yield served
    served.stop()


def test_put_back_once(server: Served) -> None:
    def standing() -> int:
        client.noop()
        return int(client.folder_status("INBOX", ["MESSAGES"])[b"MESSAGES"])

    client = IMAPClient("127.0.0.1", server.port("imap"), ssl=False)
    client.login(server.admin, PASSWORD)
    for number in range(LETTERS):
        client.append("INBOX", b"Subject: %d\r\n\r\n" % number)
    client.select_folder("INBOX")
    for _ in range(DOUBLINGS):
        client.copy(client.search(), "INBOX")
        client.noop()
    client.delete_messages(client.search())
    client.expunge()
    command = [COMMAND, "--config", str(server.config), "account", "undelete", server.admin]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    server.wait_for(lambda: standing() > 0, "nothing is put back")
    os.kill(server.store_pid(), signal.SIGKILL)
    process.communicate(timeout=60)
    server.wait_until_up()
    server.cli("account", "undelete", server.admin)
    client.logout()
    client = IMAPClient("127.0.0.1", server.port("imap"), ssl=False)
    client.login(server.admin, PASSWORD)
    client.select_folder("INBOX")
    found = Counter(answer[b"BODY[]"] for answer in client.fetch(client.search(), ["BODY.PEEK[]"]).values())
    client.logout()
    assert (len(found), set(found.values())) == (LETTERS, {2**DOUBLINGS})
    assert json.loads(server.cli("verify", "--json"))["faults"] == []
