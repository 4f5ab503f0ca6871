"""The timetable's records: leases, room by kind, and the index that an older store had."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from posthouse.storage import schema
from posthouse.storage.contract import Store
from posthouse.storage.jobs import (
    Lease,
    Room,
    add_job,
    check_jobs,
    finish_job,
    list_jobs,
    next_due,
    renew_jobs,
    schedule,
    take_jobs,
)
from posthouse.storage.keys import after
from posthouse.storage.lmdb.engine import Engine
from posthouse.storage.lmdb.readers import open_for_reading
from posthouse.storage.lmdb.transaction import LmdbTransaction
from posthouse.storage.memory.store import MemoryTransaction
from posthouse.storage.spaces import JOB_DUE
from tests.unit.stores import SETTINGS


async def test_room_is_by_kind_and_the_earliest_comes_first(store: Store) -> None:
    for due, kind in enumerate(("a", "b", "a", "c", "a", "b")):
        await store.write(schedule, kind, b"%d" % due, due, None)
    taken = await store.write(take_jobs, [Room(["a", "b"], 3), Room(["c"], 5)], 100, 50, "me")
    assert [job.body for job in taken] == [b"0", b"1", b"2", b"3"]
    assert await store.write(take_jobs, [Room(["a"], 0), Room(["b"], 5)], 4, 50, "me") == []
    assert await store.read(next_due, ["a", "b", "c"]) == 4
    assert await store.read(next_due, ["b"]) == 5
    assert await store.read(next_due, ["z"]) is None
    assert await store.read(next_due, []) is None


async def test_a_lease_is_renewed_and_lost(store: Store) -> None:
    await store.write(schedule, "a", b"", 0, None)
    rooms = [Room(["a"], 1)]
    [job] = await store.write(take_jobs, rooms, 0, 50, "me")
    assert await store.write(renew_jobs, [job.lease, Lease(77, 1)], 200) == [77]
    assert await store.write(take_jobs, rooms, 100, 50, "you") == []
    [other] = await store.write(take_jobs, rooms, 200, 50, "you")
    assert await store.write(renew_jobs, [job.lease], 300) == [job.number]
    assert not await store.write(finish_job, job.lease)
    assert await store.write(finish_job, other.lease)
    assert await store.read(list_jobs, 0, 10) == []


def test_a_long_timetable_is_not_read_to_take_a_few(monkeypatch: Any) -> None:
    txn = MemoryTransaction({}, [])
    for number in range(5000):
        add_job(txn, "carry" if number % 2 else "note", b"", number)
    steps = 0
    whole = MemoryTransaction.scan

    def counted(*arguments: Any, **named: Any) -> Any:
        nonlocal steps
        for entry in whole(*arguments, **named):
            steps += 1
            yield entry

    monkeypatch.setattr(MemoryTransaction, "scan", counted)
    assert len(take_jobs(txn, [Room(["carry", "note"], 7)], 10_000, 50, "me")) == 7
    assert steps < 20


def test_an_older_store_gets_its_index_by_kind(tmp_path: Path) -> None:
    engine = Engine(tmp_path / "store", SETTINGS)

    def make_old(txn: LmdbTransaction) -> None:
        for due, kind in ((30, "a"), (10, "b"), (20, "a")):
            number = add_job(txn, kind, b"", due, f"{kind} {due}")
            txn.put(b"\x51" + due.to_bytes(8, "big") + number.to_bytes(8, "big"), b"")
        txn.delete_range(*JOB_DUE.range())
        txn.put(schema.KEY, (0).to_bytes(4, "big"))

    engine.change(make_old)
    engine.close()
    engine = Engine(tmp_path / "store", SETTINGS)

    def look(txn: LmdbTransaction) -> None:
        assert schema.read_schema(txn) == len(schema.STEPS)
        assert list(txn.scan(b"\x51", after(b"\x51"))) == []
        assert check_jobs(txn) == []
        jobs = take_jobs(txn, [Room(["a"], 9), Room(["b"], 9)], 100, 50, "me")
        assert [(job.kind, job.key) for job in jobs] == [("a", "a 20"), ("a", "a 30"), ("b", "b 10")]

    engine.change(look)
    engine.close()
    copy = open_for_reading(tmp_path / "store" / "backups" / f"before-schema-{len(schema.STEPS)}", SETTINGS)
    with copy.begin() as txn:
        assert schema.read_schema(LmdbTransaction(txn, {})) == 0
    copy.close()
