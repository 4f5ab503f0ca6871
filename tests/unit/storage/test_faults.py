"""What goes wrong in one operation stays with it; what goes wrong with the disk is "try later", and passes."""

from __future__ import annotations

import asyncio
import resource
from pathlib import Path

import pytest

from posthouse.storage.contract import (
    OperationFailed,
    Refused,
    Store,
    StoreUnavailable,
    WriteTransaction,
    operation,
)
from posthouse.storage.lmdb import LocalStore
from posthouse.storage.lmdb.engine import Engine, Work
from posthouse.storage.lmdb.readers import Reader
from posthouse.storage.lmdb.transaction import LmdbTransaction
from posthouse.storage.settings import StoreSettings
from posthouse.storage.spaces import WRITE
from posthouse.storage.wire import FAILED, FULL, REFUSED, RESULT
from tests.unit.storage.test_contract import K, NotToday, count_up, put_all, put_then_refuse, values
from tests.unit.stores import SETTINGS, StoreProcess


class Untold(Refused):
    """args: something that cannot travel."""


@operation
def refuse_untold(txn: WriteTransaction) -> None:
    raise Untold(object())


@operation
def break_while_scanning(txn: WriteTransaction) -> None:
    for _ in txn.scan(b"\x00", b"\xff"):
        raise NotToday("in the middle of a scan")


@pytest.mark.parametrize("octets", [0, 512, 600])
async def test_a_key_that_cannot_be_is_our_fault(store: Store, octets: int) -> None:
    with pytest.raises(OperationFailed):
        await store.write(put_any, b"k" * octets)
    assert await store.write(count_up, b"n") == 1


@operation
def put_any(txn: WriteTransaction, key: bytes) -> None:
    txn.put(b"\x7fbefore", b"1")
    txn.put(key, b"1")


def test_each_of_a_batch_has_its_own_fate(tmp_path: Path) -> None:
    engine = Engine(tmp_path / "store", StoreSettings(map_octets=1 << 24, batch_milliseconds=10_000))
    batch = [
        Work(count_up, (b"n",)),
        Work(put_any, (b"k" * 600,)),
        Work(put_then_refuse, (b"x",)),
        Work(refuse_untold, ()),
        Work(break_while_scanning, ()),
        Work(put_all, ([(b"%d" % n, b"x" * 500_000) for n in range(100)],)),
        Work(count_up, (b"n",)),
    ]
    answers, topics = engine.run(batch, 0)
    assert [answer.kind for answer in answers] == [RESULT, FAILED, REFUSED, FAILED, REFUSED, FULL, RESULT]
    assert topics == ["counted"]
    found = Reader(engine.environment).run(values, ([b"n", b"before", b"x", b"0"],))
    assert found == [(2).to_bytes(8, "big"), None, None, None]
    engine.close()


@operation
def use_up(txn: WriteTransaction, words: list[bytes]) -> int:
    count = 0
    while words:
        txn.put(K + words.pop(), b"1")
        count += 1
    return count


def test_a_batch_that_runs_again_sees_the_arguments_as_they_came(tmp_path: Path) -> None:
    engine = Engine(tmp_path / "store", SETTINGS)
    encoded = use_up.encode_arguments(([b"a", b"b"],))
    batch = [Work(use_up, use_up.decode_arguments(encoded), encoded), Work(put_then_refuse, (b"x",))]
    answers, _ = engine.run(batch, 0)
    assert [answer.kind for answer in answers] == [RESULT, REFUSED]
    assert use_up.decode_result(answers[0].body) == 2
    assert Reader(engine.environment).run(values, ([b"a", b"b", b"x"],)) == [b"1", b"1", None]
    engine.close()


def test_what_is_asked_again_is_answered_as_before_also_among_others(tmp_path: Path) -> None:
    engine = Engine(tmp_path / "store", SETTINGS)

    def asked(sequence: int, *, refused: bool = False, again: bool = False, answered: int = 1) -> Work:
        operation, arguments = (put_then_refuse, (b"x",)) if refused else (count_up, (b"n",))
        return Work(operation, arguments, None, sequence, 7, answered, again)

    first, _ = engine.run([asked(1), asked(2, refused=True), asked(3)], 0)
    assert [answer.kind for answer in first] == [RESULT, REFUSED, RESULT]
    again, _ = engine.run([asked(sequence, again=True) for sequence in (1, 2, 3)], 0)  # what was refused is done now
    assert [count_up.decode_result(answer.body) for answer in again] == [1, 3, 2]
    third, _ = engine.run([asked(sequence, again=True) for sequence in (1, 2, 3)], 0)
    assert [answer.body for answer in third] == [answer.body for answer in again]
    fourth, _ = engine.run([asked(3, again=True, answered=3)], 0)  # 1 and 2 are forgotten, and 3 is not
    assert fourth[0].body == again[2].body
    engine.run([asked(4, answered=4)], 0)
    with engine.environment.begin() as txn:
        assert [WRITE.parse(key)[1] for key, _ in LmdbTransaction(txn, {}).scan(*WRITE.range())] == [4]
    engine.close()


