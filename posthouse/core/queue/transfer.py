"""Messages taken from the queue to be carried, and what became of them; each step is in the store before the next.

Whoever dies leaves recipients "in transfer": `begin` puts them back, so nothing is lost, and what the remote accepted
in the moment before is sent once more.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Literal

import msgspec

from posthouse.core.accounts.records import read_domain
from posthouse.core.queue.contracts import CarriedRecipient, Outcome
from posthouse.core.queue.records import (
    ENCODER,
    FINAL,
    OWN,
    DestinationRecord,
    QueuedMessage,
    QueuedRecipient,
    State,
    read_destination,
    read_message,
    read_recipient,
    write_recipient,
)
from posthouse.core.queue.send import destination_of, need_carrying
from posthouse.core.queue.states import Pace, make_due, next_due, owes_report, put_message, settle, take_out
from posthouse.core.queue.telling import need_report
from posthouse.core.trace.records import TraceEvent, append_events
from posthouse.storage.contract import ReadTransaction, WriteTransaction, operation
from posthouse.storage.jobs import Lease, end_job, holds_job, put_off_job
from posthouse.storage.spaces import DESTINATION, QUEUE_DUE, QUEUE_UNDERWAY

MOST_RECIPIENTS = 500  # in one batch: other writers wait so long


class Taken(msgspec.Struct, array_like=True, frozen=True):
    """A message and those of its recipients that are to be carried now."""

    number: int
    message: QueuedMessage
    recipients: list[CarriedRecipient]


class Batch(msgspec.Struct, array_like=True, frozen=True):
    """Messages to carry, and when (ms) the next one is due."""

    messages: list[Taken]
    next_due: int | None


class Carried(msgspec.Struct, array_like=True, frozen=True):
    """What became of recipients of a message; `final` False where a smart host took it."""

    number: int
    outcomes: list[Outcome]
    final: bool = True


@operation
def begin(txn: WriteTransaction, destination: str, now: int) -> Literal["open", "doubtful", "closed"]:
    """Put back what a courier left who died; "closed" while nothing is to be tried at this destination.

    "doubtful": it was not reached the last time.
    """
    _put_back(txn, destination, now)
    closed = read_destination(txn, destination)
    if closed is None:
        return "open"
    return "doubtful" if closed.until <= now else "closed"


@operation
def take(txn: WriteTransaction, destination: str, limit: int, recipients_each: int, now: int) -> Batch:
    """Mark up to `limit` messages "in transfer", what is due first, of those taken the urgent ones first (RFC 6710).

    A message with more than `recipients_each` due recipients is taken in several parts. Mail whose way has changed
    (a smart host more, or less) goes over to its new destination.
    """
    parts: list[tuple[int, QueuedMessage, list[tuple[int, QueuedRecipient]]]] = []
    moved: list[tuple[int, QueuedMessage, int, QueuedRecipient]] = []
    broken: list[bytes] = []
    smart: dict[str, bool] = {}
    for key, number, at in islice(_due(txn, destination, now), MOST_RECIPIENTS):
        if not parts or parts[-1][0] != number or len(parts[-1][2]) >= recipients_each:
            if len(parts) >= limit:
                break
            message = _readable_message(txn, number)
            if message is None:
                broken.append(key)
                continue
            parts.append((number, message, []))
        message = parts[-1][1]
        recipient = _readable_recipient(txn, number, at)
        if recipient is None:
            broken.append(key)
        elif _has_moved(txn, destination, message.domain, smart):
            moved.append((number, message, at, recipient))
        else:
            parts[-1][2].append((at, recipient))
    for key in broken:
        txn.delete(key)  # a rebuild says what is wrong with it; the others must go on
    for number, message, at, recipient in moved:
        _move(txn, number, message, at, recipient, now)
    taken = []
    for number, message, recipients in parts:
        carried = []
        for at, recipient in recipients:
            take_out(txn, number, at, recipient)
            txn.put(QUEUE_UNDERWAY.key(destination, number, at), b"")
            recipient.state, recipient.changed = "in transfer", now
            write_recipient(txn, number, at, recipient)
            carried.append(CarriedRecipient(at, recipient.address, recipient.notify, recipient.original))
        if carried:
            taken.append(Taken(number, message, carried))
    taken.sort(key=lambda one: -one.message.priority)
    return Batch(taken, next_due(txn, destination))


@operation
def record(txn: WriteTransaction, destination: str, carried: list[Carried], pace: Pace, now: int) -> None:
    """Write down what became of recipients. A destination that answered is open again."""
    for one in carried:
        record_outcomes(txn, one, pace, now)
    if any(outcome.code for one in carried for outcome in one.outcomes):
        txn.delete(DESTINATION.key(destination))


def record_outcomes(txn: WriteTransaction, carried: Carried, pace: Pace, now: int) -> None:
    """Write down what became of recipients of one message; for use inside operations."""
    message = read_message(txn, carried.number)
    if message is None:
        return
    was_open = message.open
    owed = False
    for outcome in carried.outcomes:
        recipient = read_recipient(txn, carried.number, outcome.recipient)
        if recipient is None or recipient.state in FINAL:
            continue
        if outcome.again == "at once":  # one too many for one transaction, and no fault of its own
            make_due(txn, carried.number, outcome.recipient, recipient, now, "waiting", now)
            continue
        recipient.code, recipient.status = outcome.code, outcome.status
        recipient.words, recipient.host = outcome.words, outcome.host
        recipient.attempts += 1
        number, at = carried.number, outcome.recipient
        append_events(txn, number, [_step(recipient.address, outcome, now)], [])
        if outcome.result == "later":
            due = now + pace.wait(recipient.attempts, f"{number} {at}")
            make_due(txn, number, at, recipient, due, "waiting", now)
            continue
        if outcome.result == "refused":
            settle(txn, message, number, at, recipient, "failed", now)
        else:
            state: State = "delivered" if carried.final else "relayed"
            if outcome.reports:
                recipient.reported = state
            settle(txn, message, number, at, recipient, state, now)
        owed = owed or owes_report(message, recipient)
    put_message(txn, carried.number, message, was_open, now)
    if owed:
        need_report(txn, carried.number, now)


STEPS = {"taken": "carried", "later": "delayed", "refused": "failed"}


def _step(address: str, outcome: Outcome, now: int) -> TraceEvent:
    """What stands of it in the letter's trace."""
    answer = " ".join(str(part) for part in (outcome.code or "", outcome.status, outcome.words) if part)
    fields = {"recipient": address, "host": outcome.host, "answer": answer}
    return TraceEvent(now, STEPS[outcome.result], {name: value for name, value in fields.items() if value})


