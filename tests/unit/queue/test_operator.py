"""The verbs: what is listed, held, released, tried again, cancelled and at last forgotten."""

from __future__ import annotations

import pytest

from posthouse.admin.trace import Wanted, find
from posthouse.core.bus import LocalBus
from posthouse.core.maintenance.blobs import is_used
from posthouse.core.queue.contracts import ConnectFailed
from posthouse.core.queue.forgetting import purge_finished
from posthouse.core.queue.operator import Done, Pick, Spared, cancel, hold, release, retry, revoke
from posthouse.core.queue.showing import Filter, NoSuchMessage, delivery_report, list_queue, summarize
from posthouse.core.queue.transfer import take
from posthouse.core.trace.finding import find_number
from posthouse.storage.contract import Store
from tests.unit.imap.world import NOW
from tests.unit.queue.world import HOST, HOUR, World

WHO = "operator ann"
BOB, CAT = "bob@example.net", "cat@example.com"


@pytest.fixture
def world(store: Store, bus: LocalBus) -> World:
    return World(store, bus)


async def test_listing_finds_what_is_asked_for(world: World) -> None:
    one, two = await world.add(BOB, CAT), await world.add(BOB, sender="")

    async def found(wanted: Filter) -> list[tuple[int, str]]:
        page = await world.store.read(list_queue, wanted, 0, 10)
        assert page.last is None
        return [(entry.number, entry.recipient) for entry in page.entries]

    assert await found(Filter()) == [(one, BOB), (one, CAT), (two, BOB)]
    assert await found(Filter(sender="")) == [(two, BOB)]
    assert await found(Filter(recipient=CAT)) == [(one, CAT)]
    assert await found(Filter(destination="example.net")) == [(one, BOB), (two, BOB)]
    assert await found(Filter(numbers=[two])) == [(two, BOB)]
    assert await found(Filter(states=["delivered"])) == []
    await world.work()
    assert await found(Filter()) == []
    assert len(await found(Filter(states=["delivered"]))) == 3
    page = await world.store.read(list_queue, Filter(), 0, 1)
    assert page.last == one


async def test_held_mail_stays_until_it_is_released(world: World) -> None:
    number = await world.add(BOB)
    picks = [Pick(number, 0)]
    assert await world.store.write(hold, picks, WHO, NOW) == Done(1, [])
    await world.check()
    world.now += 500 * HOUR
    assert await world.work() == ["example.net"]
    assert await world.states(number) == ["held"]
    assert await world.store.write(release, picks, WHO, world.now) == Done(1, [])
    await world.check()
    assert (await world.message(number)).expires == world.now + 120 * HOUR
    await world.work()
    assert await world.states(number) == ["delivered"]
    assert await world.store.write(release, picks, WHO, world.now) == Done(0, [Spared(number, BOB, "delivered")])
    await world.check()


async def test_retrying_opens_what_was_closed(world: World) -> None:
    world.remote.down[HOST.address] = ConnectFailed("connection refused")
    number = await world.add(BOB)
    await world.work()
    [load] = await world.store.read(summarize, world.now + HOUR)
    assert (load.destination, load.recipients, load.ages) == ("example.net", 1, [0, 0, 1, 0, 0, 0])
    assert (load.closed_until > NOW, load.words) == (True, "connection refused")
    [entry] = (await world.store.read(list_queue, Filter(), 0, 10)).entries
    assert (entry.next_attempt, entry.words) == (load.closed_until, "connection refused")
    world.remote.down.clear()
    assert await world.work() == []
    assert await world.store.write(retry, [Pick(number, 0)], WHO, world.now) == Done(1, [])
    assert await world.work() == ["example.net"]
    assert await world.states(number) == ["delivered"]


async def test_what_is_being_sent_cannot_be_called_back(world: World) -> None:
    number = await world.add(BOB, CAT)
    await world.store.write(take, "example.net", 10, 10, NOW)
    done = await world.store.write(cancel, [Pick(number, 0), Pick(number, 1)], WHO, NOW)
    assert done == Done(1, [Spared(number, BOB, "in transfer")])
    assert await world.states(number) == ["in transfer", "revoked"]
    await world.work()
    assert await world.states(number) == ["delivered", "revoked"]
    message = await world.message(number)
    assert not await world.store.read(is_used, message.hash)
    assert await world.jobs() == {}
    await world.check()


