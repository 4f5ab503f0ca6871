"""posthouse queue: every verb, in words and as JSON, on a store that nobody serves and on a running server."""

from __future__ import annotations

import asyncio
import json
import re
import time
from pathlib import Path
from typing import Any

import pytest

from posthouse.core.mail.letters import scanned
from posthouse.core.queue.numbers import first_number, written
from posthouse.core.queue.send import NewRecipient, Outbound, send
from posthouse.core.queue.states import Pace
from posthouse.core.queue.transfer import close
from posthouse.server.configuration import read_configuration
from posthouse.server.configuration.tree import places
from posthouse.storage.lmdb.local import LocalStore
from tests.served import Served
from tests.unit.server.cli_house import House

NOW = time.time_ns() // 1_000_000
HOUR = 3_600_000
OLD, YOUNG = NOW - 10 * HOUR, NOW - 2 * HOUR  # of ages that stay what they are however long the tests take
FIRST, SECOND = first_number(OLD) + 1, first_number(YOUNG) + 1
ANN, BOB, CAT = "ann@example.org", "bob@example.net", "cat@example.com"
TEXT = b"Subject: Lunch\r\nMessage-ID: <1@example.org>\r\n\r\nAt noon?\r\n"


async def fill(file: Path) -> None:
    """Ann's letter to Bob and Cat, ten hours old, whose destination is closed, and a younger report to Bob."""
    configuration = read_configuration(file)
    store = LocalStore.open(places(configuration).store, configuration.store)
    for number, sender, created, recipients in ((FIRST, ANN, OLD, (BOB, CAT)), (SECOND, "", YOUNG, (BOB,))):
        new = Outbound(
            number=number,
            sender=sender,
            domain="example.org",
            account=0,
            recipients=[NewRecipient(one) for one in recipients],
            start=0,
            prefix=b"",
            expires=created + 120 * HOUR,
        )
        await store.write(send, scanned(TEXT), [], [new], created)
    for destination in ("example.net", "example.com"):
        await store.write(close, destination, "Connection refused", Pace(24 * HOUR, 24 * HOUR), NOW)
    store.close()


@pytest.fixture
def house(tmp_path: Path) -> House:
    house = House(tmp_path / "house")
    asyncio.run(fill(house.directory / "posthouse.toml"))
    return house


def states(found: Any) -> list[tuple[str, str, str]]:
    return [(each["number"], each["recipient"], each["state"]) for each in found]


def test_list_and_its_filters(house: House) -> None:
    one, two = written(FIRST), written(SECOND)
    whole = [(one, BOB, "waiting"), (one, CAT, "waiting"), (two, BOB, "waiting")]
    assert states(house.json("queue", "list")) == whole
    assert states(house.json("queue", "list", "--limit", "2")) == whole[:2]
    assert states(house.json("queue", "list", "--sender", "")) == whole[2:]
    assert states(house.json("queue", "list", "--recipient", CAT)) == whole[1:2]
    assert states(house.json("queue", "list", "--destination", "EXAMPLE.com")) == whole[1:2]
    assert house.json("queue", "list", "--state", "delivered") == []
    [entry] = house.json("queue", "list", "--recipient", CAT)
    assert (entry["words"], entry["attempts"], entry["sender"]) == ("Connection refused", 0, ANN)
    assert entry["next_attempt"] > NOW
    lines = house.done("queue", "list").splitlines()
    assert lines[0].split() == [
        "message",
        "sender",
        "recipient",
        "state",
        "since",
        "next",
        "attempt",
        "attempts",
        "words",
    ]
    assert re.fullmatch(rf"{one}  {ANN}  {CAT}  +waiting  .*  0 +Connection refused", lines[2])


def test_show(house: House) -> None:
    shown = house.json("queue", "show", written(FIRST))
    assert (shown["number"], shown["subject"], shown["sender"]) == (written(FIRST), "Lunch", ANN)
    assert [one["recipient"] for one in shown["recipients"]] == [BOB, CAT]
    text = house.done("queue", "show", written(FIRST))
    assert "Lunch" in text
    assert "Connection refused" in text
    for unknown in ("no number", written(7)):
        assert "no such message" in house.refusal("queue", "show", unknown)


def test_summary(house: House) -> None:
    first, second = house.json("queue", "summary")
    assert (first["destination"], first["recipients"], first["4h"], first["1d"]) == ("example.net", 2, 1, 1)
    assert (second["destination"], second["recipients"], second["words"]) == ("example.com", 1, "Connection refused")
    lines = house.done("queue", "summary").splitlines()
    assert lines[0].split()[:3] == ["destination", "recipients", "15m"]
    assert lines[1].split()[:2] == ["example.net", "2"]


def test_hold_release_retry_cancel(house: House) -> None:
    one, two = written(FIRST), written(SECOND)
    assert house.done("queue", "hold", one) == "2 recipients held\n"
    assert states(house.json("queue", "list", "--state", "held")) == [(one, BOB, "held"), (one, CAT, "held")]
    assert house.json("queue", "retry", "--all")["changed"] == 1
    assert house.json("queue", "release", "--recipient", CAT)["changed"] == 1
    assert house.done("queue", "cancel", one, two) == "3 recipients cancelled\n"
    assert house.json("queue", "list") == []
    spared = house.done("queue", "cancel", one, "--state", "revoked").splitlines()
    assert spared == ["0 recipients cancelled", f"{one} {BOB}: not, it is revoked", f"{one} {CAT}: not, it is revoked"]
    assert [entry["closed_until"] for entry in house.json("queue", "summary")] == []
    trace = house.json("trace", one)[0]["steps"]
    deeds = [(step["what"], step["fields"]["recipients"]) for step in trace if "by" in step["fields"]]
    assert deeds == [("held", f"{BOB}, {CAT}"), ("released", CAT), ("cancelled", f"{BOB}, {CAT}")]
    assert all(step["fields"]["by"].startswith("operator ") for step in trace if "by" in step["fields"])


def test_which_must_be_said(house: House) -> None:
    for verb in ("hold", "release", "retry", "cancel"):
        assert house.refusal("queue", verb) == (
            "posthouse: say which: messages, --sender, --recipient, --destination, --state or --all\n"
        )
        assert "no such message" in house.refusal("queue", verb, written(7))
    assert len(house.json("queue", "list")) == 3


def test_on_a_running_server(tmp_path: Path) -> None:
    server = Served(tmp_path / "served", settings='routing.dns_servers = ["127.0.0.1:1"]\n')
    server.start()
    server.stop()
    asyncio.run(fill(server.config))
    server.start_again()
    try:
        number = written(FIRST)
        assert len(json.loads(server.cli("queue", "list", "--json"))) == 3
        assert "2 recipients held" in server.cli("queue", "hold", number)
        assert json.loads(server.cli("queue", "show", number, "--json"))["recipients"][0]["state"] == "held"
        assert json.loads(server.cli("queue", "release", number, "--json"))["changed"] == 2
        assert json.loads(server.cli("queue", "hold", "--all", "--json"))["changed"] >= 0
        assert {load["destination"] for load in json.loads(server.cli("queue", "summary", "--json"))} == {
            "example.net",
            "example.com",
        }
        server.wait_for(
            lambda: not json.loads(server.cli("queue", "list", "--state", "in transfer", "--json")), "it is being sent"
        )
        json.loads(server.cli("queue", "cancel", "--all", "--json"))
        server.wait_for(lambda: json.loads(server.cli("queue", "list", "--json")) == [], "it is not cancelled")
        assert "cancelled" in server.cli("trace", number)
    finally:
        server.stop()
