"""The timetable at work, on the memory engine with a clock that the test moves."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from posthouse.core.bus import LocalBus
from posthouse.server.settings import JobSettings
from posthouse.server.timetable.runner import Duty, Timetable
from posthouse.storage.contract import Operation, Store, StoreUnavailable, WriteTransaction, operation
from posthouse.storage.jobs import (
    Job,
    Lease,
    Room,
    cancel_job,
    end_job,
    list_jobs,
    put_off_job,
    schedule,
    take_jobs,
)
from posthouse.storage.memory import MemoryStore
from posthouse.storage.topics import JOBS_TOPIC

SETTINGS = JobSettings(attempts=2, at_once=2, first_retry_seconds=10)


class Clock:
    """Milliseconds."""

    def __init__(self) -> None:
        self.now = 1_000_000

    def __call__(self) -> int:
        return self.now


class House:
    """A store, a bus, and the timetables of its workers."""

    def __init__(self) -> None:
        self.bus = LocalBus()
        self.store: Store = MemoryStore(self.bus)
        self.clock = Clock()
        self.done: asyncio.Queue[bytes] = asyncio.Queue()
        self.timetables: list[Timetable] = []

    def work(self, taker: str = "0", **duties: Duty) -> None:
        self.timetables.append(Timetable(self.store, self.bus, duties, SETTINGS, self.clock, taker))

    async def add(self, kind: str, body: bytes, after_seconds: int = 0) -> int:
        return await self.store.write(schedule, kind, body, self.clock.now + after_seconds * 1000, None)

    async def jobs(self) -> list[Job]:
        return await self.store.read(list_jobs, 0, 100)

    async def next_done(self) -> bytes:
        return await asyncio.wait_for(self.done.get(), 30)

    async def until(self, condition: Callable[[list[Job]], bool]) -> list[Job]:
        async with asyncio.timeout(30):
            while not condition(jobs := await self.jobs()):  # noqa: ASYNC110 - asks as an operator would
                await asyncio.sleep(0.001)
        return jobs

    async def note(self, body: bytes) -> None:
        self.done.put_nowait(body)

    async def fail(self, body: bytes) -> None:
        self.done.put_nowait(body)
        raise ValueError("no luck")

    async def stop(self) -> None:
        for timetable in self.timetables:
            await timetable.stop(1)


@pytest.fixture
def house() -> House:
    return House()


async def test_a_due_job_is_done_once_and_forgotten(house: House) -> None:
    house.work("0", note=Duty(house.note))
    house.work("1", note=Duty(house.note))
    await house.add("note", b"a")
    assert await house.next_done() == b"a"
    await house.until(lambda jobs: not jobs)
    assert house.done.empty()
    await house.stop()


async def test_a_job_waits_until_it_is_due_and_unknown_kinds_stay(house: House) -> None:
    await house.add("strange", b"")
    await house.add("note", b"later", 60)
    house.work(note=Duty(house.note))
    await house.add("note", b"now")
    assert await house.next_done() == b"now"
    assert [job.kind for job in await house.until(lambda jobs: len(jobs) == 2)] == ["strange", "note"]
    house.clock.now += 60_000
    await house.add("note", b"at last")
    assert {await house.next_done(), await house.next_done()} == {b"later", b"at last"}
    await house.stop()


async def test_what_fails_is_tried_again_and_then_kept_to_be_seen(house: House) -> None:
    house.work(fail=Duty(house.fail), note=Duty(house.note))
    await house.add("fail", b"x")
    await house.next_done()
    [job] = await house.until(lambda jobs: jobs[0].state == "waiting")
    assert job.error == "ValueError: no luck"
    assert job.due == house.clock.now + 10_000
    house.clock.now += 10_000
    await house.add("note", b"wake")
    await house.until(lambda jobs: jobs[0].state == "failed")
    await house.stop()


async def test_a_standing_duty_comes_again_and_a_failure_does_not_end_it(house: House) -> None:
    house.work(sweep=Duty(house.fail, every_seconds=3600), note=Duty(house.note))
    for _ in range(3):
        [job] = await house.until(lambda jobs: [job.kind for job in jobs] == ["sweep"] and jobs[0].state == "waiting")
        assert job.due == house.clock.now + 3_600_000
        house.clock.now = job.due
        await house.add("note", b"wake")
        assert {await house.next_done(), await house.next_done()} == {b"", b"wake"}
    await house.stop()


async def test_no_more_jobs_than_there_is_room_for(house: House) -> None:
    gate = asyncio.Event()
    running: list[bytes] = []

    async def wait(body: bytes) -> None:
        running.append(body)
        await gate.wait()
        await house.note(body)

    house.work(wait=Duty(wait))
    for number in range(5):
        await house.add("wait", b"%d" % number)
    # a job is taken a moment before its work begins
    await house.until(lambda jobs: sum(job.state == "taken" for job in jobs) == len(running) == 2)
    gate.set()
    for _ in range(5):
        await house.next_done()
    await house.until(lambda jobs: not jobs)
    await house.stop()


async def test_a_store_that_is_away_is_asked_again(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = house.store.write
    away = 2

    async def flaky(operation: Operation[Any, ..., Any], *args: Any) -> Any:
        nonlocal away
        if away:
            away -= 1
            raise StoreUnavailable("restarting")
        return await whole(operation, *args)

    await house.add("note", b"a")
    monkeypatch.setattr(house.store, "write", flaky)
    monkeypatch.setattr("posthouse.server.timetable.runner.AWAY_SECONDS", 0.001)
    house.work(note=Duty(house.note))
    assert await house.next_done() == b"a"
    await house.stop()


async def test_a_kind_without_room_keeps_no_other_waiting(house: House) -> None:
    gate = asyncio.Event()

    async def wait(body: bytes) -> None:
        await gate.wait()
        await house.note(body)

    for number in range(5):
        await house.add("wait", b"%d" % number)
    house.work(wait=Duty(wait, at_once=3), note=Duty(house.note))
    await house.until(lambda jobs: sum(job.state == "taken" for job in jobs) == 3)
    await house.add("note", b"a")
    assert await house.next_done() == b"a"
    assert sum(job.state == "taken" for job in await house.jobs()) == 3
    gate.set()
    assert {await house.next_done() for _ in range(5)} == {b"0", b"1", b"2", b"3", b"4"}
    await house.stop()


async def test_a_duty_says_when_it_is_to_be_done_again(house: House) -> None:
    async def again(body: bytes) -> int:
        await house.note(body)
        return house.clock.now + 5000

    house.work(again=Duty(again, every_seconds=3600))
    await house.until(bool)
    house.clock.now += 3_600_000
    await house.store.write(schedule, "again", b"", house.clock.now, "again")
    await house.next_done()
    [job] = await house.until(lambda jobs: jobs[0].state == "waiting")
    assert job.due == house.clock.now + 5000
    await house.stop()


@operation
def end_or_put_off(txn: WriteTransaction, lease: Lease, body: bytes, now: int) -> bool:
    """Once more for as long as its number of attempts is below what the body says."""
    return end_job(txn, lease) if lease.attempts >= int(body) else put_off_job(txn, lease, now)


async def test_an_ending_ends_a_job_or_puts_it_off(house: House) -> None:
    house.work(note=Duty(house.note, ending=end_or_put_off))
    await house.add("note", b"3")
    assert [await house.next_done() for _ in range(3)] == [b"3"] * 3
    await house.until(lambda jobs: not jobs)
    house.work(fail=Duty(house.fail, ending=end_or_put_off))
    await house.add("fail", b"1")
    for _ in range(SETTINGS.attempts + 2):
        await house.next_done()
        [job] = await house.until(lambda jobs: jobs[0].state != "taken")
        assert (job.state, job.due) == ("waiting", house.clock.now + 10_000), "it is never given up"
        house.clock.now = job.due
        house.bus.publish(JOBS_TOPIC)
    await house.stop()


async def test_a_long_duty_keeps_its_lease_and_stops_when_it_has_lost_it(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("posthouse.server.timetable.runner.RENEWALS", 10_000)
    stopped: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    async def last(body: bytes) -> None:
        await house.note(body)
        try:
            await asyncio.Event().wait()
        finally:
            stopped.set_result(None)

    house.work("0", last=Duty(last))
    number = await house.add("last", b"")
    await house.next_done()
    [job] = await house.jobs()
    house.clock.now = job.due + 1
    await house.until(lambda jobs: jobs[0].due > house.clock.now)
    assert await house.store.write(take_jobs, [Room(["last"], 1)], house.clock.now, 1000, "1") == []
    await house.store.write(cancel_job, number)
    await asyncio.wait_for(stopped, 30)
    await house.stop()


async def test_what_is_cut_at_the_end_is_at_once_anothers(house: House) -> None:
    async def last(body: bytes) -> None:
        await house.note(body)
        await asyncio.Event().wait()

    house.work("0", last=Duty(last))
    await house.add("last", b"x")
    await house.next_done()
    await house.timetables[0].stop(0)
    [job] = await house.jobs()
    assert (job.state, job.due) == ("waiting", house.clock.now)