async def test_users_see_and_revoke_their_own(world: World) -> None:
    number = await world.add(BOB, CAT, held_until=NOW + HOUR)
    with pytest.raises(NoSuchMessage):
        await world.store.read(delivery_report, 2, number)
    with pytest.raises(NoSuchMessage):
        await world.store.write(revoke, 2, number, NOW)
    assert [entry.state for entry in await world.store.read(delivery_report, 1, number)] == ["held", "held"]
    assert await world.store.write(revoke, 1, number, NOW) == Done(2, [])
    assert [entry.state for entry in await world.store.read(delivery_report, 1, number)] == ["revoked", "revoked"]
    await world.check()


async def test_what_is_finished_is_forgotten_in_time(world: World) -> None:
    done, waits, young = await world.add(BOB), await world.add(CAT, held_until=NOW + HOUR), await world.add(BOB)
    await world.work()
    assert await world.store.write(purge_finished, young, 0, 1) == done
    assert await world.store.write(purge_finished, young, done, 100) is None
    assert await world.recipients(done) == []
    assert await world.states(waits) == ["held"]
    assert await world.states(young) == ["delivered"]
    await world.check()


async def steps(world: World, number: int) -> list[tuple[str, str]]:
    """What a trace says of what was done here: (what, by whom)."""
    found = await world.store.read(find_number, number)
    assert found is not None
    return [(event.what, event.fields["by"]) for event in found.events if "by" in event.fields]


async def test_each_verb_stands_in_the_trace_with_who_did_it(world: World) -> None:
    number = await world.add(*(f"u{at}@example.net" for at in range(30)))
    picks = [Pick(number, at) for at in range(30)]
    for verb in (hold, release, retry, cancel, cancel):
        await world.store.write(verb, picks, WHO, NOW)
    assert await steps(world, number) == [(what, WHO) for what in ("held", "released", "tried again", "cancelled")]
    found = await world.store.read(find_number, number)
    assert found is not None
    assert found.events[-1].fields["recipients"].endswith("u19@example.net and 10 more")
    mine = await world.add(BOB)
    await world.store.write(revoke, 1, mine, NOW)
    assert await steps(world, mine) == [("cancelled", "account 1")]


async def test_a_trace_says_why_mail_waits(world: World) -> None:
    world.remote.down[HOST.address] = ConnectFailed("no mail today (greeting)", "4.3.2", code=554)
    first = await world.add(BOB, "bert@example.net", CAT)
    await world.work()
    second = await world.add(BOB)
    [one] = await find(world.store, Wanted(f"{first:016x}"), 1, NOW)
    assert [(step.what, step.fields.get("answer")) for step in one.steps] == [
        ("queued", None),
        ("not reached", "554 no mail today (greeting)"),
        ("not reached", "554 no mail today (greeting)"),
        ("waiting", "554 no mail today (greeting)"),
        ("waiting", "554 no mail today (greeting)"),
    ]
    assert {step.fields["recipients"] for step in one.steps[3:]} == {f"{BOB}, bert@example.net", CAT}
    [other] = await find(world.store, Wanted(f"{second:016x}"), 1, NOW)
    assert [(step.what, step.fields.get("answer")) for step in other.steps] == [
        ("queued", None),
        ("waiting", "554 no mail today (greeting)"),
    ]
    world.now += HOUR
    await world.work()
    [one] = await find(world.store, Wanted(f"{first:016x}"), 1, NOW)
    assert len(one.steps) == 5, "not a step for each attempt"
    world.remote.down.clear()
    world.now += HOUR
    await world.work()
    [one] = await find(world.store, Wanted(f"{first:016x}"), 1, NOW)
    assert [step.what for step in one.steps] == ["queued", "not reached", "not reached", *["carried"] * 3]
