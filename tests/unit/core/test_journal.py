"""The journal: takes steps at once, writes them in batches, bears a store that is away, and loses nothing at a stop."""

from __future__ import annotations

import asyncio
from typing import Any

from posthouse.core.queue.numbers import first_number
from posthouse.core.trace import journal as module
from posthouse.core.trace.finding import LAST, find_between, find_marked, find_number
from posthouse.core.trace.journal import AT_ONCE, Journal
from posthouse.core.trace.settings import TraceSettings
from posthouse.storage.contract import Store, StoreUnavailable
from posthouse.storage.memory import MemoryStore

NOW = 1_790_000_000_000
NUMBER = first_number(NOW)


class Unsteady:
    """A store that is away until it is told to be here."""

    def __init__(self) -> None:
        self.inner = MemoryStore()
        self.batches: list[int] = []
        self.is_away = False
        self.wrong = 0  # so many writes fail for what they are given
        self.asked = asyncio.Event()
        self.written = asyncio.Event()

    async def write(self, operation: Any, *args: Any) -> Any:
        self.asked.set()
        if self.wrong:
            self.wrong -= 1
            raise OverflowError("a number that does not fit")
        if self.is_away:
            raise StoreUnavailable("away")
        self.batches.append(len(args[0]))
        await self.inner.write(operation, *args)
        self.written.set()

    async def read(self, query: Any, *args: Any) -> Any:
        return await self.inner.read(query, *args)


async def whats(store: Store, number: int = NUMBER) -> list[str]:
    found = await store.read(find_number, number)
    return [] if found is None else [event.what for event in found.events]


async def test_a_step_is_written_soon() -> None:
    store = Unsteady()
    journal = Journal(store, now=lambda: NOW)
    journal.note(NUMBER, "received", ["Ann@example.org", ""], size=12, peer="192.0.2.1", reason="", words=None)
    await asyncio.wait_for(store.written.wait(), 30)
    (letter,) = (await store.read(find_marked, "ann@example.org", 0, LAST, 10)).letters
    (event,) = letter.events
    assert (event.at, event.what, event.fields) == (NOW, "received", {"size": "12", "peer": "192.0.2.1"})
    await journal.stop(5)


async def test_all_is_written_at_a_stop_and_in_order(store: Store) -> None:
    journal = Journal(store, now=lambda: NOW)
    for number in range(AT_ONCE * 2 + 7):
        journal.note(NUMBER, str(number))
    await journal.stop(5)
    assert await whats(store) == [str(number) for number in range(AT_ONCE * 2 + 7)]


async def test_many_steps_are_few_transactions() -> None:
    store = Unsteady()
    journal = Journal(store, now=lambda: NOW)
    for number in range(AT_ONCE * 3 + 1):
        journal.note(NUMBER + number, "received")
    await journal.stop(5)
    assert store.batches == [AT_ONCE] * 3 + [1]
    assert len(await store.read(find_between, 0, LAST, 1000)) == AT_ONCE * 3 + 1


async def test_a_store_that_is_away(monkeypatch: Any) -> None:
    monkeypatch.setattr(module, "AWAY_SECONDS", 0.001)
    store = Unsteady()
    store.is_away = True
    journal = Journal(store, TraceSettings(waiting_events=5), now=lambda: NOW)
    for number in range(8):
        journal.note(NUMBER, str(number))
    await store.asked.wait()
    store.asked.clear()
    await store.asked.wait()  # it was asked again
    store.is_away = False
    await journal.stop(5)
    assert await whats(store) == ["0", "1", "2", "3", "4"], "the newest were too many"


async def test_a_batch_that_cannot_be_written_holds_up_no_other() -> None:
    store = Unsteady()
    store.wrong = 1
    journal = Journal(store, now=lambda: NOW)
    for number in range(AT_ONCE + 1):
        journal.note(NUMBER, str(number))
    await journal.stop(5)
    assert await whats(store) == [str(AT_ONCE)]


async def test_a_stop_ends_though_the_store_stays_away() -> None:
    store = Unsteady()
    store.is_away = True
    journal = Journal(store, now=lambda: NOW)
    journal.note(NUMBER, "received")
    await journal.stop(0.05)
    assert store.batches == []


async def test_nothing_that_it_is_told_raises_or_stops_it(store: Store) -> None:
    journal = Journal(store, now=lambda: NOW)
    journal.note(NUMBER, "odd", ["\udcff", "x" * 5000, "a b@@"], text="\udcff\0é", much="x" * 100_000, none=None)
    journal.note(1 << 70, "no number")
    await journal.stop(5)
    again = Journal(store, now=lambda: NOW)
    again.note(NUMBER, "good")
    await again.stop(5)
    assert (await whats(store))[-1] == "good"
