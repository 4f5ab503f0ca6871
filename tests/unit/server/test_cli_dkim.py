"""posthouse dkim: what it prints is what the DNS needs, and never a private key."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.unit.server.cli_house import House


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path / "house")


def test_init_and_domain_add_make_keys_that_sign(house: House) -> None:
    house.done("domain", "add", "example.net")
    house.done("domain", "alias", "example.com", "example.net")
    listed = house.json("dkim", "list")
    assert {(key["domain"], key["algorithm"], key["state"]) for key in listed} == {
        (domain, algorithm, "signing")
        for domain in ("example.org", "example.net", "example.com")
        for algorithm in ("rsa-sha256", "ed25519-sha256")
    }
    assert "private" not in listed[0]


def test_records_to_publish_are_lines_of_a_zone(house: House) -> None:
    printed = house.done("dkim", "list", "example.org")
    records = dict(re.findall(r"^(\S+) IN TXT (.*)$", printed, re.MULTILINE))
    shown = {key["name"] + ".": key["record"] for key in house.json("dkim", "list", "example.org")}
    assert {name: "".join(re.findall(r'"([^"]*)"', value)) for name, value in records.items()} == shown


def test_new_keys_follow(house: House) -> None:
    assert "has keys" in house.refusal("dkim", "add", "example.org")
    printed = house.done("dkim", "rotate", "example.org")
    assert printed.count("to be published") == 2
    assert printed.count(" IN TXT ") == 4
    assert "new keys of example.org are there already" in house.refusal("dkim", "rotate", "example.org")
    for key in house.json("dkim", "list", "example.org"):
        if key["state"] == "to be published":
            house.done("dkim", "remove", "example.org", key["selector"])
    at_once = house.json("dkim", "rotate", "example.org", "--at-once")
    assert sorted(key["state"] for key in at_once) == ["retired", "retired", "signing", "signing"]


def test_what_is_not_there_is_said(house: House) -> None:
    assert "there is no key none of example.org" in house.refusal("dkim", "remove", "example.org", "none")
    assert "no such domain" in house.refusal("dkim", "rotate", "example.net")
    assert "no such domain" in house.refusal("dkim", "add", "example.net")


def test_a_domain_that_has_lost_its_keys_gets_others(house: House) -> None:
    for key in house.json("dkim", "list", "example.org"):
        house.done("dkim", "remove", "example.org", key["selector"])
    assert house.json("dkim", "list") == []
    assert house.done("dkim", "add", "example.org").count(" IN TXT ") == 2
