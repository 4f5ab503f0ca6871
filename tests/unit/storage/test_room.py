"""The file of a database is longer than what is used of it, and nothing but zeros stands there."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import lmdb
import pytest

from posthouse.storage.contract import WriteTransaction, operation
from posthouse.storage.lmdb.copies import DATABASE
from posthouse.storage.lmdb.engine import Engine, Work
from posthouse.storage.lmdb.room import Room
from posthouse.storage.settings import StoreSettings
from posthouse.storage.wire import RESULT

AHEAD = 1 << 18
MAP = 1 << 24


@operation
def put_many(txn: WriteTransaction, first: int, count: int) -> None:
    txn.put_many((b"\xf0%08d" % number, b"%d" % number * 50) for number in range(first, first + count))


def used(environment: Any) -> int:
    return int((environment.info()["last_pgno"] + 1) * environment.stat()["psize"])


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    engine = Engine(tmp_path / "store", StoreSettings(map_octets=MAP, ahead_octets=AHEAD))
    yield engine
    engine.close()


def write(engine: Engine, first: int, count: int) -> None:
    ((answer,), _) = engine.run([Work(put_many, (first, count))], 0)
    assert answer.kind == RESULT, answer


def test_a_commit_finds_its_room(engine: Engine) -> None:
    file = engine.directory / DATABASE
    lengths = set()
    for number in range(200):
        write(engine, number * 20, 20)
        lengths.add(file.stat().st_size)
        assert set(file.read_bytes()[used(engine.environment) :]) <= {0}
    assert file.stat().st_size > used(engine.environment)
    assert len(lengths) < 40, "it grows in large steps"


def test_what_is_there_stays(engine: Engine) -> None:
    for number in range(20):
        write(engine, number * 500, 500)
    engine.close()
    again = lmdb.open(str(engine.directory), map_size=MAP, lock=False, readonly=True)
    with again.begin() as txn:
        assert [txn.get(b"\xf0%08d" % number) for number in range(10_000)] == [b"%d" % n * 50 for n in range(10_000)]
    again.close()


def test_it_ends_where_the_map_does(engine: Engine) -> None:
    full = False
    for number in range(1000):
        ((answer,), _) = engine.run([Work(put_many, (number * 1000, 1000))], 0)
        full = full or answer.kind != RESULT
        if full:
            break
    assert full
    assert (engine.directory / DATABASE).stat().st_size <= MAP


def test_a_full_disk_has_no_room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    environment = lmdb.open(str(tmp_path / "store"), map_size=MAP)
    room = Room(tmp_path / "store" / DATABASE, environment, AHEAD)

    def full(*_: Any) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.pwrite", full)
    room.keep(environment)
    room.close()
    room.close()
    environment.close()
