"""Destinations that hang take no room from those that live: the real timetable and courier, black holes for remotes."""

from __future__ import annotations

import asyncio
from typing import Any

from posthouse.core.bus import LocalBus
from posthouse.core.queue.contracts import ConnectFailed, Hop, Route
from posthouse.core.queue.courier import Courier
from posthouse.core.queue.send import CARRY
from posthouse.core.queue.states import host_pace
from posthouse.core.queue.transfer import close, finish
from posthouse.server.settings import JobSettings
from posthouse.server.timetable.runner import Duty, Timetable
from posthouse.storage.memory import MemoryStore
from tests.unit.queue.world import HOUR, World

HOLES = 300


class Holes:
    """A world where dN.example is a black hole: whoever connects there waits until it is closed."""

    def __init__(self, **settings: object) -> None:
        bus = LocalBus()
        self.world = World(MemoryStore(bus), bus, **settings)
        self.closed = asyncio.Event()
        self.waiting = 0
        remote: Any = self.world.remote
        whole = remote.connect

        async def connect(hop: Hop) -> object:
            if hop.address.startswith("192.0.2."):
                return await whole(hop)
            self.waiting += 1
            await self.closed.wait()
            raise ConnectFailed("no connection within 30 seconds")

        remote.connect = connect

    async def fill(self) -> None:
        """Queue a message to each of them."""
        for number in range(HOLES):
            name = f"d{number}.example"
            self.world.remote.routes[name] = Route((Hop(name, f"198.51.100.{number}", 25),))
            await self.world.add(f"x@{name}")

    def start(self, courier: Courier) -> Timetable:
        """One worker."""
        world = self.world
        duty = Duty(courier.carry, at_once=world.settings.destinations_at_once, apart=courier.hanging, ending=finish)
        return Timetable(world.store, world.bus, {CARRY: duty}, JobSettings(), world.clock, "worker")

    async def until(self, number: int) -> None:
        """Wait for a message to be delivered."""
        async with asyncio.timeout(30):
            while await self.world.states(number) != ["delivered"]:  # noqa: ASYNC110 - asks as an operator would
                await asyncio.sleep(0.01)

    async def waits(self, count: int) -> None:
        """Wait until so many connections hang."""
        async with asyncio.timeout(30):
            while self.waiting < count:  # noqa: ASYNC110
                await asyncio.sleep(0.01)


async def test_a_living_one_behind_three_hundred_black_holes() -> None:
    holes = Holes()
    await holes.fill()
    courier = holes.world.courier()
    timetable = holes.start(courier)
    await holes.waits(200)
    assert courier.hanging() == 0, "they may still answer"
    number = await holes.world.add("bob@example.net")
    holes.world.now += 5000
    await holes.until(number)
    await holes.waits(HOLES)
    holes.closed.set()
    await timetable.stop(5)


async def test_those_not_reached_the_last_time_take_no_room_from_the_start() -> None:
    holes = Holes(destinations_at_once=100)
    await holes.fill()
    world = holes.world
    for number in range(HOLES):
        await world.store.write(close, f"d{number}.example", "no connection", host_pace(world.settings), world.now)
    world.now += HOUR
    timetable = holes.start(world.courier())
    await holes.waits(HOLES)
    await holes.until(await world.add("bob@example.net"))
    holes.closed.set()
    await timetable.stop(5)


async def test_not_more_of_them_than_there_may_be() -> None:
    holes = Holes(destinations_at_once=10, hanging_at_once=20)
    await holes.fill()
    courier = holes.world.courier()
    timetable = holes.start(courier)
    for count in (10, 20, 30):
        await holes.waits(count)
        holes.world.now += 5000
    assert courier.hanging() == 20
    assert holes.waiting == 30
    holes.closed.set()
    courier.stop()
    await timetable.stop(5)
