"""The timetable: what happens later, durable. A taken job is leased: when its taker dies it comes back by itself."""

from __future__ import annotations

import heapq
from contextlib import suppress
from itertools import islice
from typing import Literal

import msgspec

from posthouse.storage.contract import ReadTransaction, WriteTransaction, operation, query
from posthouse.storage.spaces import JOB, JOB_DUE, JOB_KEY, META
from posthouse.storage.topics import JOBS_TOPIC


class JobRecord(msgspec.Struct, array_like=True, tag=1):
    """A job. `due` (ms) is when it shall be taken; while it is leased, when it comes back."""

    kind: str
    body: bytes
    due: int
    key: str | None = None
    attempts: int = 0
    taker: str | None = None
    error: str = ""
    state: Literal["waiting", "taken", "failed"] = "waiting"


class Job(msgspec.Struct, array_like=True, frozen=True):
    """A job as its taker and the operator see it."""

    number: int
    kind: str
    body: bytes
    due: int
    key: str | None
    attempts: int
    state: str
    error: str

    @property
    def lease(self) -> Lease:
        """What its taker holds."""
        return Lease(self.number, self.attempts)


class Lease(msgspec.Struct, array_like=True, frozen=True):
    """A job in somebody's hands: `attempts` tells this time from any other."""

    number: int
    attempts: int


class Room(msgspec.Struct, array_like=True, frozen=True):
    """How many jobs of these kinds, together, can be taken."""

    kinds: list[str]
    jobs: int


_ENCODER = msgspec.msgpack.Encoder()
_RECORD = msgspec.msgpack.Decoder(JobRecord)
_COUNTER = META.key("jobs")


def add_job(txn: WriteTransaction, kind: str, body: bytes, due: int, key: str | None = None) -> int:
    """Have a job done at `due`; its number. With a key that a job has already, that one stays and is done at the
    earlier of both times, with the new body.
    """
    if key is not None:
        held = txn.get(JOB_KEY.key(key))
        if held is not None:
            number = int.from_bytes(held, "big")
            record = _read(txn, number)
            if record is not None:
                _move(txn, number, record, min(due, record.due) if record.state == "waiting" else due)
                record.body, record.state = body, "waiting"
                _write(txn, number, record)
                txn.announce(JOBS_TOPIC)
                return number
    number = int.from_bytes(txn.get(_COUNTER) or b"", "big") + 1
    txn.put(_COUNTER, number.to_bytes(8, "big"))
    _write(txn, number, JobRecord(kind, body, due, key))
    txn.put(JOB_DUE.key(kind, due, number), b"")
    if key is not None:
        txn.put(JOB_KEY.key(key), number.to_bytes(8, "big"))
    txn.announce(JOBS_TOPIC)
    return number


def need_job(txn: WriteTransaction, kind: str, body: bytes, due: int, key: str) -> None:
    """Have the job of that key done by `due`. One that is being done is left alone: it looks again before it ends."""
    held = txn.get(JOB_KEY.key(key))
    record = None if held is None else _read(txn, int.from_bytes(held, "big"))
    if record is not None and (record.state == "taken" or (record.state == "waiting" and record.due <= due)):
        return
    add_job(txn, kind, body, due, key)


@operation
def schedule(txn: WriteTransaction, kind: str, body: bytes, due: int, key: str | None) -> int:
    """`add_job` as an operation of its own."""
    return add_job(txn, kind, body, due, key)


@operation
def take_jobs(txn: WriteTransaction, rooms: list[Room], now: int, lease_ms: int, taker: str) -> list[Job]:
    """Jobs that are due, the earliest first, as many as there is room for, leased to `taker` until now + lease."""
    taken: list[Job] = []
    for room in rooms:
        for number, record in _due(txn, room, now):
            _move(txn, number, record, now + lease_ms)
            record.attempts += 1
            record.taker, record.state = taker, "taken"
            _write(txn, number, record)
            taken.append(_job(number, record))
    return taken


