"""posthouse account search-folder: made, changed, listed and removed; seen by an IMAP client of a running server."""

from __future__ import annotations

from pathlib import Path

import pytest
from imapclient import IMAPClient

from tests.served import Served
from tests.unit.server.test_cli_accounts import PASSWORD, House


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path)


VERB = ("account", "search-folder")


def test_they_are_made_changed_listed_and_removed(house: House) -> None:
    ann = "ann@example.org"
    house.done("account", "add", ann, "--password-stdin", say=PASSWORD)
    assert house.json(*VERB, "list", ann) == []
    made = house.json(*VERB, "add", ann, "Unread", 'unseen not from "robot"', "--in", "INBOX/*", "--main", "Archive")
    shown = {"name": "Unread", "criteria": 'UNSEEN NOT FROM "robot"', "places": ["INBOX/*"], "main": "Archive"}
    assert made == shown
    house.done(*VERB, "add", ann, "Large", "LARGER 1000000")
    house.done(*VERB, "add", ann, "Large", "LARGER 2000000")
    assert house.json(*VERB, "list", ann) == [
        {"name": "Large", "criteria": "LARGER 2000000", "places": [], "main": None},
        shown,
    ]
    assert "Unread" in house.done(*VERB, "list", ann)
    house.done(*VERB, "remove", ann, "Large")
    assert [one["name"] for one in house.json(*VERB, "list", ann)] == ["Unread"]


def test_what_is_refused_says_why(house: House) -> None:
    admin = "admin@example.org"
    assert house.refusal(*VERB, "remove", admin, "Archive") == "posthouse: Archive is no search folder\n"
    assert "cannot be a default folder" in house.refusal(*VERB, "add", admin, "Archive", "ALL")
    assert "of one session only" in house.refusal(*VERB, "add", admin, "New", "NEW")
    assert "no such mailbox: Nowhere" in house.refusal(*VERB, "add", admin, "Some", "ALL", "--in", "Nowhere")
    assert "no such account" in house.refusal(*VERB, "list", "nobody@example.org")
    assert "CRITERIA: expected" in house.run(*VERB, "add", admin, "Some", "SUBJECT").stderr


def test_a_client_sees_it_and_what_happens_to_it(tmp_path: Path) -> None:
    with Served(tmp_path) as served:
        served.run("account", "search-folder", "add", served.address, "Unread", "UNSEEN", "--main", "INBOX")
        with (
            IMAPClient("127.0.0.1", served.port("imap"), ssl=False) as client,
            IMAPClient("127.0.0.1", served.port("imap"), ssl=False) as other,
        ):
            for one in (client, other):
                one.login(served.address, served.password)
            assert "Unread" in [name for _, _, name in client.list_folders()]
            client.append("INBOX", b"Subject: one\r\n\r\ntext\r\n")
            client.append("Archive", b"Subject: two\r\n\r\ntext\r\n")
            assert client.select_folder("Unread")[b"EXISTS"] == 2
            client.idle()
            other.append("Unread", b"Subject: three\r\n\r\ntext\r\n")
            assert (3, b"EXISTS") in client.idle_check(timeout=20)
            client.idle_done()
            subjects = {found[b"ENVELOPE"].subject: uid for uid, found in client.fetch("1:*", ["ENVELOPE"]).items()}
            assert sorted(subjects) == [b"one", b"three", b"two"]
            client.add_flags(subjects[b"two"], [b"\\Seen"])
            assert client.search() == sorted([subjects[b"one"], subjects[b"three"]])
            client.move([subjects[b"one"]], "Trash")
            assert other.folder_status("INBOX", ["MESSAGES"])[b"MESSAGES"] == 1
            assert other.folder_status("Unread", ["MESSAGES"])[b"MESSAGES"] == 1
