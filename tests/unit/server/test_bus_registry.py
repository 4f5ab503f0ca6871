"""One contract for bus and registry, kept by those of one process and by those over the supervisor."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable, Iterator
from typing import Any, cast

import pytest
from msgspec import Struct
from twisted.internet import reactor
from twisted.internet.protocol import Factory

from posthouse.core.bus import Bus, LocalBus
from posthouse.core.registry import LocalRegistry, Registry
from posthouse.server.hub.line import HubBus, HubRegistry, SupervisorLine
from posthouse.server.hub.office import Office, WorkerLine


class Clock:
    """A clock that the test moves."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class Pair(Struct):
    """Two ends of the same bus and registry; with one process, the same end twice."""

    buses: tuple[Bus, Bus]
    registries: tuple[Registry, Registry]
    clock: Clock


class Hub(Struct):
    """An office with two workers' lines over real sockets."""

    office: Office
    lines: list[SupervisorLine]
    buses: list[LocalBus]
    said: list[object]
    close: Callable[[], None]


class Once(Factory):
    """Gives one protocol."""

    noisy = False

    def __init__(self, protocol: object) -> None:
        self._protocol = protocol

    def buildProtocol(self, _address: object) -> object:
        return self._protocol


def connect(protocol: object, end: socket.socket) -> None:
    end.setblocking(False)
    cast(Any, reactor).adoptStreamConnection(end.fileno(), socket.AF_UNIX, Once(protocol))
    end.close()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def hub(clock: Clock, loop: asyncio.AbstractEventLoop) -> Iterator[Hub]:
    office = Office(LocalRegistry(clock=clock))
    lines, buses, said = [], [], []
    for slot in ("0", "1"):
        ours, theirs = socket.socketpair()
        bus = LocalBus()
        connect(WorkerLine(office, slot, lambda slot=slot: said.append(f"ready {slot}")), ours)
        line = SupervisorLine(
            bus,
            on_lost=lambda slot=slot: said.append(f"lost {slot}"),
            on_drain=lambda linger, seconds, slot=slot: said.append((slot, linger, seconds)),
            figures=lambda slot=slot: slot.encode() * 150_000,
        )
        connect(line, theirs)
        lines.append(line)
        buses.append(bus)

    def close() -> None:
        for line in lines:
            if line.transport is not None:
                line.transport.loseConnection()

    yield Hub(office, lines, buses, said, close)
    close()
    loop.run_until_complete(asyncio.sleep(0))


@pytest.fixture(params=["one process", "over the supervisor"])
def pair(request: pytest.FixtureRequest, clock: Clock, hub: Hub) -> Pair:
    if request.param == "one process":
        bus, registry = LocalBus(), LocalRegistry(clock=clock)
        return Pair((bus, bus), (registry, registry), clock)
    first, second = hub.lines
    return Pair(
        (HubBus(hub.buses[0], first), HubBus(hub.buses[1], second)), (HubRegistry(first), HubRegistry(second)), clock
    )


async def heard(queue: asyncio.Queue[str]) -> str:
    return await asyncio.wait_for(queue.get(), 30)


async def settle(pair: Pair) -> None:
    """Everything published before has arrived: the lines keep their order."""
    for registry in pair.registries:
        await registry.get("")
    for registry in pair.registries:
        await registry.get("")


async def test_a_notice_is_heard_at_the_other_end_and_here(pair: Pair) -> None:
    here: asyncio.Queue[str] = asyncio.Queue()
    there: asyncio.Queue[str] = asyncio.Queue()
    pair.buses[0].subscribe("account/1", here.put_nowait)
    pair.buses[1].subscribe("account/1", there.put_nowait)
    pair.buses[0].publish("account/1")
    assert here.get_nowait() == "account/1"
    assert await heard(there) == "account/1"
    await settle(pair)
    assert here.empty()
    assert there.empty()


async def test_only_the_topic_asked_for_is_heard(pair: Pair) -> None:
    there: list[str] = []
    pair.buses[1].subscribe("account/1", there.append)
    pair.buses[0].publish("account/11")
    await settle(pair)
    assert there == []


async def test_who_unsubscribes_hears_no_more(pair: Pair) -> None:
    there: list[str] = []
    other: asyncio.Queue[str] = asyncio.Queue()
    stop = pair.buses[1].subscribe("t", there.append)
    pair.buses[1].subscribe("t", other.put_nowait)
    stop()
    pair.buses[0].publish("t")
    await heard(other)
    assert there == []


async def test_a_fact_is_known_at_both_ends_until_its_lease_ends(pair: Pair) -> None:
    here, there = pair.registries
    await here.put("session/1", b"\x00worker 1", 10)
    assert await there.get("session/1") == b"\x00worker 1"
    pair.clock.now += 9
    await there.put("session/1", b"worker 2", 10)
    pair.clock.now += 9
    assert await here.get("session/1") == b"worker 2"
    pair.clock.now += 2
    assert await here.get("session/1") is None


async def test_facts_may_be_long_empty_or_removed(pair: Pair) -> None:
    here, there = pair.registries
    await here.put("long", bytes(range(256)) * 1000, 10)
    assert await there.get("long") == bytes(range(256)) * 1000
    await here.put("long", b"", 10)
    assert await there.get("long") == b""
    await there.remove("long")
    assert await here.get("long") is None


async def test_one_holds_a_key_until_it_lets_go_or_its_lease_ends(pair: Pair) -> None:
    here, there = pair.registries
    assert await here.claim("maildrop/1", b"here", 10)
    assert not await there.claim("maildrop/1", b"there", 10)
    pair.clock.now += 9
    assert await here.claim("maildrop/1", b"here", 10)
    pair.clock.now += 9
    assert not await there.claim("maildrop/1", b"there", 10)
    await there.release("maildrop/1", b"there")
    assert not await there.claim("maildrop/1", b"there", 10)
    await here.release("maildrop/1", b"here")
    assert await there.claim("maildrop/1", b"there", 10)
    pair.clock.now += 11
    assert await here.claim("maildrop/1", b"here", 10)


async def test_counters_count_both_ends_within_their_window(pair: Pair) -> None:
    here, there = pair.registries
    assert await here.hits("failed") == 0
    assert await here.hit("failed", 60) == 1
    assert await there.hit("failed", 60) == 2
    assert await here.hits("failed") == 2
    pair.clock.now += 61
    assert await there.hits("failed") == 0
    assert await there.hit("failed", 60) == 1
    await here.remove("failed")
    assert await there.hits("failed") == 0


async def test_workers_say_that_they_serve_and_are_told_to_drain(hub: Hub) -> None:
    hub.lines[0].ready()
    await HubRegistry(hub.lines[0]).get("")
    assert hub.said == ["ready 0"]
    [line] = [line for line in hub.office.lines if line.slot == "1"]
    line.drain(60, 2.5)
    await line.figures()
    assert hub.said[1:] == [("1", 60.0, 2.5)]


async def test_the_metrics_of_all_workers_come_together(hub: Hub) -> None:
    figures = dict(await hub.lines[1].all_figures())
    assert len(figures) == 2
    assert figures == {"0": b"0" * 150_000, "1": b"1" * 150_000}


async def test_a_lost_line_is_noticed_at_both_ends(hub: Hub) -> None:
    for line in list(hub.office.lines):
        line.transport.loseConnection()
    async with asyncio.timeout(30):
        while len(hub.said) < 2 or hub.office.lines:  # noqa: ASYNC110 - Twisted closes in its own time
            await asyncio.sleep(0.001)
    assert sorted(map(str, hub.said)) == ["lost 0", "lost 1"]