@operation
def renew_jobs(txn: WriteTransaction, leases: list[Lease], until: int) -> list[int]:
    """Hold jobs until then; the numbers of those that are another's already, or were cancelled."""
    lost = []
    for lease in leases:
        record = _held(txn, lease.number, lease.attempts)
        if record is None:
            lost.append(lease.number)
            continue
        _move(txn, lease.number, record, until)
        _write(txn, lease.number, record)
    return lost


def holds_job(txn: ReadTransaction, lease: Lease) -> bool:
    """False when it is another's by now (the lease ran out), or was cancelled."""
    return _held(txn, lease.number, lease.attempts) is not None


def end_job(txn: WriteTransaction, lease: Lease) -> bool:
    """It is done; False when it was another's already (the lease ran out)."""
    record = _held(txn, lease.number, lease.attempts)
    if record is None:
        return False
    _drop(txn, lease.number, record)
    return True


def put_off_job(txn: WriteTransaction, lease: Lease, due: int, error: str = "") -> bool:
    """Have it taken again at `due`; False when it was another's already."""
    record = _held(txn, lease.number, lease.attempts)
    if record is None:
        return False
    _move(txn, lease.number, record, due)
    record.state, record.taker, record.error = "waiting", None, error
    _write(txn, lease.number, record)
    txn.announce(JOBS_TOPIC)
    return True


@operation
def finish_job(txn: WriteTransaction, lease: Lease) -> bool:
    """`end_job` as an operation of its own."""
    return end_job(txn, lease)


@operation
def retry_job(txn: WriteTransaction, lease: Lease, due: int, error: str) -> bool:
    """`put_off_job` as an operation of its own."""
    return put_off_job(txn, lease, due, error)


@operation
def fail_job(txn: WriteTransaction, lease: Lease, error: str) -> bool:
    """Give it up: it stays to be seen and is not taken again; False when it was another's already."""
    record = _held(txn, lease.number, lease.attempts)
    if record is None:
        return False
    txn.delete(JOB_DUE.key(record.kind, record.due, lease.number))
    record.state, record.taker, record.error = "failed", None, error
    _write(txn, lease.number, record)
    return True


@operation
def cancel_job(txn: WriteTransaction, number: int) -> bool:
    """Take it off the timetable; False when it is not there."""
    record = _read(txn, number)
    if record is None:
        return False
    _drop(txn, number, record)
    return True


@query
def list_jobs(txn: ReadTransaction, after: int, limit: int) -> list[Job]:
    """Up to `limit` jobs with numbers above `after`."""
    found = []
    for key, value in txn.scan(JOB.key(after + 1), JOB.range()[1]):
        found.append(_job(JOB.parse(key)[0], _RECORD.decode(value)))
        if len(found) >= limit:
            break
    return found


@query
def next_due(txn: ReadTransaction, kinds: list[str]) -> int | None:
    """When the next job of these kinds is due (ms)."""
    firsts = (next(iter(txn.scan(*JOB_DUE.range(kind))), None) for kind in kinds)
    return min((int(JOB_DUE.parse(first[0])[1]) for first in firsts if first is not None), default=None)


def has_job(txn: ReadTransaction, key: str) -> bool:
    """True when a job of that name is on the timetable, or has failed."""
    held = txn.get(JOB_KEY.key(key))
    return held is not None and txn.get(JOB.key(int.from_bytes(held, "big"))) is not None


