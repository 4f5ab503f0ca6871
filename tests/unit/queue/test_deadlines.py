"""Warnings, expiry and deliver-by."""

from __future__ import annotations

import pytest

from posthouse.core.bus import LocalBus
from posthouse.core.maintenance.blobs import is_used
from posthouse.core.queue.contracts import CarriedMessage, ConnectFailed, Outcome
from posthouse.core.queue.deadlines import next_deadline, pass_deadlines
from posthouse.core.queue.send import NewRecipient
from posthouse.core.queue.transfer import take
from posthouse.storage.contract import Store
from tests.unit.imap.world import NOW
from tests.unit.queue.world import HOST, HOUR, World, outcomes

BOB = "bob@example.net"


@pytest.fixture
def world(store: Store, bus: LocalBus) -> World:
    return World(store, bus)


async def pass_all(world: World) -> int:
    return await world.store.write(pass_deadlines, 100, world.now)


async def test_a_sender_is_warned_once_then_it_goes_back_with_the_last_words(world: World) -> None:
    async def reply(message: CarriedMessage, _: int) -> list[Outcome]:
        return outcomes(message, "later", 451, "try again")

    world.remote.reply = reply
    number = await world.add(BOB)
    assert await world.store.read(next_deadline) == NOW + 4 * HOUR
    await world.work()
    assert await pass_all(world) == 0
    world.now += 4 * HOUR
    assert await pass_all(world) == 1
    assert (await world.message(number)).warned
    assert (await world.jobs())[f"report {number}"] == world.now
    assert await world.store.read(next_deadline) == NOW + 120 * HOUR
    await world.check()
    world.now = NOW + 120 * HOUR
    assert await pass_all(world) == 1
    [bob] = await world.recipients(number)
    assert (bob.state, bob.status, bob.code) == ("failed", "4.4.7", 0)
    assert bob.words == "tried for too long; the last answer was: try again"
    message = await world.message(number)
    assert not await world.store.read(is_used, message.hash)
    await world.work()
    assert len(world.remote.sent) == 1
    await world.check()


async def test_what_never_got_an_answer_says_what_its_destination_said(world: World) -> None:
    world.remote.down[HOST.address] = ConnectFailed("connection refused")
    number = await world.add(BOB)
    await world.work()
    world.now += 120 * HOUR
    await pass_all(world)
    [bob] = await world.recipients(number)
    assert bob.words == "tried for too long; the last answer was: connection refused"


async def test_what_is_in_transfer_is_not_given_up(world: World) -> None:
    number = await world.add(BOB)
    await world.store.write(take, "example.net", 10, 10, world.now)
    world.now += 120 * HOUR
    await pass_all(world)
    assert await world.states(number) == ["in transfer"]
    world.now += 60_000
    await world.work()
    assert await world.states(number) == ["delivered"]
    await world.check()


@pytest.mark.parametrize(("mode", "state"), [("R", "failed"), ("N", "waiting")])
async def test_deliver_by(world: World, mode: str, state: str) -> None:
    number = await world.add(BOB, deliver_by=NOW + HOUR, deliver_by_mode=mode)
    world.now += HOUR
    assert await pass_all(world) == 1
    [bob] = await world.recipients(number)
    assert bob.state == state
    assert bob.status == ("5.4.7" if mode == "R" else "")
    assert f"report {number}" in await world.jobs()
    await world.check()


async def test_nobody_is_told_who_did_not_want_it(world: World) -> None:
    await world.add(NewRecipient(BOB, notify=("never",)))
    await world.add(BOB, sender="")
    for hours in (4, 120):
        world.now = NOW + hours * HOUR
        await pass_all(world)
    assert list(await world.jobs()) == ["carry example.net"]
