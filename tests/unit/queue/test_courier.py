"""The courier with scripted remotes, on every engine: what is sent, what is written down, and when it comes again."""

from __future__ import annotations

import asyncio

import pytest

from posthouse.core.accounts.domains import add_domain
from posthouse.core.accounts.records import SmartHost
from posthouse.core.bus import LocalBus
from posthouse.core.maintenance.blobs import is_used
from posthouse.core.queue.contracts import CarriedMessage, ConnectFailed, Hop, Outcome, Route, Unroutable
from posthouse.core.queue.send import NewRecipient
from posthouse.storage.contract import Store
from posthouse.storage.memory import MemoryStore
from tests.unit.imap.world import NOW
from tests.unit.queue.world import HOST, HOUR, TEXT, World, outcomes, set_smart_host

BOB, CAT = "bob@example.net", "cat@example.net"
REFUSED = ConnectFailed("connection refused")


@pytest.fixture
def world(store: Store, bus: LocalBus) -> World:
    return World(store, bus)


@pytest.fixture
def small() -> World:
    """On the memory engine alone."""
    bus = LocalBus()
    return World(MemoryStore(bus), bus)


async def test_a_message_goes_out_and_is_forgotten_by_the_timetable(world: World) -> None:
    number = await world.add(BOB, CAT)
    assert await world.work() == ["example.net"]
    [sent] = world.remote.sent
    assert sent.octets == b"DKIM-Signature: x\r\n" + TEXT
    assert [one.address for one in sent.message.recipients] == [BOB, CAT]
    [bob, _] = await world.recipients(number)
    assert (bob.state, bob.code, bob.words, bob.host) == ("delivered", 250, "ok", "mx")
    message = await world.message(number)
    assert message.open == 0
    assert not await world.store.read(is_used, message.hash)
    assert await world.jobs() == {}
    await world.check()


async def test_each_recipient_has_its_own_outcome(world: World) -> None:
    async def reply(message: CarriedMessage, _: int) -> list[Outcome]:
        return [
            Outcome(0, "taken", 250, "2.0.0", "ok", "mx"),
            Outcome(1, "later", 450, "4.2.0", "greylisted", "mx"),
            Outcome(2, "refused", 550, "5.1.1", "no such user", "mx"),
        ][: len(message.recipients)]

    world.remote.reply = reply
    number = await world.add(BOB, CAT, "dan@example.net")
    await world.work()
    assert await world.states(number) == ["delivered", "waiting", "failed"]
    cat = (await world.recipients(number))[1]
    assert 300_000 * 0.75 <= cat.due - NOW <= 300_000 * 1.25
    message = await world.message(number)
    assert message.open == 1
    assert await world.store.read(is_used, message.hash)
    assert await world.jobs() == {"carry example.net": cat.due, f"report {number}": NOW}
    await world.check()


async def test_waits_double_up_to_the_longest(small: World) -> None:
    async def reply(message: CarriedMessage, _: int) -> list[Outcome]:
        return outcomes(message, "later", 450, "not now")

    small.remote.reply = reply
    number = await small.add(BOB)
    plain = [300, 600, 1200, 2400, 4800, 9600, 14_400, 14_400]
    for seconds in plain:
        assert await small.work() == ["example.net"]
        [bob] = await small.recipients(number)
        assert seconds * 750 <= bob.due - small.now <= seconds * 1250
        assert await small.work() == []
        small.now = bob.due
    assert bob.attempts == len(plain)


async def test_nothing_is_tried_at_a_closed_destination_and_a_success_opens_it(world: World) -> None:
    world.remote.down[HOST.address] = REFUSED
    numbers = [await world.add(BOB) for _ in range(120)]
    ends = []
    for failures in range(4):
        assert await world.work() == ["example.net"]
        assert world.remote.connects[HOST.address] == failures + 1, "one attempt for all messages"
        await world.add(CAT)
        [until] = (await world.jobs()).values()
        ends.append(until - world.now)
        assert await world.work() == []
        world.now = until
    assert 45_000 <= ends[0] <= 75_000
    assert 360_000 <= ends[3] <= 600_000
    [bob] = await world.recipients(numbers[0])
    assert (bob.state, bob.attempts) == ("waiting", 0), "nobody's attempts are used up"
    del world.remote.down[HOST.address]
    await world.work()
    assert len(world.remote.sent) == 124
    assert await world.jobs() == {}
    await world.check()