def check_jobs(txn: ReadTransaction) -> list[str]:
    """What of the timetable's index does not fit its jobs; those that cannot be read must not be in it."""
    jobs = _readable_jobs(txn)
    due = {JOB_DUE.parse(key) for key, _ in txn.scan(*JOB_DUE.range())}
    right = {(record.kind, record.due, number) for number, record in jobs.items() if record.state != "failed"}
    faults = [f"job {number} is never due" for *_, number in sorted(right - due)]
    faults += [f"job {number} is due, and is no job" for *_, number in sorted(due - right)]
    named = {JOB_KEY.parse(key)[0]: int.from_bytes(value, "big") for key, value in txn.scan(*JOB_KEY.range())}
    faults += [f"the job called {key} is gone" for key, number in named.items() if number not in jobs]
    for number, record in jobs.items():
        if record.key is not None and record.key not in named:
            faults.append(f"job {number} is not found as {record.key}")
    last = max(jobs, default=0)
    if int.from_bytes(txn.get(_COUNTER) or b"", "big") < last:
        faults.append(f"the last job is {last}, fewer are counted")
    return faults


def unreadable_jobs(txn: ReadTransaction) -> list[int]:
    """The jobs whose records are damaged."""
    readable = _readable_jobs(txn)
    numbers = (JOB.parse(key)[0] for key, _ in txn.scan(*JOB.range()))
    return [number for number in numbers if number not in readable]


def mend_jobs(txn: WriteTransaction) -> None:
    """Make the timetable's index anew."""
    jobs = _readable_jobs(txn)
    txn.delete_range(*JOB_DUE.range())
    txn.delete_range(*JOB_KEY.range())
    for number, record in jobs.items():
        if record.state != "failed":
            txn.put(JOB_DUE.key(record.kind, record.due, number), b"")
        if record.key is not None:
            txn.put(JOB_KEY.key(record.key), number.to_bytes(8, "big"))
    numbers = (JOB.parse(key)[0] for key, _ in txn.scan(*JOB.range()))
    last = max([int.from_bytes(txn.get(_COUNTER) or b"", "big"), *numbers])
    txn.put(_COUNTER, last.to_bytes(8, "big"))


def _readable_jobs(txn: ReadTransaction) -> dict[int, JobRecord]:
    jobs = {}
    for key, value in txn.scan(*JOB.range()):
        with suppress(msgspec.MsgspecError, ValueError):  # text that is no UTF-8 is a ValueError
            jobs[JOB.parse(key)[0]] = _RECORD.decode(value)
    return jobs


def _due(txn: ReadTransaction, room: Room, now: int) -> list[tuple[int, JobRecord]]:
    """As many as there is room for; no more of the index is read."""
    scans = (txn.scan(JOB_DUE.prefix(kind), JOB_DUE.prefix(kind, now + 1)) for kind in room.kinds)
    keys = heapq.merge(*(map(_due_and_number, scan) for scan in scans))
    records = ((number, _read(txn, number)) for _, number in keys)
    readable = ((number, record) for number, record in records if record is not None)
    return list(islice(readable, room.jobs))


def _due_and_number(entry: tuple[bytes, bytes]) -> tuple[int, int]:
    _, due, number = JOB_DUE.parse(entry[0])
    return due, number


def _held(txn: ReadTransaction, number: int, attempts: int) -> JobRecord | None:
    record = _read(txn, number)
    return record if record is not None and record.state == "taken" and record.attempts == attempts else None


def _move(txn: WriteTransaction, number: int, record: JobRecord, due: int) -> None:
    txn.delete(JOB_DUE.key(record.kind, record.due, number))
    record.due = due
    txn.put(JOB_DUE.key(record.kind, due, number), b"")


def _drop(txn: WriteTransaction, number: int, record: JobRecord) -> None:
    txn.delete(JOB.key(number))
    txn.delete(JOB_DUE.key(record.kind, record.due, number))
    if record.key is not None:
        txn.delete(JOB_KEY.key(record.key))


def _read(txn: ReadTransaction, number: int) -> JobRecord | None:
    value = txn.get(JOB.key(number))
    return None if value is None else _RECORD.decode(value)


def _write(txn: WriteTransaction, number: int, record: JobRecord) -> None:
    txn.put(JOB.key(number), _ENCODER.encode(record))


def _job(number: int, record: JobRecord) -> Job:
    return Job(number, record.kind, record.body, record.due, record.key, record.attempts, record.state, record.error)
