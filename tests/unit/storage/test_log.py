"""The log in front of the database: whatever of the file the disk had when power went, what was durable is there."""

from __future__ import annotations

import os
import random
import secrets
import shutil
from pathlib import Path
from typing import Any

import msgspec
import pytest

from posthouse.storage.contract import StoreUnavailable, WriteTransaction, operation
from posthouse.storage.lmdb import LocalStore
from posthouse.storage.lmdb.engine import Engine, Work
from posthouse.storage.lmdb.environment import LoggedEnvironment
from posthouse.storage.lmdb.log import DATABASE, UNSOUND, LogDamaged, read_log, segments
from posthouse.storage.lmdb.readonly import ReadOnlyStore
from posthouse.storage.settings import StoreSettings
from tests.unit.storage.test_contract import K, count_up, put_then_refuse, values

SMALL = StoreSettings(map_octets=1 << 28, log_octets=1 << 16, batch_milliseconds=10_000)
PAGE = 4096
COMMITS = 2_000 if os.environ.get("POSTHOUSE_TEST_LONG") else 150


@operation
def change(txn: WriteTransaction, puts: list[tuple[bytes, bytes]], deletes: list[bytes], ends: list[bytes]) -> None:
    """Puts, deletes, and ranges that go: all keys below K from one end to another."""
    txn.put_many(sorted(puts[1:]))
    for key, value in puts[:1]:
        txn.put(key, value)
    for key in deletes:
        txn.delete(key)
    if len(ends) == 2:
        txn.delete_range(min(ends), max(ends))


def some_work(chance: random.Random) -> list[Work]:
    def key() -> bytes:
        return K + chance.randrange(400).to_bytes(2, "big")

    batch = []
    for _ in range(chance.choice([1, 1, 3, 8])):
        puts = [(key(), chance.randbytes(chance.choice([3, 40, 300, 9_000]))) for _ in range(chance.randrange(5))]
        ends = [key(), key()] if chance.random() < 0.05 else []
        batch.append(Work(change, (puts, [key() for _ in range(chance.randrange(3))], ends)))
    if chance.random() < 0.2:  # then the batch runs once more, each by itself
        batch.insert(chance.randrange(len(batch) + 1), Work(put_then_refuse, (b"x",)))
    return batch


def entries(environment: Any) -> list[tuple[bytes, bytes]]:
    with environment.begin() as txn, txn.cursor() as cursor:
        return list(cursor)


def mixed(chance: random.Random, versions: list[bytes]) -> bytes:
    """A file of which the first version is on the disk, and of the others the pages that came by chance."""
    length = len(chance.choice(versions))
    pages = []
    for at in range(0, max(len(versions[0]), length), PAGE):
        found = [version[at : at + PAGE] for version in versions if len(version) > at]
        newest = found[-1] if chance.random() < 0.5 else chance.choice(found)
        pages.append(chance.choice([newest, found[0]]))
    return b"".join(pages)


def crashed(chance: random.Random, directory: Path, target: Path, versions: list[bytes]) -> None:
    """What another boot finds of a store."""
    target.mkdir()
    (target / DATABASE).write_bytes(mixed(chance, versions))
    for segment in segments(directory):
        shutil.copy(segment, target)
    if chance.random() < 0.5:  # of the commit that nobody heard of, some came to the disk
        with segments(target)[-1].open("ab") as file:
            file.write(chance.randbytes(chance.randrange(1, 2_000)))


def test_power_may_go_at_any_time(tmp_path: Path) -> None:
    seed = secrets.randbits(32)
    print("seed", seed)
    chance = random.Random(seed)
    engine = Engine(tmp_path / "store", SMALL)
    files: dict[int, bytes] = {}
    checkpoints = set()
    for number in range(COMMITS):
        engine.run(some_work(chance), number)
        at = engine.environment.info()["last_txnid"]
        files[at] = (tmp_path / "store" / DATABASE).read_bytes()
        log = read_log(tmp_path / "store")
        durable = log[0][1].commit
        checkpoints.add(durable)
        files = {commit: octets for commit, octets in files.items() if commit >= durable}
        if chance.random() < 0.2 and durable in files:
            target = tmp_path / f"crash{number}"
            crashed(chance, tmp_path / "store", target, [files[commit] for commit in sorted(files)])
            after = Engine(target, SMALL)
            assert entries(after.environment) == entries(engine.environment)
            after.run([Work(count_up, (b"n",))], number)
            after.close()
            assert segments(target) == []
            shutil.rmtree(target)
    assert len(checkpoints) > 3
    engine.close()