async def test_hops_are_tried_in_order(small: World) -> None:
    second = Hop("mx2", "192.0.2.2", 25)
    small.remote.routes["example.net"] = Route((HOST, second))
    small.remote.down[HOST.address] = ConnectFailed("no TLS", tls="certificate-expired")
    for _ in range(30):
        await small.add(BOB)
    await small.work()
    assert {sent.address for sent in small.remote.sent} == {"192.0.2.2"}
    assert small.remote.connects[HOST.address] == 1
    assert small.remote.tls[:2] == [("192.0.2.1", "certificate-expired"), ("192.0.2.2", "")]


async def test_connections_grow_with_the_work_and_are_kept(small: World) -> None:
    for _ in range(200):
        await small.add(BOB)
    await small.work()
    assert small.remote.most[HOST.address] == 10
    assert small.remote.connects[HOST.address] == 10
    assert small.remote.open[HOST.address] == 0
    assert len(small.remote.sent) == 200


async def test_a_remote_that_takes_few_connections_gets_few(small: World) -> None:
    small.remote.room[HOST.address] = 3
    numbers = [await small.add(BOB) for _ in range(100)]
    await small.work()
    assert small.remote.connects[HOST.address] == 4
    assert [await small.states(number) for number in numbers] == [["delivered"]] * 100


async def test_a_connection_is_ended_after_so_many_messages() -> None:
    bus = LocalBus()
    world = World(MemoryStore(bus), bus, messages_per_connection=5, connections_per_destination=2)
    for _ in range(50):
        await world.add(BOB)
    await world.work()
    assert world.remote.connects[HOST.address] == 10


async def test_a_kept_connection_that_breaks_costs_no_message_its_turn(small: World) -> None:
    small.remote.breaks_after = 3
    numbers = [await small.add(BOB) for _ in range(40)]
    await small.work()
    assert [await small.states(number) for number in numbers] == [["delivered"]] * 40


async def test_a_message_that_breaks_every_connection_waits_and_the_others_go() -> None:
    bus = LocalBus()
    world = World(MemoryStore(bus), bus, connections_per_destination=1)

    async def reply(message: CarriedMessage, _: int) -> list[Outcome]:
        if message.recipients[0].address == CAT:
            return outcomes(message, "later", 0, "broke")
        return outcomes(message)

    world.remote.reply = reply
    numbers = [await world.add(CAT if at == 3 else BOB) for at in range(10)]
    await world.work()
    assert [(await world.states(number))[0] for number in numbers].count("waiting") == 1
    assert await world.states(numbers[3]) == ["waiting"]


async def test_many_recipients_go_in_parts() -> None:
    bus = LocalBus()
    world = World(MemoryStore(bus), bus, recipients_per_message=100)
    number = await world.add(*(f"u{at}@example.net" for at in range(1050)))
    await world.work()
    assert sorted(len(sent.message.recipients) for sent in world.remote.sent) == [50] + [100] * 10
    assert set(await world.states(number)) == {"delivered"}


async def test_urgent_mail_goes_first(small: World) -> None:
    for priority in (0, -3, 5, 2):
        await small.add(BOB, priority=priority)
    small.remote.room[HOST.address] = 1
    await small.work()
    assert [sent.message.priority for sent in small.remote.sent] == [5, 2, 0, -3]


async def test_source_addresses_have_lines_of_their_own(small: World) -> None:
    one, two = Hop("mx", "192.0.2.1", 25, source="198.51.100.1"), Hop("mx", "192.0.2.9", 25, source="198.51.100.2")
    small.remote.routes["example.net one.org"] = Route((one,))
    small.remote.routes["example.net two.org"] = Route((two,))
    small.remote.down["192.0.2.1"] = REFUSED
    dead = [await small.add(BOB, domain="one.org") for _ in range(3)]
    well = [await small.add(BOB, domain="two.org") for _ in range(3)]
    await small.work()
    assert [await small.states(number) for number in well] == [["delivered"]] * 3
    assert [(await small.recipients(number))[0].words for number in dead] == ["connection refused"] * 3
    assert [await small.states(number) for number in dead] == [["waiting"]] * 3
    await small.check()


