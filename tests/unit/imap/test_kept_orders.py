"""Threads and orders that are brought up to date are what one gets who threads and sorts anew."""

from __future__ import annotations

import random
from typing import Any

import pytest

from posthouse.protocols.imap.commands.sort import kept as order_kept
from posthouse.protocols.imap.commands.sort import ordering
from posthouse.protocols.imap.commands.thread import clusters
from posthouse.protocols.imap.commands.thread import command as threading
from posthouse.protocols.imap.commands.thread import kept as thread_kept
from tests.unit.imap.client import Client
from tests.unit.imap.world import open_world

THREADS = [f"{uid}THREAD {way} UTF-8 ALL" for uid in ("", "UID ") for way in ("REFERENCES", "ORDEREDSUBJECT", "REFS")]
SORTS = [f"SORT ({by}) UTF-8 ALL" for by in ("SUBJECT", "REVERSE SUBJECT", "DATE", "FROM REVERSE SUBJECT", "SIZE")]


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("mask", [2**32 - 1, 15])
async def test_what_came_and_went(seed: int, mask: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clusters, "_MASK", mask)  # keys that happen to be the same
    monkeypatch.setattr(clusters, "SCANNED_AT_ONCE", 3)
    monkeypatch.setattr(thread_kept, "PART", 0)
    monkeypatch.setattr(thread_kept, "OLD_AT_ONCE", 3)
    monkeypatch.setattr(thread_kept, "OCTETS_AT_ONCE", 10)
    monkeypatch.setattr(order_kept, "AT_ONCE", 3)
    done = _counted(monkeypatch, threading, "updated"), _counted(monkeypatch, ordering, "updated")
    choice = random.Random(seed)
    world = await open_world()
    one, other = world.connect(), world.connect()
    for client in (one, other):
        await client.greeting()
        await client.ok("LOGIN alice@example.org secret")
        await client.ok("SELECT INBOX")
    await _append(one, choice, 12)
    for _ in range(12):
        await one.ok("NOOP")
        if choice.random() < 0.5:
            await other.ok("NOOP")  # who does not hear of it still counts what is gone
        asks = one if choice.random() < 0.8 else other
        for line in choice.sample(THREADS, 4) + choice.sample(SORTS, 3):
            monkeypatch.setattr(threading, "LEAST", 0)
            monkeypatch.setattr(ordering, "LEAST", 0)
            kept = await asks.ok(line)
            monkeypatch.setattr(threading, "LEAST", 10_000)
            monkeypatch.setattr(ordering, "LEAST", 10_000)
            assert kept == await asks.ok(line), (seed, line)
        await _change(one, choice)
    assert all(count() > 10 for count in done), "it was brought up to date"


async def _change(client: Client, choice: random.Random) -> None:
    if choice.random() < 0.8:
        await _append(client, choice, choice.randrange(4))
    (there,) = await client.ok("SEARCH ALL")
    numbers = there.split()[2:]
    if choice.random() < 0.6 and numbers:
        gone = b",".join(choice.sample(numbers, min(len(numbers), choice.randrange(1, 4)))).decode()
        await client.ok(f"STORE {gone} +FLAGS.SILENT (\\Deleted)")
        await client.ok("EXPUNGE")


async def _append(client: Client, choice: random.Random, count: int) -> None:
    """Messages whose ids are others' at times, and whose references are what they like."""
    for _ in range(count):
        chain = " ".join(f"<{choice.randrange(14)}@x>" for _ in range(choice.randrange(4)))
        text = (
            f"From: {choice.choice(['Ann', 'Bob'])} <x@y>\r\n"
            f"Subject: {choice.choice(['', 'Re: '])}{choice.choice(['Tea', 'Coffee', 'Lunch', 'Rum', '', ''])}\r\n"
            f"Date: Mon, 23 Nov 2026 10:00:{choice.randrange(10):02} +0000\r\n"
            + (f"Message-ID: <{choice.randrange(14)}@x>\r\n" if choice.random() < 0.9 else "")
            + (f"References: {chain}\r\n" if chain else "")
            + f"\r\n{'body ' * choice.randrange(3)}\r\n"
        )
        await client.ok(f"APPEND INBOX {{{len(text)}+}}\r\n{text}")


def _counted(monkeypatch: pytest.MonkeyPatch, module: Any, name: str) -> Any:
    """Count what a function makes; a call of the result gives the number."""
    made = []
    work = getattr(module, name)

    async def counting(*args: Any, **more: Any) -> Any:
        result = await work(*args, **more)
        made.extend([1] if result is not None else [])
        return result

    monkeypatch.setattr(module, name, counting)
    return lambda: len(made)


async def test_where_much_changed_all_is_threaded_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (threading, ordering):
        monkeypatch.setattr(module, "LEAST", 0)
    monkeypatch.setattr(threading, "FEW", 1)
    monkeypatch.setattr(ordering, "FEW", 1)
    done = _counted(monkeypatch, threading, "updated"), _counted(monkeypatch, ordering, "updated")
    world = await open_world()
    client = world.connect()
    await client.greeting()
    await client.ok("LOGIN alice@example.org secret")
    await client.ok("SELECT INBOX")
    choice = random.Random(1)
    for count in (20, 2, 1):
        await _append(client, choice, count)
        await client.ok("NOOP")
        for line in (*THREADS, *SORTS):
            await client.ok(line)
    threads, sorts = (count() for count in done)
    assert threads <= len(THREADS)
    assert sorts == len(SORTS)


async def test_what_is_gone_though_not_told_is_not_compared(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ordering, "LEAST", 0)
    world = await open_world()
    one, other = world.connect(), world.connect()
    choice = random.Random(2)
    for client in (one, other):
        await client.greeting()
        await client.ok("LOGIN alice@example.org secret")
        await client.ok("SELECT INBOX")
    await _append(one, choice, 9)
    await other.ok("NOOP")
    for line in SORTS:
        await other.ok(line)
    await one.ok("STORE 1:8 +FLAGS.SILENT (\\Deleted)")
    await one.ok("EXPUNGE")
    await _append(one, choice, 2)
    await other.ok("FETCH 1 FLAGS")  # hears of those that came, not of those that went; RFC 3501 7.4.1
    for line in SORTS:
        kept = await other.ok(line)
        monkeypatch.setattr(ordering, "LEAST", 10_000)
        assert kept == await other.ok(line), line
        monkeypatch.setattr(ordering, "LEAST", 0)
