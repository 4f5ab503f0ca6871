"""posthouse trace: letters by address, Message-ID, number, time and domain, in words and as JSON."""

from __future__ import annotations

import asyncio
import json
import re
from pathlib import Path
from typing import Any

import pytest

from posthouse.core.queue.numbers import first_number, written
from posthouse.core.trace.records import TraceEvent, append_events
from posthouse.server.configuration import read_configuration
from posthouse.server.configuration.tree import places
from posthouse.storage.contract import ReadTransaction, WriteTransaction, operation, query
from posthouse.storage.lmdb.local import LocalStore
from posthouse.storage.spaces import META
from tests.served import Served
from tests.unit.server.cli_house import House

DAY_MS = 86_400_000
NOON = 1_790_000_000_000  # 2026-09-21
NUMBERS = [first_number(NOON + day * DAY_MS) + 7 for day in range(3)]


@operation
def append(txn: WriteTransaction, number: int, events: list[TraceEvent], marks: list[str]) -> None:
    append_events(txn, number, events, marks)


async def fill(file: Path) -> None:
    """Three letters, one a day: to ann, to bob of another domain, from ann."""
    configuration = read_configuration(file)
    store = LocalStore.open(places(configuration).store, configuration.store)
    envelopes = [
        ("x@elsewhere.net", "ann@example.org"),
        ("x@elsewhere.net", "bob@b.example"),
        ("ann@example.org", "Far@elsewhere.net"),
    ]
    for day, (sender, recipient) in enumerate(envelopes):
        at = NOON + day * DAY_MS
        received = TraceEvent(at, "received", {"sender": sender, "recipients": recipient})
        marks = [sender, recipient, f"<{day}@elsewhere.net>"]
        carried = TraceEvent(at + 1500, "carried", {"host_name": "mx.elsewhere.net", "words": "250 \x1b[2Jtaken\n"})
        await store.write(append, NUMBERS[day], [received, carried], marks)
    store.close()


@pytest.fixture
def house(tmp_path: Path) -> House:
    house = House(tmp_path / "house")
    house.done("domain", "add", "b.example")
    house.done("domain", "alias", "bb.example", "b.example")
    asyncio.run(fill(house.directory / "posthouse.toml"))
    return house


def numbers(found: Any) -> list[int]:
    return [NUMBERS.index(int(letter["number"], 16)) for letter in found]


def test_in_words(house: House) -> None:
    said = house.done("trace", "ANN@example.org")
    assert re.sub(r"2026-09-2\d \d\d:", "DAY HH:", said) == (
        f"{written(NUMBERS[0])}\n"
        "  DAY HH:13:20.000  received  sender x@elsewhere.net, recipients ann@example.org\n"
        "  DAY HH:13:21.500  carried   host name mx.elsewhere.net, words 250 \ufffd[2Jtaken\ufffd\n"
        "\n"
        f"{written(NUMBERS[2])}\n"
        "  DAY HH:13:20.000  received  sender ann@example.org, recipients Far@elsewhere.net\n"
        "  DAY HH:13:21.500  carried   host name mx.elsewhere.net, words 250 \ufffd[2Jtaken\ufffd\n"
    )


def test_by_everything(house: House) -> None:
    assert numbers(house.json("trace")) == [0, 1, 2]
    for what, right in (
        ("x@elsewhere.net", [0, 1]),
        ("<1@elsewhere.net>", [1]),
        ("1@Elsewhere.NET", [1]),
        (written(NUMBERS[1]), [1]),
        (written(NUMBERS[1]).upper(), [1]),
        (written(NUMBERS[1] + 1), []),
        ("-00000000000000f", []),
        ("nobody@example.org", []),
    ):
        assert numbers(json.loads(house.done("trace", "--json", "--", what))) == right
    (letter,) = house.json("trace", "<1@elsewhere.net>")
    assert letter["steps"][0] == {
        "at": NOON + DAY_MS,
        "what": "received",
        "fields": {"sender": "x@elsewhere.net", "recipients": "bob@b.example"},
    }


def test_narrowed(house: House) -> None:
    assert numbers(house.json("trace", "--domain", "example.org")) == [0, 2]
    assert numbers(house.json("trace", "--domain", "B.example", "x@elsewhere.net")) == [1]
    assert house.refusal("trace", "--domain", "c.example") == "posthouse: no such domain: c.example\n"
    for options, right in (
        (("--since", "2026-09-22"), [1, 2]),
        (("--since", "2026-09-22 00:00", "--until", "2026-09-23T00:00"), [1]),
        (("--until", "9999-12-31"), [0, 1, 2]),
        (("--since", "1h"), []),
        (("--since", "900000d"), [0, 1, 2]),
        (("--limit", "2"), [1, 2]),
    ):
        assert numbers(house.json("trace", *options)) == right
    result = house.run("trace", "--limit", "1", "x@elsewhere.net")
    assert (result.stdout[:16], result.stderr) == (
        written(NUMBERS[1]),
        "posthouse: these are the newest 1; --limit shows more\n",
    )
    refused = house.run("trace", "--since", "yesterday")
    assert (refused.exit_code, "or so long ago" in refused.output) == (2, True)


def test_nothing_found(house: House) -> None:
    assert house.refusal("trace", "no@example.org") == (
        "posthouse: nothing is known of no@example.org; traces are kept for 14 days\n"
    )
    said = house.refusal("trace", "--since", "1h")
    assert said == "posthouse: nothing is known of any letter there; traces are kept for 14 days\n"
    assert house.json("trace", "no@example.org") == []


async def secret(file: Path) -> bytes | None:
    configuration = read_configuration(file)
    store = LocalStore.open(places(configuration).store, configuration.store)
    try:
        return await store.read(read_secret)
    finally:
        store.close()


@query
def read_secret(txn: ReadTransaction) -> bytes | None:
    return txn.get(META.key("srs secret"))


def test_a_server_makes_its_secret_once(tmp_path: Path) -> None:
    """For rewritten senders; and a running server answers, too."""
    server = Served(tmp_path / "served", workers=2)
    server.start()
    assert json.loads(server.cli("trace", "--json")) == []
    server.stop()
    first = asyncio.run(secret(server.config))
    assert first is not None
    assert len(first) == 32
    server.start_again()
    server.stop()
    assert asyncio.run(secret(server.config)) == first
