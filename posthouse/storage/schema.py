"""The store's schema number: a store moves forward at its first start under a newer program, after a copy was made."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Protocol

import structlog

from posthouse.storage.contract import ReadTransaction, WriteTransaction
from posthouse.storage.jobs import mend_jobs
from posthouse.storage.keys import after
from posthouse.storage.spaces import META

log = structlog.get_logger()

KEY = META.key("schema")

Step = Callable[[WriteTransaction], None]

_JOB_DUE_0 = b"\x51"
_TRACE_MARK_1 = b"\x6d"
_WRITE_2 = b"\x02"


def due_by_kind(txn: WriteTransaction) -> None:
    """The timetable's index by kind of job: the old one's space is emptied, the new one made from the jobs."""
    txn.delete_range(_JOB_DUE_0, after(_JOB_DUE_0))
    mend_jobs(txn)


def without_trace_marks(txn: WriteTransaction) -> None:
    """Letters are found in their traces themselves: the index is dropped."""
    txn.delete_range(_TRACE_MARK_1, after(_TRACE_MARK_1))


def answers_by_commit(txn: WriteTransaction) -> None:
    """Remembered answers stand together by commit: those of before are dropped, for who could ask has ended."""
    txn.delete_range(_WRITE_2, after(_WRITE_2))


# step n brings a store of schema n to n + 1; a new store begins with the last number
STEPS: tuple[Step, ...] = (due_by_kind, without_trace_marks, answers_by_commit)


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
    """Bring the store to schema `len(steps)`, one transaction a step; raises SchemaTooNew."""
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
        engine.change(partial(_take, steps[number], number + 1))


def _take(step: Step, number: int, txn: WriteTransaction) -> None:
    step(txn)
    txn.put(KEY, number.to_bytes(4, "big"))
