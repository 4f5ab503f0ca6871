"""A store moves forward with the program, step by step, and a copy of what it was stays."""

from __future__ import annotations

from pathlib import Path

import pytest

from posthouse.storage import schema
from posthouse.storage.contract import WriteTransaction
from posthouse.storage.lmdb.engine import Engine
from posthouse.storage.lmdb.readers import Reader, open_for_reading
from posthouse.storage.lmdb.transaction import LmdbTransaction
from tests.unit.storage.test_contract import K, values
from tests.unit.stores import SETTINGS

STEPS = (
    lambda txn: txn.put(K + b"word", txn.get(K + b"word") + b" one"),
    lambda txn: txn.put(K + b"word", txn.get(K + b"word") + b" two"),
)


@pytest.fixture
def engine(tmp_path: Path) -> Engine:
    engine = Engine(tmp_path / "store", SETTINGS)
    engine.change(lambda txn: txn.put(K + b"word", b"zero"))
    engine.change(lambda txn: txn.put(schema.KEY, bytes(4)))
    yield engine
    engine.close()


def word(environment: object) -> bytes | None:
    return Reader(environment).run(values, ([b"word"],))[0]


def held(engine: Engine) -> int | None:
    with engine.environment.begin() as txn:
        return schema.read_schema(LmdbTransaction(txn, {}))


def test_a_new_store_begins_with_the_last_schema(tmp_path: Path) -> None:
    engine = Engine(tmp_path / "store", SETTINGS)
    assert held(engine) == len(schema.STEPS)
    engine.close()


def test_all_steps_are_taken_once_and_a_copy_stays(engine: Engine) -> None:
    schema.migrate(engine, STEPS)
    schema.migrate(engine, STEPS)
    assert word(engine.environment) == b"zero one two"
    assert held(engine) == 2
    copy = open_for_reading(engine.directory / "backups" / "before-schema-2", SETTINGS)
    assert word(copy) == b"zero"
    copy.close()


def test_a_step_that_fails_is_not_taken_and_those_before_it_are(engine: Engine) -> None:
    def broken(txn: WriteTransaction) -> None:
        STEPS[1](txn)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        schema.migrate(engine, (STEPS[0], broken))
    assert (held(engine), word(engine.environment)) == (1, b"zero one")
    schema.migrate(engine, STEPS)
    assert word(engine.environment) == b"zero one two"


def test_a_copy_that_was_cut_short_is_made_again(engine: Engine) -> None:
    partial = engine.directory / "backups" / "before-schema-2.partial"
    partial.mkdir(parents=True)
    (partial / "data.mdb").write_bytes(b"half")
    schema.migrate(engine, STEPS)
    copy = open_for_reading(engine.directory / "backups" / "before-schema-2", SETTINGS)
    assert word(copy) == b"zero"
    copy.close()


def test_a_newer_store_is_refused(engine: Engine) -> None:
    schema.migrate(engine, STEPS)
    with pytest.raises(schema.SchemaTooNew, match="schema 2, this program knows 1"):
        schema.migrate(engine, STEPS[:1])
    engine.change(lambda txn: txn.put(schema.KEY, (len(schema.STEPS) + 1).to_bytes(4, "big")))
    engine.close()
    with pytest.raises(schema.SchemaTooNew):
        Engine(engine.directory, SETTINGS)
    with pytest.raises(schema.SchemaTooNew):  # and not "in use": the first attempt let go of it
        Engine(engine.directory, SETTINGS)


def test_remembered_answers_of_schema_2_are_dropped(tmp_path: Path) -> None:
    engine = Engine(tmp_path / "store", SETTINGS)
    engine.change(lambda txn: txn.put(b"\x02" + bytes(16), bytes(8)))
    engine.change(lambda txn: txn.put(schema.KEY, (2).to_bytes(4, "big")))
    schema.migrate(engine)
    with engine.environment.begin() as txn:
        assert txn.get(b"\x02" + bytes(16)) is None
    copy = open_for_reading(engine.directory / "backups" / f"before-schema-{len(schema.STEPS)}", SETTINGS)
    with copy.begin() as txn:
        assert txn.get(b"\x02" + bytes(16)) == bytes(8)
    copy.close()
    engine.close()
