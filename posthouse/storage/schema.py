"""The store's schema number: a store moves forward at its first start under a newer program, after a copy was made."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any, Protocol

import msgspec
import structlog

from posthouse.storage.contract import ReadTransaction, WriteTransaction
from posthouse.storage.jobs import mend_jobs
from posthouse.storage.keys import after
from posthouse.storage.spaces import MESSAGE, META

log = structlog.get_logger()

KEY = META.key("schema")

Step = Callable[[WriteTransaction], bool]  # True: it shall be taken again, there is more to do

_JOB_DUE_0 = b"\x51"
_TRACE_MARK_1 = b"\x6d"
_WRITE_2 = b"\x02"
_MESSAGE_3, _ENVELOPE_3, _STRUCTURE_3 = b"\x30", b"\x31", b"\x32"
_MESSAGES_AT_ONCE = 2000
_FIELDS = msgspec.msgpack.Decoder(list[msgspec.Raw])
_STRUCTURES_3 = msgspec.msgpack.Decoder(tuple[int, bytes, bytes, bytes])
_ENCODER = msgspec.msgpack.Encoder()


def due_by_kind(txn: WriteTransaction) -> bool:
    """The timetable's index by kind of job: the old one's space is emptied, the new one made from the jobs."""
    txn.delete_range(_JOB_DUE_0, after(_JOB_DUE_0))
    mend_jobs(txn)
    return False


def without_trace_marks(txn: WriteTransaction) -> bool:
    """Letters are found in their traces themselves: the index is dropped."""
    txn.delete_range(_TRACE_MARK_1, after(_TRACE_MARK_1))
    return False


def answers_by_commit(txn: WriteTransaction) -> bool:
    """Remembered answers stand together by commit: those of before are dropped, for who could ask has ended."""
    txn.delete_range(_WRITE_2, after(_WRITE_2))
    return False


def one_record_a_message(txn: WriteTransaction) -> bool:
    """What stood beside a message's record, its envelope and its structures, goes into it; some messages at a time.

    What is missing or cannot be read is left empty, for `rebuild`.
    """
    held = list(islice(txn.scan(_MESSAGE_3, after(_MESSAGE_3)), _MESSAGES_AT_ONCE))
    for key, record in held:
        envelope, structure = txn.get(_ENVELOPE_3 + key[1:]), txn.get(_STRUCTURE_3 + key[1:])
        txn.put(MESSAGE.prefix() + key[1:], _joined(record, envelope or b"", structure or b""))
        for space in (_MESSAGE_3, _ENVELOPE_3, _STRUCTURE_3):
            txn.delete(space + key[1:])
    if len(held) == _MESSAGES_AT_ONCE:
        return True
    for space in (_ENVELOPE_3, _STRUCTURE_3):  # of no message
        txn.delete_range(space, after(space))
    return False


def _joined(record: bytes, envelope: bytes, structure: bytes) -> bytes:
    """The record as it is since schema 4; one that cannot be read as it was."""
    try:
        _, hash_, *others = _FIELDS.decode(record)
    except (msgspec.MsgspecError, ValueError):  # no list, or too short a one
        return record
    try:
        _, *structures = _STRUCTURES_3.decode(structure)
    except msgspec.MsgspecError:
        structures = [b"", b"", b""]
    return _ENCODER.encode([2, hash_, envelope, *structures, *others])


# step n brings a store of schema n to n + 1; a new store begins with the last number
STEPS: tuple[Step, ...] = (due_by_kind, without_trace_marks, answers_by_commit, one_record_a_message)


class SchemaTooNew(Exception):
    """The store was written by a newer program."""


class Migrating(Protocol):
    """What a migration needs of an engine."""

    directory: Path

    def copy_to(self, target: Path) -> None:
        """Write a durable copy of the store to the new folder `target`."""

    def change(self, function: Callable[[Any], None]) -> None:
        """Run it in a transaction of its own."""


def read_schema(txn: ReadTransaction) -> int | None:
    """The store's schema number; None for an empty store."""
    value = txn.get(KEY)
    return None if value is None else int.from_bytes(value, "big")


def migrate(engine: Migrating, steps: Sequence[Step] = STEPS) -> None:
    """Bring the store to schema `len(steps)`; one that was cut short goes on at the next start. Raises SchemaTooNew."""
    found: list[int | None] = []
    engine.change(lambda txn: found.append(read_schema(txn)))
    wanted, (held,) = len(steps), found
    if held is None:
        engine.change(lambda txn: txn.put(KEY, wanted.to_bytes(4, "big")))
        return
    if held > wanted:
        raise SchemaTooNew(f"the store has schema {held}, this program knows {wanted}: use the newer program")
    if held == wanted:
        return
    copy = engine.directory / "backups" / f"before-schema-{wanted}"
    if not copy.exists():
        engine.copy_to(copy)
    for number in range(held, wanted):
        log.info("migrating", schema=number + 1)
        taken: list[bool] = []
        while not taken:
            engine.change(partial(_take, steps[number], number + 1, taken))


def _take(step: Step, number: int, taken: list[bool], txn: WriteTransaction) -> None:
    if not step(txn):
        txn.put(KEY, number.to_bytes(4, "big"))
        taken.append(True)
