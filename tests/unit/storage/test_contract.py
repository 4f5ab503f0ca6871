"""The engine contract: one suite, every engine."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from posthouse.core.bus import LocalBus
from posthouse.storage.contract import (
    OperationFailed,
    ReadTransaction,
    Refused,
    Store,
    WriteTransaction,
    operation,
    query,
)
from tests.unit.stores import ENGINES, opened


@pytest.fixture(params=ENGINES)
def store(
    request: pytest.FixtureRequest, tmp_path: Path, bus: LocalBus, loop: asyncio.AbstractEventLoop
) -> Iterator[Store]:
    context = opened(request.param, tmp_path, bus)
    yield loop.run_until_complete(context.__aenter__())
    loop.run_until_complete(context.__aexit__(None, None, None))


class NotToday(Refused):
    """args: why."""


K = b"\x7f"  # a tag that no space has


@operation
def put_all(txn: WriteTransaction, entries: list[tuple[bytes, bytes]]) -> None:
    for key, value in entries:
        txn.put(K + key, value)


@operation
def put_then_refuse(txn: WriteTransaction, key: bytes) -> None:
    txn.put(K + key, b"1")
    txn.put(K + b"held", b"changed")
    txn.delete(K + b"gone")
    txn.announce("topic")
    raise NotToday("because")


@operation
def put_then_break(txn: WriteTransaction, key: bytes) -> None:
    txn.put(K + key, b"1")
    raise ZeroDivisionError


@operation
def count_up(txn: WriteTransaction, key: bytes) -> int:
    number = int.from_bytes(txn.get(K + key) or b"", "big") + 1
    txn.put(K + key, number.to_bytes(8, "big"))
    txn.announce("counted")
    return number


@operation
def drop(txn: WriteTransaction, start: bytes, end: bytes) -> int:
    return txn.delete_range(K + start, K + end)


@operation
def drop_one(txn: WriteTransaction, key: bytes) -> bool:
    return txn.delete(K + key)


@operation
def read_own_writes(txn: WriteTransaction) -> list[bytes]:
    txn.put(K + b"b", b"new")
    txn.delete(K + b"a")
    return [key[1:] for key, _ in txn.scan(K, K + b"\xff")]


@query
def keys(txn: ReadTransaction, start: bytes, end: bytes, backwards: bool) -> list[bytes]:
    return [key[1:] for key, _ in txn.scan(K + start, K + end, reverse=backwards)]


@query
def values(txn: ReadTransaction, wanted: list[bytes]) -> list[bytes | None]:
    assert txn.get_many([K + key for key in wanted]) == [txn.get(K + key) for key in wanted]
    return txn.get_many([K + key for key in wanted])


async def test_scan_goes_by_key_in_bounds_both_ways(store: Store) -> None:
    await store.write(put_all, [(bytes([n]), b"") for n in (5, 1, 3, 2, 4)])
    assert await store.read(keys, b"\x02", b"\x05", False) == [b"\x02", b"\x03", b"\x04"]
    assert await store.read(keys, b"\x02", b"\x05", True) == [b"\x04", b"\x03", b"\x02"]
    assert await store.read(keys, b"", b"\xff", True) == [b"\x05", b"\x04", b"\x03", b"\x02", b"\x01"]
    assert await store.read(keys, b"\x06", b"\xff", False) == []
    assert await store.read(keys, b"\x06", b"\xff", True) == []
    assert await store.read(keys, b"", b"\x01", True) == []


@query
def first_values(txn: ReadTransaction, start: bytes, end: bytes, limit: int) -> list[bytes]:
    return txn.values(K + start, K + end, limit)


async def test_values_are_those_of_a_scan(store: Store) -> None:
    await store.write(put_all, [(bytes([n]), b"%d" % n) for n in (5, 1, 3, 2, 4)])
    for start in range(8):
        for end in range(8):
            for limit in range(8):
                found = await store.read(first_values, bytes([start]), bytes([end]), limit)
                assert found == [b"%d" % n for n in range(1, 6) if start <= n < end][:limit], (start, end, limit)


async def test_values_of_every_size(store: Store) -> None:
    big = b"x" * 1_000_000
    long_key = b"k" * 510
    await store.write(put_all, [(b"empty", b""), (b"big", big), (long_key, b"long")])
    assert await store.read(values, [b"big", b"none", long_key, b"empty"]) == [big, None, b"long", b""]


async def test_put_replaces_and_delete_says_what_there_was(store: Store) -> None:
    await store.write(put_all, [(b"a", b"1"), (b"a", b"2")])
    assert await store.read(values, [b"a"]) == [b"2"]
    assert await store.write(drop_one, b"a") is True
    assert await store.write(drop_one, b"a") is False


@operation
def put_many(txn: WriteTransaction, entries: list[tuple[bytes, bytes]]) -> None:
    txn.put_many((K + key, value) for key, value in entries)


async def test_put_many(store: Store) -> None:
    await store.write(put_all, [(b"b", b"old"), (b"d", b"kept")])
    await store.write(put_many, [(b"c", b"3"), (b"a", b"1"), (b"b", b"2")])
    assert await store.read(values, [b"a", b"b", b"c", b"d"]) == [b"1", b"2", b"3", b"kept"]
    await store.write(put_many, [])
    with pytest.raises(OperationFailed):
        await store.write(put_many, [(b"e", b"5"), (b"x" * 600, b"")])
    assert await store.read(values, [b"e"]) == [None]


async def test_delete_range(store: Store) -> None:
    await store.write(put_all, [(bytes([n]), b"") for n in range(10)])
    assert await store.write(drop, b"\x03", b"\x07") == 4
    assert await store.read(keys, b"", b"\xff", False) == [bytes([n]) for n in (0, 1, 2, 7, 8, 9)]


async def test_an_operation_sees_its_own_writes(store: Store) -> None:
    await store.write(put_all, [(b"a", b""), (b"c", b"")])
    assert await store.write(read_own_writes) == [b"b", b"c"]


async def test_a_refusal_changes_nothing_and_says_why(store: Store, bus: LocalBus) -> None:
    heard: list[str] = []
    bus.subscribe("topic", heard.append)
    await store.write(put_all, [(b"held", b"as it was"), (b"gone", b"still here")])
    with pytest.raises(NotToday) as refusal:
        await store.write(put_then_refuse, b"x")
    assert refusal.value.args == ("because",)
    assert await store.read(values, [b"x", b"held", b"gone"]) == [None, b"as it was", b"still here"]
    assert heard == []


async def test_our_fault_changes_nothing(store: Store) -> None:
    with pytest.raises(OperationFailed):
        await store.write(put_then_break, b"x")
    assert await store.read(values, [b"x"]) == [None]
    assert await store.write(count_up, b"n") == 1


async def test_concurrent_writes_happen_once_each(store: Store) -> None:
    answers = await asyncio.gather(*(store.write(count_up, b"n") for _ in range(300)))
    assert sorted(answers) == list(range(1, 301))
    assert await store.read(values, [b"n"]) == [(300).to_bytes(8, "big")]


async def test_a_failing_one_leaves_its_neighbours(store: Store) -> None:
    work = [store.write(count_up, b"n"), store.write(put_then_refuse, b"x"), store.write(put_then_break, b"y")]
    outcomes = await asyncio.gather(*work, store.write(count_up, b"n"), return_exceptions=True)
    assert sorted(outcome for outcome in outcomes if isinstance(outcome, int)) == [1, 2]
    assert await store.read(values, [b"x", b"y"]) == [None, None]


async def test_announcements_come_after_the_commit(store: Store, bus: LocalBus) -> None:
    heard = asyncio.get_running_loop().create_future()
    bus.subscribe("counted", lambda topic: heard.done() or heard.set_result(topic))
    while not heard.done():  # a notice may be lost with its connection; the next one comes
        await store.write(count_up, b"n")
        await asyncio.wait([heard], timeout=0.05)
    assert heard.result() == "counted"
    assert (await store.read(values, [b"n"]))[0] is not None