@pytest.mark.parametrize("spoilt", [False, True])
def test_what_is_asked_again_in_the_batch_of_the_first_is_done_once(tmp_path: Path, spoilt: bool) -> None:
    engine = Engine(tmp_path / "store", StoreSettings(map_octets=1 << 24, batch_milliseconds=10_000))
    first = Work(count_up, (b"n",), None, 1, 7, 1)
    again = Work(count_up, (b"n",), None, 1, 7, 1, True)  # its client lost the connection and has made another
    answers, _ = engine.run([first, again, *([Work(put_then_refuse, (b"x",))] if spoilt else [])], 0)
    assert [count_up.decode_result(answer.body) for answer in answers[:2]] == [1, 1]
    engine.close()


def test_a_batch_ends_when_its_time_is_over(tmp_path: Path) -> None:
    engine = Engine(tmp_path / "store", StoreSettings(map_octets=1 << 26, batch_milliseconds=1))
    answers, _ = engine.run([Work(count_up, (b"n",)) for _ in range(5_000)], 0)
    assert 0 < len(answers) < 5_000
    assert Reader(engine.environment).run(values, ([b"n"],)) == [len(answers).to_bytes(8, "big")]
    engine.close()


async def test_more_than_a_batch_is_answered_in_order(tmp_path: Path) -> None:
    process = StoreProcess(tmp_path)
    await process.start()
    client = await process.connect()
    answers = await asyncio.gather(*(client.write(count_up, b"n") for _ in range(3_000)))
    assert answers == list(range(1, 3_001))
    client.close()
    await process.stop()


async def test_a_full_disk_is_try_later_and_service_resumes(tmp_path: Path) -> None:
    process = StoreProcess(tmp_path)
    await process.start()
    client = await process.connect()
    await client.write(count_up, b"n")
    size = (process.directory / "data.mdb").stat().st_size
    resource.prlimit(process.process.pid, resource.RLIMIT_FSIZE, (size + 8192, resource.RLIM_INFINITY))
    big = [(b"%d" % n, b"x" * 100_000) for n in range(10)]
    outcomes = await asyncio.gather(
        *(client.write(put_all, [entry]) for entry in big), client.write(count_up, b"n"), return_exceptions=True
    )
    assert {type(outcome) for outcome in outcomes} == {StoreUnavailable}
    assert await client.read(values, [key for key, _ in big]) == [None] * 10
    resource.prlimit(process.process.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    await client.write(put_all, big)
    assert await client.write(count_up, b"n") == 2
    assert await client.read(values, [key for key, _ in big]) == [value for _, value in big]
    client.close()
    assert await process.stop() == 0


async def test_a_store_that_cannot_be_opened_again_is_tried_again(tmp_path: Path) -> None:
    store = LocalStore.open(tmp_path / "store", SETTINGS)
    await store.write(count_up, b"n")
    (tmp_path / "store").rename(tmp_path / "away")
    store._engine._reopen()
    for _ in range(2):
        with pytest.raises(StoreUnavailable):
            await store.write(count_up, b"n")
        with pytest.raises(StoreUnavailable):
            await store.read(values, [b"n"])
    store._engine.check_readers()
    (tmp_path / "away").rename(tmp_path / "store")
    assert await store.write(count_up, b"n") == 2
    store.close()


async def test_a_reader_with_a_smaller_map_grows_with_the_writer(tmp_path: Path) -> None:
    process = StoreProcess(tmp_path)
    await process.start()
    client = await process.connect(settings=StoreSettings(map_octets=1 << 24))
    assert await client.read(values, [b"29"]) == [None]
    await client.write(put_all, [(b"%d" % n, b"x" * 1_000_000) for n in range(30)])
    assert await client.read(values, [b"29"]) == [b"x" * 1_000_000]
    client.close()
    await process.stop()


async def test_what_fits_no_frame_is_our_fault_and_not_asked_for(tmp_path: Path) -> None:
    process = StoreProcess(tmp_path)
    await process.start()
    client = await process.connect(settings=StoreSettings(map_octets=1 << 30, frame_octets=1 << 20))
    with pytest.raises(OperationFailed):
        await client.write(put_all, [(b"a", b"x" * (1 << 20))])
    assert await client.write(count_up, b"n") == 1
    client.close()
    await process.stop()
