"""A courier that dies at any moment: nothing is lost, and at most what a remote took just then is sent once more."""

from __future__ import annotations

import asyncio
from collections import Counter
from contextlib import suppress
from typing import Any

import msgspec

from posthouse.core.bus import LocalBus
from posthouse.core.queue.contracts import CarriedMessage, Content, Hop, Outcome
from posthouse.storage.contract import Operation, Store, StoreUnavailable
from posthouse.storage.memory import MemoryStore
from tests.unit.queue.world import Connection, World

MESSAGES = 12
LANES = 3


class Mortal:
    """Counts what is done and, at its turn, does no more."""

    def __init__(self, turn: int) -> None:
        self._left = turn
        self.dead = asyncio.Event()

    async def step(self) -> None:
        """One step; whoever takes it after the last never comes back."""
        if self._left == 0:
            self.dead.set()
        if self.dead.is_set():
            await asyncio.Event().wait()
        self._left -= 1


class MortalStore:
    """A store that dies with its process: before an operation is written, or after it and before that is known."""

    def __init__(self, store: Store, mortal: Mortal) -> None:
        self._store = store
        self._mortal = mortal

    async def write(self, operation: Operation[Any, ..., Any], *args: Any) -> Any:
        await self._mortal.step()
        result = await self._store.write(operation, *args)
        await self._mortal.step()
        return result

    async def read(self, query: Operation[Any, ..., Any], *args: Any) -> Any:
        return await self._store.read(query, *args)


class MortalConnection(Connection):
    """May die before a message is sent, and after it was accepted."""

    mortal: Mortal

    async def carry(self, message: CarriedMessage, content: Content) -> list[Outcome]:
        await self.mortal.step()
        outcomes = await super().carry(message, content)
        await self.mortal.step()
        return outcomes


async def die_at(world: World, turn: int) -> bool:
    """Let a courier work until that step; False when it was done before."""
    mortal = Mortal(turn)
    remote: Any = world.remote
    whole = remote.connect

    async def connect(hop: Hop) -> Any:
        await mortal.step()
        connection: Any = await whole(hop)
        connection.__class__ = MortalConnection
        connection.mortal = mortal
        return connection

    remote.connect = connect
    dying_store: Any = MortalStore(world.store, mortal)
    sound, world.store = world.store, dying_store
    courier = world.courier()
    world.store, working = sound, asyncio.ensure_future(courier.carry(b"example.net"))
    dying = asyncio.ensure_future(mortal.dead.wait())
    await asyncio.wait({working, dying}, return_when=asyncio.FIRST_COMPLETED)
    is_dead = mortal.dead.is_set()
    mortal.dead.set()
    for task in (working, dying):
        task.cancel()
    remote.connect = whole
    remote.open.clear()
    return is_dead


async def test_death_at_every_step_loses_nothing() -> None:
    turn, is_dead = 0, True
    while is_dead:
        bus = LocalBus()
        world = World(MemoryStore(bus), bus, connections_per_destination=LANES)
        numbers = [await world.add("bob@example.net", text=b"Subject: %d\r\n\r\n" % at) for at in range(MESSAGES)]
        is_dead = await die_at(world, turn)
        await world.work()
        assert [await world.states(number) for number in numbers] == [["delivered"]] * MESSAGES, turn
        sent = Counter(one.octets for one in world.remote.sent)
        assert len(sent) == MESSAGES, turn
        assert max(sent.values()) <= 2, turn
        assert sum(sent.values()) <= MESSAGES + LANES, (turn, "one a connection")
        await world.check()
        turn += 1
    assert turn > 4 * MESSAGES, "that were all steps"


async def test_a_store_that_is_away_loses_no_outcome(monkeypatch: Any) -> None:
    monkeypatch.setattr("posthouse.core.queue.ledger.AWAY_SECONDS", 0.001)
    bus = LocalBus()
    world = World(MemoryStore(bus), bus)
    number = await world.add("bob@example.net")
    sound = world.store
    away = 0

    class Away:
        """Not there at every second write."""

        async def write(self, operation: Operation[Any, ..., Any], *args: Any) -> Any:
            nonlocal away
            away += 1
            if away % 2 == 0:
                raise StoreUnavailable("restarting")
            return await sound.write(operation, *args)

        async def read(self, query: Operation[Any, ..., Any], *args: Any) -> Any:
            return await sound.read(query, *args)

    away_store: Any = Away()
    world.store = away_store
    courier = world.courier()
    world.store = sound
    await courier.carry(b"example.net")
    assert away > 3
    assert await world.states(number) == ["delivered"]
    assert len(world.remote.sent) == 1


async def test_what_is_cut_off_is_written_down_as_far_as_it_is_known() -> None:
    bus = LocalBus()
    world = World(MemoryStore(bus), bus, connections_per_destination=1, linger_seconds=30)
    number = await world.add("bob@example.net")
    courier = world.courier()
    carrying = asyncio.ensure_future(courier.carry(b"example.net"))
    while not world.remote.sent:  # noqa: ASYNC110 - asks as an operator would
        await asyncio.sleep(0)
    carrying.cancel()
    with suppress(asyncio.CancelledError):
        await carrying
    world.settings = msgspec.structs.replace(world.settings, linger_seconds=0)
    await world.work()
    assert await world.states(number) == ["delivered"]
    assert len(world.remote.sent) <= 2
