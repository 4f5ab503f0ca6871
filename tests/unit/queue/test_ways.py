"""Mail that waits goes by the new way when a domain's smart host is taken away, set, or is another."""

from __future__ import annotations

import pytest

from posthouse.admin.domain import change
from posthouse.core.accounts.domains import DomainChange, add_domain
from posthouse.core.accounts.records import SmartHost
from posthouse.core.bus import LocalBus
from posthouse.core.queue.contracts import CarriedMessage, ConnectFailed, Hop, Outcome, Route
from posthouse.storage.contract import Store
from tests.unit.imap.world import NOW
from tests.unit.queue.world import HOUR, World, outcomes

BOB, CAT = "bob@example.net", "cat@example.com"
DEAD = Hop("smart.example.com", "192.0.2.99", 587)
LIVING = Hop("better.example.com", "192.0.2.98", 587)


@pytest.fixture
def world(store: Store, bus: LocalBus) -> World:
    world = World(store, bus)
    world.remote.routes["@example.org"] = Route((DEAD,), final=False)
    world.remote.down[DEAD.address] = ConnectFailed("connection refused")
    return world


async def begin(world: World, *, smart: bool) -> None:
    await world.store.write(add_domain, "example.org", None, NOW)
    if smart:
        await change(world.store, "example.org", DomainChange(smart_host=SmartHost("smart.example.com", 587)))


async def test_a_dead_smart_host_is_taken_away(world: World) -> None:
    await begin(world, smart=True)
    number = await world.add(BOB, CAT)
    for _ in range(5):  # it is left alone for half an hour
        await world.work()
        world.now += HOUR
    assert await world.states(number) == ["waiting", "waiting"]
    await world.work()
    await change(world.store, "example.org", DomainChange(smart_host=None))
    assert await world.work() == ["@example.org"]
    assert sorted(await world.work()) == ["example.com", "example.net"]
    assert await world.states(number) == ["delivered", "delivered"]
    assert await world.jobs() == {}
    await world.check()


async def test_another_smart_host_is_tried_at_once(world: World) -> None:
    await begin(world, smart=True)
    number = await world.add(BOB)
    await world.work()
    world.remote.routes["@example.org"] = Route((LIVING,), final=False)
    assert await world.work() == []
    await change(world.store, "example.org", DomainChange(smart_host=SmartHost("better.example.com", 587)))
    assert await world.work() == ["@example.org"]
    assert await world.states(number) == ["relayed"]


async def test_what_was_put_off_moves_when_it_is_due(world: World) -> None:
    async def later(message: CarriedMessage, _: int) -> list[Outcome]:
        return outcomes(message, "later", 450, "not now")

    await begin(world, smart=True)
    world.remote.down.clear()
    world.remote.replies[DEAD.address] = later
    number = await world.add(BOB)
    await world.work()
    await change(world.store, "example.org", DomainChange(smart_host=None))
    assert await world.states(number) == ["waiting"]
    world.now += HOUR
    await world.work()
    await world.work()
    [bob] = await world.recipients(number)
    assert (bob.state, bob.destination) == ("delivered", "example.net")
    await world.check()


async def test_a_smart_host_that_is_new_gets_what_waits_elsewhere(world: World) -> None:
    await begin(world, smart=False)
    world.remote.down["192.0.2.1"] = ConnectFailed("connection refused")
    number = await world.add(BOB, CAT)
    await world.work()
    world.remote.down.clear()
    await change(world.store, "example.org", DomainChange(smart_host=SmartHost("smart.example.com", 587)))
    world.now += HOUR
    assert sorted(await world.work()) == ["example.com", "example.net"]
    assert await world.work() == ["@example.org"]
    assert await world.states(number) == ["relayed", "relayed"]
    await world.check()


async def test_nothing_that_waits_needs_nothing(world: World) -> None:
    await begin(world, smart=True)
    await change(world.store, "example.org", DomainChange(smart_host=None))
    assert await world.jobs() == {}
