"""Queued mail for our own mailboxes: delivered with its Return-Path, put off, refused, and passed on from there."""

from __future__ import annotations

import pytest

from posthouse.core.accounts.accounts import AccountChange, NewAccount, add_account, change_account
from posthouse.core.accounts.aliases import add_alias
from posthouse.core.accounts.domains import add_domain
from posthouse.core.accounts.groups import add_group
from posthouse.core.accounts.rewriting import SECRET_OCTETS, ensure_srs_secret
from posthouse.core.bus import LocalBus
from posthouse.core.mail.mailboxes import INBOX_ID
from posthouse.core.mail.messages import bodies, rows
from posthouse.core.queue.records import OWN
from posthouse.core.queue.send import NewRecipient
from posthouse.storage.contract import Store
from posthouse.storage.spaces import BLOB_BYTES
from tests.unit.admin.house import delete_raw
from tests.unit.imap.world import NOW
from tests.unit.queue.world import HOUR, RETURN_PATH, TEXT, World

DAN, EVE = "dan@example.org", "eve@example.org"


@pytest.fixture
def world(store: Store, bus: LocalBus) -> World:
    return World(store, bus)


async def move_in(world: World) -> None:
    """Dan and Eve."""
    store = world.store
    await store.write(ensure_srs_secret, b"s" * SECRET_OCTETS)
    await store.write(add_domain, "example.org", None, NOW)
    for address in (DAN, EVE):
        await store.write(add_account, NewAccount(address, "", None, None), NOW)


def own(address: str) -> NewRecipient:
    return NewRecipient(address, own=True)


async def inbox(world: World, account: int) -> list[bytes]:
    found = await world.store.read(rows, account, INBOX_ID, 1, 0xFFFFFFFF, 100, 0)
    places = await world.store.read(bodies, account, [row.message for row in found])
    return [await world.blobs.read(place) for place in places if place is not None]


async def test_held_mail_comes_when_its_time_has_come_and_once(world: World) -> None:
    await move_in(world)
    number = await world.add(own(DAN), own(EVE), held_until=NOW + HOUR)
    assert await world.work() == []
    assert await inbox(world, 1) == []
    world.now += HOUR
    assert await world.work() == [OWN]
    assert await world.states(number) == ["delivered", "delivered"]
    assert await inbox(world, 1) == await inbox(world, 2) == [RETURN_PATH + TEXT], "as it was stored, unsigned"
    [dan, _] = await world.recipients(number)
    assert (dan.status, dan.words, dan.attempts) == ("2.1.5", "delivered", 1)
    world.now += HOUR
    assert await world.work() == []
    await world.check()


async def test_a_report_gets_its_return_path(world: World) -> None:
    await move_in(world)
    await world.add(own(DAN), sender="", start=0, text=b"")
    await world.work()
    assert await inbox(world, 1) == [b"Return-Path: <>\r\n" + RETURN_PATH]


async def test_each_recipient_has_or_has_not(world: World) -> None:
    await move_in(world)
    await world.store.write(change_account, EVE, AccountChange(status="disabled"))
    number = await world.add(own(DAN), own(EVE), own("nobody@example.org"), own("x@gone.example"))
    await world.work()
    assert [(one.state, one.status) for one in await world.recipients(number)] == [
        ("delivered", "2.1.5"),
        ("failed", "5.2.1"),
        ("failed", "5.1.1"),
        ("failed", "5.1.2"),
    ]
    assert f"report {number}" in await world.jobs()
    await world.check()


async def test_a_full_mailbox_gets_it_later(world: World) -> None:
    await move_in(world)
    await world.store.write(change_account, DAN, AccountChange(quota_octets=5))
    number = await world.add(own(DAN))
    await world.work()
    [dan] = await world.recipients(number)
    assert (dan.state, dan.status, dan.words) == ("waiting", "4.2.2", "the mailbox is full")
    assert dan.due > world.now
    await world.store.write(change_account, DAN, AccountChange(quota_octets=None))
    world.now = dan.due
    await world.work()
    assert await world.states(number) == ["delivered"]
    await world.check()


async def test_what_goes_on_elsewhere_is_queued_with_its_wishes(world: World) -> None:
    await move_in(world)
    await world.store.write(add_alias, "far@example.org", ["bob@example.net"])
    number = await world.add(own("far@example.org"), priority=3, tls_optional=True)
    await world.work()
    assert await world.states(number) == ["delivered"]
    assert await world.work() == ["example.net"]
    [sent] = world.remote.sent
    assert [one.address for one in sent.message.recipients] == ["bob@example.net"]
    assert sent.message.priority == 3
    assert sent.octets == TEXT


async def test_a_group_that_is_closed_to_the_sender(world: World) -> None:
    await move_in(world)
    await world.store.write(add_group, "team@example.org", "", "members", [DAN], NOW)
    number = await world.add(own("team@example.org"), sender="x@elsewhere.net")
    await world.work()
    [team] = await world.recipients(number)
    assert (team.state, team.status) == ("failed", "5.7.1")


async def test_a_message_whose_octets_are_lost_waits(world: World) -> None:
    await move_in(world)
    number = await world.add(own(DAN))
    message = await world.message(number)
    await world.store.write(delete_raw, BLOB_BYTES.key(message.hash))
    await world.work()
    [dan] = await world.recipients(number)
    assert (dan.state, dan.status) == ("waiting", "4.3.0")
    assert "cannot be read" in dan.words


async def test_whoever_is_told_to_stop_begins_no_more(world: World) -> None:
    await move_in(world)
    number = await world.add(own(DAN))
    courier = world.courier()
    courier.stop()
    await world.work(courier)
    assert await world.states(number) == ["waiting"]
    await world.work()
    assert await world.states(number) == ["delivered"]
