"""A store moves forward with the program, step by step, and a copy of what it was stays."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from posthouse.core.mail.letters import scanned
from posthouse.core.mail.records import MessageRecord, decode_message, record_of
from posthouse.storage import schema
from posthouse.storage.contract import WriteTransaction
from posthouse.storage.lmdb.engine import Engine
from posthouse.storage.lmdb.readers import Reader, open_for_reading
from posthouse.storage.lmdb.transaction import LmdbTransaction
from posthouse.storage.spaces import MESSAGE
from tests.unit.storage.test_contract import K, values
from tests.unit.stores import SETTINGS


def adds(word: bytes) -> schema.Step:
    def step(txn: WriteTransaction) -> bool:
        txn.put(K + b"word", (txn.get(K + b"word") or b"") + word)
        return False

    return step


UNREADABLE = [b"\xc1", b"\x91\x01"]  # no msgpack; a list that ends where its record begins

STEPS = (adds(b" one"), adds(b" two"))


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
    def broken(txn: WriteTransaction) -> bool:
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


def put_schema_3(txn: WriteTransaction, key: bytes, record: MessageRecord) -> None:
    fields = [1, record.hash, record.size, record.header, record.preview, record.has_attachment]
    structure = [1, record.bodystructure, record.body, record.parts]
    threads = [record.thread, record.links] if record.thread else []  # the oldest have none
    txn.put(b"\x30" + key, msgspec.msgpack.encode([*fields, *threads]))
    txn.put(b"\x31" + key, record.envelope)
    txn.put(b"\x32" + key, msgspec.msgpack.encode(structure))


def stored(engine: Engine, first: bytes, end: bytes) -> dict[bytes, bytes]:
    with engine.environment.begin() as txn:
        return dict(LmdbTransaction(txn, {}).scan(first, end))


def schema_3_store(engine: Engine) -> dict[bytes, MessageRecord]:
    """Messages of two accounts, also some that have lost something; as they should be afterwards."""
    right = {}
    for number in range(7):
        record = record_of(scanned(b"Subject: letter %d\r\nMessage-ID: <%d@a>\r\n\r\nhello\r\n" % (number, number)))
        record.thread = number
        record.links = b"link" * 2 if number else b""
        right[MESSAGE.key(1 + number % 2, number)] = record

    def fill(txn: WriteTransaction) -> None:
        for key, record in right.items():
            put_schema_3(txn, key[1:], record)
        lost, damaged, *_ = right
        txn.delete(b"\x31" + lost[1:])
        right[lost] = msgspec.structs.replace(right[lost], envelope=b"")
        txn.put(b"\x32" + damaged[1:], b"\xc1")
        right[damaged] = msgspec.structs.replace(right[damaged], bodystructure=b"", body=b"", parts=b"")
        txn.put(b"\x30" + MESSAGE.key(3, 1)[1:], UNREADABLE[0])
        txn.put(b"\x30" + MESSAGE.key(4, 1)[1:], UNREADABLE[1])
        txn.put(b"\x31" + MESSAGE.key(3, 2)[1:], b"()")
        txn.put(schema.KEY, (3).to_bytes(4, "big"))

    engine.change(fill)
    return right


def test_messages_of_schema_3_become_one_record_each(tmp_path: Path) -> None:
    engine = Engine(tmp_path / "store", SETTINGS)
    right = schema_3_store(engine)
    schema.migrate(engine)
    found = stored(engine, *MESSAGE.range())
    assert [found.pop(MESSAGE.key(account, 1)) for account in (3, 4)] == UNREADABLE  # for a restore to mend
    assert {key: decode_message(value) for key, value in found.items()} == right
    assert stored(engine, b"\x30", b"\x33") == {}
    engine.close()


def test_messages_of_schema_3_are_gone_on_with_where_it_was_cut_short(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = Engine(tmp_path / "store", SETTINGS)
    right = schema_3_store(engine)
    monkeypatch.setattr(schema, "_MESSAGES_AT_ONCE", 2)
    step, taken = schema.STEPS[3], []

    def cut_short(txn: WriteTransaction) -> bool:
        taken.append(None)
        more = step(txn)
        if len(taken) == 3:
            raise ZeroDivisionError
        return more

    with pytest.raises(ZeroDivisionError):
        schema.migrate(engine, (*schema.STEPS[:3], cut_short))
    assert (held(engine), len(stored(engine, *MESSAGE.range()))) == (3, 4)
    schema.migrate(engine)
    assert held(engine) == 4
    found = stored(engine, *MESSAGE.range())
    assert {key: decode_message(value) for key, value in found.items() if value not in UNREADABLE} == right
    engine.close()