@operation
def close(txn: WriteTransaction, destination: str, words: str, pace: Pace, now: int) -> int:
    """Try nothing there for a while, longer each time; until when (ms). What is in transfer waits again."""
    closed = read_destination(txn, destination) or DestinationRecord(0, now, 0, "")
    closed.failures += 1
    closed.until = now + pace.wait(closed.failures, destination)
    closed.words = words
    txn.put(DESTINATION.key(destination), ENCODER.encode(closed))
    messages = _put_back(txn, destination, now)
    if closed.failures == 1:  # how it goes on, a trace shows from what is kept of the destination
        fields = {"destination": destination, "answer": words}
        for number in messages:
            append_events(txn, number, [TraceEvent(now, "not reached", fields)], [])
    return closed.until


@operation
def finish(txn: WriteTransaction, lease: Lease, destination: bytes, now: int) -> bool:
    """End the job that carries mail to a destination, or put it off until more is due; False when it is lost."""
    if not holds_job(txn, lease):
        return False
    name = destination.decode()
    _put_back(txn, name, now)
    due = next_due(txn, name)
    closed = read_destination(txn, name)
    if due is None:
        txn.delete(DESTINATION.key(name))
        return end_job(txn, lease)
    return put_off_job(txn, lease, due if closed is None else max(due, closed.until))


def _due(txn: ReadTransaction, destination: str, now: int) -> Iterator[tuple[bytes, int, int]]:
    for key, _ in txn.scan(QUEUE_DUE.prefix(destination), QUEUE_DUE.prefix(destination, now + 1)):
        _, _, number, at = QUEUE_DUE.parse(key)
        yield key, number, at


def _put_back(txn: WriteTransaction, destination: str, now: int) -> set[int]:
    """What is in transfer waits again, due as it was; the messages."""
    messages = set()
    for key, _ in list(txn.scan(*QUEUE_UNDERWAY.range(destination))):
        _, number, at = QUEUE_UNDERWAY.parse(key)
        recipient = _readable_recipient(txn, number, at)
        if recipient is not None and recipient.state == "in transfer":
            make_due(txn, number, at, recipient, recipient.due, "waiting", now)
            messages.add(number)
        else:
            txn.delete(key)
    return messages


def _has_moved(txn: ReadTransaction, destination: str, domain: str, smart: dict[str, bool]) -> bool:
    """True when mail of our `domain` does not go this way any more; `smart` remembers which have a smart host."""
    if destination == OWN:
        return False
    if domain not in smart:
        ours = read_domain(txn, domain)
        smart[domain] = ours is not None and ours.smart_host is not None
    return smart[domain] != destination.startswith(OWN)


def _move(
    txn: WriteTransaction, number: int, message: QueuedMessage, at: int, recipient: QueuedRecipient, now: int
) -> None:
    take_out(txn, number, at, recipient)
    recipient.destination = destination_of(txn, message.domain, recipient.address)
    make_due(txn, number, at, recipient, now, "waiting", now)
    need_carrying(txn, recipient.destination, now)


def _readable_message(txn: ReadTransaction, number: int) -> QueuedMessage | None:
    try:
        return read_message(txn, number)
    except (msgspec.MsgspecError, ValueError):
        return None


def _readable_recipient(txn: ReadTransaction, number: int, at: int) -> QueuedRecipient | None:
    try:
        return read_recipient(txn, number, at)
    except (msgspec.MsgspecError, ValueError):
        return None
