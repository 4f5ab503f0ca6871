"""Damage to the queue is found and mended; blobs that queued mail holds are counted."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import msgspec
import pytest

from posthouse.core.bus import LocalBus
from posthouse.core.maintenance.blobs import find_miscounts
from posthouse.core.maintenance.queue import check_queue, mend_queue
from posthouse.core.queue.records import ENCODER
from posthouse.core.queue.transfer import take
from posthouse.storage.contract import WriteTransaction, operation
from posthouse.storage.jobs import JOB_KEY
from posthouse.storage.memory import MemoryStore
from posthouse.storage.spaces import DESTINATION, QUEUE_DEADLINE, QUEUE_DUE, QUEUE_UNDERWAY, QUEUED, QUEUED_RECIPIENT
from tests.unit.admin.house import delete_raw, put_raw
from tests.unit.imap.world import NOW
from tests.unit.queue.world import World

BOB = "bob@example.net"


@pytest.fixture
def world() -> World:
    bus = LocalBus()
    return World(MemoryStore(bus), bus)


@operation
def empty(txn: WriteTransaction, start: bytes, end: bytes) -> int:
    """Damage."""
    return txn.delete_range(start, end)


async def drop_due(world: World) -> None:
    await world.store.write(empty, *QUEUE_DUE.range())


async def drop_underway(world: World) -> None:
    await world.store.write(empty, *QUEUE_UNDERWAY.range())


async def drop_deadlines(world: World) -> None:
    await world.store.write(empty, *QUEUE_DEADLINE.range())


async def add_stray(world: World) -> None:
    await world.store.write(put_raw, QUEUE_DUE.key("example.net", 5, 77, 0), b"")


async def miscount(world: World) -> None:
    message = await world.message(1)
    await world.store.write(put_raw, QUEUED.key(1), ENCODER.encode(msgspec.structs.replace(message, open=7)))


async def drop_job(world: World) -> None:
    await world.store.write(delete_raw, JOB_KEY.key("carry example.net"))


async def break_destination(world: World) -> None:
    await world.store.write(put_raw, DESTINATION.key("example.net"), b"\xc1")


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (drop_due, "2 entries of its indexes are missing"),
        (drop_underway, "1 entries of its indexes are missing"),
        (drop_deadlines, "3 entries of its indexes are missing"),
        (add_stray, "1 entries of its indexes are of nothing that waits"),
        (miscount, "2 of its recipients wait, 7 are counted"),
        (drop_job, "nothing is going to carry it"),
        (break_destination, "why it is closed cannot be read"),
    ],
)
async def test_what_is_derived_is_found_and_mended(
    world: World, damage: Callable[[World], Awaitable[None]], said: str
) -> None:
    await world.add(BOB, "cat@example.com")
    await world.add("dan@example.net")
    await world.store.write(take, "example.com", 1, 1, NOW)
    assert await world.store.read(check_queue) == []
    await damage(world)
    assert any(said in fault.what for fault in await world.store.read(check_queue))
    await world.store.write(mend_queue)
    assert await world.store.read(check_queue) == []
    await world.check()
    world.now += 60_000
    await world.work()
    assert await world.states(1) == ["delivered", "delivered"]


async def test_what_cannot_be_read_is_said_and_stops_nobody(world: World) -> None:
    await world.add(BOB)
    await world.add(BOB, BOB)
    await world.add(BOB)
    await world.store.write(put_raw, QUEUED.key(1), b"\xc1")
    await world.store.write(put_raw, QUEUED_RECIPIENT.key(2, 0), b"\xc1")
    faults = [fault.what for fault in await world.store.read(check_queue) if fault.mend == "a backup"]
    assert faults == ["its record cannot be read", "its recipient 0 cannot be read"]
    await world.work()
    assert [sent.message.recipients[0].number for sent in world.remote.sent] == [1, 0]


async def test_blobs_that_wait_are_counted(world: World) -> None:
    await world.add(BOB)
    await world.add(BOB)
    assert await world.store.read(find_miscounts, b"", b"\xff" * 32) == []
    await world.work()
    assert await world.store.read(find_miscounts, b"", b"\xff" * 32) == []
