"""Mail that a client expunged comes back by the command line, while the client looks on."""

from __future__ import annotations

import json

import pytest

from tests.clients.conftest import Person
from tests.clients.inbox import session, subjects
from tests.served import Served


def letter(subject: str) -> bytes:
    return f"From: bob@example.net\r\nSubject: {subject}\r\n\r\nhello\r\n".encode()


def test_what_a_client_expunged_comes_back(server: Served, person: Person) -> None:
    with session(server, person) as client:
        client.append("INBOX", letter("one"), ["\\Flagged", "work"])
        client.append("INBOX", letter("two"))
        client.create_folder("Projects/Cheese")
        client.append("Projects/Cheese", letter("cheese"))
        client.select_folder("INBOX")
        client.delete_messages([1])
        client.expunge()
        client.delete_folder("Projects/Cheese")
        listed = json.loads(server.cli("account", "undelete", person.address, "--list", "--json"))
        assert [(each["mailbox"], each["subject"]) for each in listed] == [
            ("INBOX", "one"),
            ("Projects/Cheese", "cheese"),
        ]
        assert "cheese" in server.cli("account", "undelete", person.address, "--list", "--since", "1h")
        client.idle()
        assert server.cli("account", "undelete", person.address, "--mailbox", "INBOX") == "1 message put back\n"
        assert client.idle_check(timeout=30)[0] == (2, b"EXISTS")
        client.idle_done()
        flags = client.get_flags([3])[3]
        assert {b"\\Flagged", b"work"} <= set(flags)
        assert b"\\Deleted" not in flags
        assert server.cli("account", "undelete", person.address) == "1 message put back\n"
        assert server.cli("account", "undelete", person.address) == "0 messages put back\n"
    assert subjects(server, person) == ["two", "one"]
    assert subjects(server, person, "Projects/Cheese") == ["cheese"]


def test_as_much_as_there_is_room_for(server: Served, person: Person) -> None:
    with session(server, person) as client:
        for _ in range(3):
            client.append("INBOX", letter("large") + b"x" * 1000)
        client.select_folder("INBOX")
        client.delete_messages(client.search())
        client.expunge()
        server.cli("account", "quota", person.address, "2 KB")
        with pytest.raises(AssertionError, match="0 messages put back; for more there is no room"):
            server.cli("account", "undelete", person.address)
        server.cli("account", "quota", person.address, "none")
        assert server.cli("account", "undelete", person.address, "--into", "Rescued") == "3 messages put back\n"
        assert client.folder_status("Rescued", ["MESSAGES"])[b"MESSAGES"] == 3