async def test_what_has_no_way_ever_fails_and_for_now_waits(world: World) -> None:
    world.remote.routes["example.net"] = Unroutable("takes no mail (null MX)", "5.1.10", permanent=True)
    world.remote.routes["example.com"] = Unroutable("the DNS does not answer", "4.4.3", permanent=False)
    failed, waiting = await world.add(BOB), await world.add("x@example.com")
    await world.work()
    [one] = await world.recipients(failed)
    assert (one.state, one.status, one.words) == ("failed", "5.1.10", "takes no mail (null MX)")
    assert await world.states(waiting) == ["waiting"]
    jobs = await world.jobs()
    assert jobs[f"report {failed}"] == NOW
    assert NOW + 45_000 <= jobs["carry example.com"] <= NOW + 75_000
    await world.check()


async def test_a_smart_host_relays_and_one_that_is_new_gets_what_waits(world: World) -> None:
    await world.store.write(add_domain, "example.org", None, NOW)
    number = await world.add(BOB)
    await world.store.write(set_smart_host, "example.org", SmartHost("smart.example.com", 587))
    world.remote.routes["@example.org"] = Route((HOST,), final=False)
    assert await world.work() == ["example.net"]
    assert world.remote.sent == []
    assert await world.work() == ["@example.org"]
    assert await world.states(number) == ["relayed"]
    again = await world.add(BOB)
    await world.store.write(set_smart_host, "example.org", None)
    assert await world.work() == ["@example.org"]
    assert await world.work() == ["example.net"]
    assert await world.states(again) == ["delivered"]
    await world.check()


async def test_a_dead_destination_holds_up_no_other(small: World, monkeypatch: pytest.MonkeyPatch) -> None:
    dead = asyncio.Event()
    whole = small.remote.connect

    async def connect(hop: Hop) -> object:
        if hop.address == "192.0.2.66":
            await dead.wait()
            raise REFUSED
        return await whole(hop)

    monkeypatch.setattr(small.remote, "connect", connect)
    small.remote.routes["dead.example"] = Route((Hop("dead", "192.0.2.66", 25),))
    await small.add("x@dead.example")
    number = await small.add(BOB)
    courier = small.courier()
    slow = asyncio.ensure_future(courier.carry(b"dead.example"))
    await courier.carry(b"example.net")
    assert await small.states(number) == ["delivered"]
    assert not slow.done()
    dead.set()
    await slow


async def test_mail_that_comes_while_a_connection_is_kept_goes_over_it() -> None:
    bus = LocalBus()
    world = World(MemoryStore(bus), bus, linger_seconds=30, connections_per_destination=1)
    await world.add(BOB)
    courier = world.courier()
    carrying = asyncio.ensure_future(courier.carry(b"example.net"))
    async with asyncio.timeout(30):
        while not world.remote.sent:  # noqa: ASYNC110 - asks as an operator would
            await asyncio.sleep(0)
        number = await world.add(CAT)
        while await world.states(number) != ["delivered"]:  # noqa: ASYNC110
            await asyncio.sleep(0)
    assert world.remote.connects[HOST.address] == 1
    courier.stop()
    await asyncio.wait_for(carrying, 30)


async def test_success_is_told_to_whom_it_is_owed(small: World) -> None:
    asked = await small.add(NewRecipient(BOB, notify=("success",)))
    await small.add(NewRecipient(BOB, notify=("never",)))
    await small.add(BOB)
    await small.work()
    assert await small.jobs() == {f"report {asked}": NOW}

    async def reply(message: CarriedMessage, _: int) -> list[Outcome]:
        return [Outcome(0, "taken", 250, "2.0.0", "ok", "mx", reports=True)]

    small.remote.reply = reply
    taken_over = await small.add(NewRecipient(BOB, notify=("success",)))
    await small.work()
    assert (await small.recipients(taken_over))[0].reported == "delivered"
    assert await small.jobs() == {f"report {asked}": NOW}


async def test_held_mail_goes_when_its_time_has_come(world: World) -> None:
    number = await world.add(BOB, held_until=NOW + HOUR)
    assert await world.work() == []
    assert await world.states(number) == ["held"]
    world.now += HOUR
    await world.work()
    assert await world.states(number) == ["delivered"]
    await world.check()