def test_power_may_go_again_while_it_is_done_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seed = secrets.randbits(32)
    print("seed", seed)
    chance = random.Random(seed)
    settings = msgspec.structs.replace(SMALL, log_octets=1 << 24)
    files: list[bytes] = []
    engine = Engine(tmp_path / "store", settings)
    for number in range(200):
        if number == 100:  # the checkpoint is of a state that has pages to lose
            engine.close()
            engine, files = Engine(tmp_path / "store", settings), []
        engine.run(some_work(chance), 0)
        files.append((tmp_path / "store" / DATABASE).read_bytes())
    crashed(chance, tmp_path / "store", tmp_path / "once", files)
    before = (tmp_path / "once" / DATABASE).read_bytes()
    with monkeypatch.context() as patch:
        patch.setattr(LoggedEnvironment, "_begin_whole", cut)
        with pytest.raises(InterruptedError):
            Engine(tmp_path / "once", SMALL)
    versions = [before, (tmp_path / "once" / DATABASE).read_bytes()]
    crashed(chance, tmp_path / "once", tmp_path / "twice", versions)
    after = Engine(tmp_path / "twice", SMALL)
    assert entries(after.environment) == entries(engine.environment)
    after.close()
    engine.close()


def cut(_: LoggedEnvironment) -> None:
    raise InterruptedError


def test_a_commit_that_the_log_has_and_the_database_has_not_is_done_when_the_process_comes_back(tmp_path: Path) -> None:
    engine = Engine(tmp_path / "store", SMALL)
    engine.run([Work(count_up, (b"n",))], 0)
    shutil.copytree(tmp_path / "store", tmp_path / "killed")
    engine.run([Work(count_up, (b"n",))], 0)
    shutil.copy(segments(tmp_path / "store")[0], tmp_path / "killed")
    after = Engine(tmp_path / "killed", SMALL)
    assert entries(after.environment) == entries(engine.environment)
    after.close()
    engine.close()


def test_what_is_closed_needs_no_log(tmp_path: Path) -> None:
    engine = Engine(tmp_path / "store", SMALL)
    engine.run([Work(count_up, (b"n",))], 0)
    assert len(segments(tmp_path / "store")) == 1
    engine.close()
    assert segments(tmp_path / "store") == []


def test_a_commit_in_the_middle_that_cannot_be_read_is_not_passed_over(tmp_path: Path) -> None:
    engine = Engine(tmp_path / "store", SMALL)
    while len(read_log(tmp_path / "store")) < 2:
        engine.run([Work(change, ([(K, os.urandom(9_000))], [], []))], 0)
    shutil.copytree(tmp_path / "store", tmp_path / "damaged")
    engine.close()
    first = segments(tmp_path / "damaged")[0]
    octets = bytearray(first.read_bytes())
    octets[-2_000] ^= 1
    first.write_bytes(octets)
    with pytest.raises(LogDamaged):
        Engine(tmp_path / "damaged", SMALL)


async def test_nobody_reads_what_was_cut_off_before_it_is_whole(tmp_path: Path) -> None:
    engine = Engine(tmp_path / "store", SMALL)
    engine.run([Work(count_up, (b"n",))], 0)
    shutil.copytree(tmp_path / "store", tmp_path / "cut")
    engine.close()
    reading = ReadOnlyStore(tmp_path / "cut", SMALL)
    with pytest.raises(StoreUnavailable):
        await reading.read(values, [b"n"])
    LocalStore.open(tmp_path / "cut", SMALL).close()
    assert await reading.read(values, [b"n"]) == [(1).to_bytes(8, "big")]
    reading.close()


class Unsynced:
    """An environment whose file the disk does not take."""

    def __init__(self, environment: Any) -> None:
        self._environment = environment

    def sync(self, _force: bool) -> None:
        raise OSError(5, "Input/output error")

    def __getattr__(self, name: str) -> Any:
        return getattr(self._environment, name)


def test_a_file_that_the_disk_did_not_take_is_made_from_the_log(tmp_path: Path) -> None:
    engine = Engine(tmp_path / "store", SMALL)
    engine.run([Work(count_up, (b"n",))], 0)
    held = engine._held
    assert held is not None
    held.lmdb = Unsynced(held.lmdb)
    while len(segments(tmp_path / "store")) < 2:
        engine.run([Work(change, ([(K, os.urandom(9_000))], [], []))], 0)
    while not (tmp_path / "store" / UNSOUND).exists():
        engine.run([Work(count_up, (b"n",))], 0)
    found = entries(engine.environment)
    engine.close()
    assert len(segments(tmp_path / "store")) == 2
    engine = Engine(tmp_path / "store", SMALL)
    assert entries(engine.environment) == found
    assert not (tmp_path / "store" / UNSOUND).exists()
    engine.close()
    assert segments(tmp_path / "store") == []
