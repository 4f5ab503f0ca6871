"""A time-out for work that mostly waits for nothing."""

from __future__ import annotations

import asyncio

import pytest

from posthouse.protocols.connection import Connection, within
from tests.transcripts.runner import MemoryTransport


class Quiet(Connection):
    """Only runs coroutines."""

    def received(self, octets: bytes) -> None:
        raise AssertionError("nobody is there")


def connected() -> Quiet:
    connection = Quiet()
    MemoryTransport("192.0.2.7").begin(connection)
    return connection


async def test_what_never_waits_needs_no_task() -> None:
    came: list[object] = []

    async def work() -> int:
        came.append(asyncio.current_task())
        return 7

    async def asked() -> None:
        came.append(await within(0, work()))

    here = asyncio.current_task()
    connected().start(asked())
    assert came == [here, 7]


async def test_what_waits_goes_on_in_a_task() -> None:
    gate: asyncio.Future[int] = asyncio.get_running_loop().create_future()
    done: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    async def work() -> int:
        return await gate + 1

    async def asked() -> None:
        done.set_result(await within(60, work()))

    connected().start(asked())
    await asyncio.sleep(0)
    gate.set_result(4)
    assert await done == 5


async def test_what_waits_too_long_is_ended() -> None:
    ended: list[str] = []

    async def work() -> None:
        try:
            await asyncio.get_running_loop().create_future()
        except asyncio.CancelledError:
            ended.append("cancelled")
            raise

    with pytest.raises(TimeoutError):
        await within(0, work())
    assert ended == ["cancelled"]


async def test_work_is_closed_when_its_task_is_cancelled_before_it_goes_on() -> None:
    ended: list[str] = []

    async def work() -> None:
        try:
            await asyncio.get_running_loop().create_future()
        finally:
            ended.append("closed")

    task = asyncio.get_running_loop().create_task(within(60, work()))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert ended == ["closed"]


async def test_errors_come_through() -> None:
    async def work() -> None:
        await asyncio.sleep(0)
        raise LookupError("gone")

    with pytest.raises(LookupError):
        await within(60, work())
