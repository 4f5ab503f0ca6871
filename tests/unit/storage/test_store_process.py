"""The store process: killed under load it forgets nothing and does nothing twice; a full disk is a temporary error."""

from __future__ import annotations

import asyncio
import random
import signal
from pathlib import Path

import pytest

from posthouse.core.bus import LocalBus
from posthouse.storage.contract import StoreUnavailable
from posthouse.storage.lmdb.engine import StoreInUse
from posthouse.storage.lmdb.local import LocalStore
from posthouse.storage.settings import StoreSettings
from tests.unit.storage.test_contract import count_up, put_all, values
from tests.unit.stores import SETTINGS, StoreProcess


async def test_killed_under_load_every_write_counts_once(tmp_path: Path) -> None:
    process = StoreProcess(tmp_path)
    await process.start()
    clients = [await process.connect() for _ in range(2)]
    asked = enough = 0
    working = asyncio.Event()
    over = False

    async def caller(number: int) -> None:
        nonlocal asked
        while not over:
            asked += 1
            if asked >= enough:
                working.set()
            await clients[number % 2].write(count_up, b"n")

    callers = [asyncio.ensure_future(caller(number)) for number in range(40)]
    for _ in range(4):
        enough = asked + random.randrange(100, 1000)
        working.clear()
        await working.wait()
        await asyncio.sleep(random.uniform(0, 0.02))  # anywhere in a commit
        await process.kill()
        await process.start()
    over = True
    await asyncio.gather(*callers)
    assert await clients[0].read(values, [b"n"]) == [asked.to_bytes(8, "big")]
    for client in clients:
        client.close()
    await process.stop()


async def test_a_write_while_the_store_is_away_is_answered_when_it_is_back(tmp_path: Path) -> None:
    process = StoreProcess(tmp_path)
    await process.start()
    client = await process.connect()
    await process.kill()
    pending = asyncio.ensure_future(client.write(count_up, b"n"))
    done, _ = await asyncio.wait([pending], timeout=0.1)
    assert not done
    await process.start()
    assert await pending == 1
    client.close()
    await process.stop()


async def test_a_store_that_stays_away_is_unavailable_and_never_asked_again(tmp_path: Path) -> None:
    process = StoreProcess(tmp_path)
    await process.start()
    client = await process.connect(settings=StoreSettings(map_octets=1 << 30, answer_seconds=0.5))
    await process.kill()
    with pytest.raises(StoreUnavailable):
        await client.write(count_up, b"n")
    await process.start()
    assert await client.write(count_up, b"n") == 1
    client.close()
    await process.stop()


async def test_what_a_slow_store_has_got_is_answered_when_it_is_done(tmp_path: Path) -> None:
    """A caller that hears "try later" does it again."""
    process = StoreProcess(tmp_path)
    await process.start()
    client = await process.connect(settings=StoreSettings(map_octets=1 << 30, answer_seconds=0.5))
    assert await client.write(count_up, b"n") == 1
    process.process.send_signal(signal.SIGSTOP)
    pending = asyncio.ensure_future(client.write(count_up, b"n"))
    done, _ = await asyncio.wait([pending], timeout=2.5)
    assert not done
    process.process.send_signal(signal.SIGCONT)
    assert await pending == 2
    client.close()
    await process.stop()


async def test_what_a_store_has_got_before_it_died_is_asked_for_at_the_next(tmp_path: Path) -> None:
    process = StoreProcess(tmp_path)
    await process.start()
    client = await process.connect(settings=StoreSettings(map_octets=1 << 30, answer_seconds=0.5))
    assert await client.write(count_up, b"n") == 1
    process.process.send_signal(signal.SIGSTOP)
    pending = asyncio.ensure_future(client.write(count_up, b"n"))
    await asyncio.sleep(0)
    await process.kill()
    done, _ = await asyncio.wait([pending], timeout=2.5)
    assert not done, "whether it was done is not known yet"
    await process.start()
    assert await pending == 2
    client.close()
    await process.stop()


async def test_every_worker_hears_what_was_announced(tmp_path: Path) -> None:
    process = StoreProcess(tmp_path)
    await process.start()
    bus = LocalBus()
    heard = asyncio.get_running_loop().create_future()
    bus.subscribe("counted", heard.set_result)
    here, there = await process.connect(), await process.connect(bus)
    await there.write(put_all, [])  # its connection stands
    await here.write(count_up, b"n")
    assert await asyncio.wait_for(heard, 30) == "counted"
    here.close()
    there.close()
    await process.stop()


async def test_two_writers_never(tmp_path: Path) -> None:
    process = StoreProcess(tmp_path)
    await process.start()
    with pytest.raises(StoreInUse):
        LocalStore.open(process.directory, SETTINGS)
    await process.stop()
    LocalStore.open(process.directory, SETTINGS).close()


async def test_a_full_map_is_try_later_and_service_goes_on(tmp_path: Path) -> None:
    store = LocalStore.open(tmp_path / "store", StoreSettings(map_octets=1 << 24))
    await store.write(put_all, [(b"small", b"x")])
    with pytest.raises(StoreUnavailable):
        await store.write(put_all, [(b"%d" % number, b"x" * 500_000) for number in range(100)])
    assert await store.read(values, [b"small", b"0"]) == [b"x", None]
    assert await store.write(count_up, b"n") == 1
    store.close()
