"""posthouse account search-folder: made, changed, listed and removed."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.server.cli_house import PASSWORD, House


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
