"""What one host cannot take goes to the next; what was one too many goes at once; what nobody will ever take fails."""

from __future__ import annotations

import pytest

from posthouse.core.accounts.domains import add_domain
from posthouse.core.accounts.records import SmartHost
from posthouse.core.bus import LocalBus
from posthouse.core.queue.contracts import CarriedMessage, ConnectFailed, Hop, Outcome, Route
from posthouse.storage.contract import Store
from posthouse.storage.memory import MemoryStore
from tests.unit.imap.world import NOW
from tests.unit.queue.world import HOST, World, outcomes, set_smart_host

BOB = "bob@example.net"
SECOND, THIRD = Hop("mx2.example.net", "192.0.2.2", 25), Hop("mx3.example.net", "192.0.2.3", 25)
SECOND_AGAIN = Hop("mx2.example.net", "192.0.2.22", 25)
NEVER = ConnectFailed("go away (HELO)", "5.7.1", code=550, permanent=True)
DOWN = ConnectFailed("connection refused")


@pytest.fixture
def world(store: Store, bus: LocalBus) -> World:
    return World(store, bus)


@pytest.fixture
def small() -> World:
    """On the memory engine alone, with three hosts."""
    bus = LocalBus()
    world = World(MemoryStore(bus), bus)
    world.remote.routes["example.net"] = Route((HOST, SECOND, SECOND_AGAIN, THIRD))
    return world


async def too_large(message: CarriedMessage, _: int) -> list[Outcome]:
    """Our own check for that host."""
    return [
        Outcome(one.number, "refused", 0, "5.3.4", "too large", "mx", again="elsewhere") for one in message.recipients
    ]


async def test_the_next_host_is_asked_before_a_message_fails(small: World) -> None:
    small.remote.replies = dict.fromkeys(("192.0.2.1", "192.0.2.2"), too_large)
    number = await small.add(BOB)
    await small.work()
    assert await small.states(number) == ["delivered"]
    assert [sent.address for sent in small.remote.sent] == ["192.0.2.1", "192.0.2.2", "192.0.2.3"]
    assert small.remote.connects["192.0.2.22"] == 0, "the same host at another address"
    assert sum(small.remote.open.values()) == 0
    await small.check()


async def test_connections_elsewhere_are_kept() -> None:
    bus = LocalBus()
    world = World(MemoryStore(bus), bus, connections_per_destination=1)
    world.remote.routes["example.net"] = Route((HOST, SECOND))
    world.remote.replies["192.0.2.1"] = too_large
    for _ in range(20):
        await world.add(BOB)
    await world.work()
    assert (world.remote.connects["192.0.2.1"], world.remote.connects["192.0.2.2"]) == (1, 1)
    assert world.remote.tls == [("192.0.2.1", ""), ("192.0.2.2", "")]


async def test_it_fails_when_no_host_takes_it(small: World) -> None:
    small.remote.reply = too_large
    number = await small.add(BOB)
    await small.work()
    [bob] = await small.recipients(number)
    assert (bob.state, bob.status, bob.words) == ("failed", "5.3.4", "too large")


async def test_it_waits_while_a_host_cannot_be_asked(small: World) -> None:
    small.remote.reply = too_large
    small.remote.down = dict.fromkeys(("192.0.2.2", "192.0.2.22"), DOWN)
    number = await small.add(BOB)
    await small.work()
    [bob] = await small.recipients(number)
    assert (bob.state, bob.status, bob.words) == ("waiting", "4.3.4", "too large; elsewhere: connection refused")
    del small.remote.down["192.0.2.22"]
    small.now = bob.due
    await small.work()
    assert await small.states(number) == ["failed"]


async def test_one_too_many_goes_at_once_and_is_no_attempt(world: World) -> None:
    async def two_at_a_time(message: CarriedMessage, _: int) -> list[Outcome]:
        taken = outcomes(message)[:2]
        rest = message.recipients[2:]
        return taken + [
            Outcome(one.number, "later", 0, "4.5.3", "two at a time", "mx", again="at once") for one in rest
        ]

    world.remote.reply = two_at_a_time
    number = await world.add(*(f"u{at}@example.net" for at in range(7)))
    await world.work()
    assert set(await world.states(number)) == {"delivered"}
    assert {one.attempts for one in await world.recipients(number)} == {1}
    assert [len(sent.message.recipients) for sent in world.remote.sent] == [7, 5, 3, 1]
    assert await world.jobs() == {}
    await world.check()


async def test_whom_all_hosts_refuse_for_good(world: World) -> None:
    world.remote.routes["example.net"] = Route((HOST, SECOND))
    world.remote.down = dict.fromkeys(("192.0.2.1", "192.0.2.2"), NEVER)
    numbers = [await world.add(BOB) for _ in range(60)]
    await world.work()
    [bob] = await world.recipients(numbers[59])
    assert (bob.state, bob.code, bob.status, bob.words) == ("failed", 550, "5.7.1", "go away (HELO)")
    assert {(await world.states(number))[0] for number in numbers} == {"failed"}
    assert set(await world.jobs()) == {f"report {number}" for number in numbers}
    assert world.remote.connects["192.0.2.1"] == 1
    await world.check()


@pytest.mark.parametrize("down", [(NEVER, DOWN), (DOWN, NEVER)])
async def test_one_host_that_is_only_away_is_waited_for(
    small: World, down: tuple[ConnectFailed, ConnectFailed]
) -> None:
    small.remote.routes["example.net"] = Route((HOST, SECOND))
    small.remote.down = dict(zip(("192.0.2.1", "192.0.2.2"), down, strict=True))
    number = await small.add(BOB)
    await small.work()
    assert await small.states(number) == ["waiting"]
    [until] = (await small.jobs()).values()
    assert until > NOW


async def test_a_smart_host_that_refuses_us_is_waited_for(small: World) -> None:
    await small.store.write(add_domain, "example.org", None, NOW)
    await small.store.write(set_smart_host, "example.org", SmartHost("smart.example.com", 587))
    small.remote.routes["@example.org"] = Route((HOST,), final=False)
    small.remote.down["192.0.2.1"] = NEVER
    number = await small.add(BOB)
    await small.work()
    assert await small.states(number) == ["waiting"]
