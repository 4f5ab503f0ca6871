"""The queue's indexes and counters against its messages and their recipients."""

from __future__ import annotations

import msgspec

from posthouse.core.maintenance.faults import REBUILD, RESTORE, Fault
from posthouse.core.maintenance.records import scan_readable
from posthouse.core.queue.numbers import written
from posthouse.core.queue.records import FINAL, DestinationRecord, QueuedMessage, QueuedRecipient, write_message
from posthouse.core.queue.send import CARRY, need_carrying
from posthouse.storage.contract import ReadTransaction, WriteTransaction, operation, query
from posthouse.storage.jobs import has_job
from posthouse.storage.spaces import (
    DESTINATION,
    QUEUE_DEADLINE,
    QUEUE_DUE,
    QUEUE_UNDERWAY,
    QUEUED,
    QUEUED_RECIPIENT,
)

INDEXES = (QUEUE_DUE, QUEUE_UNDERWAY, QUEUE_DEADLINE)


class _Found(msgspec.Struct):
    """Messages whose `open` is wrong, what the indexes should hold, when each destination's mail is first due."""

    miscounted: dict[int, tuple[QueuedMessage, int]] = {}
    keys: set[bytes] = set()
    first_due: dict[str, int] = {}
    faults: list[Fault] = []


@query
def check_queue(txn: ReadTransaction) -> list[Fault]:
    """What does not fit."""
    found = _look(txn)
    faults = found.faults
    for number, (message, right) in found.miscounted.items():
        what = f"{right} of its recipients wait, {message.open} are counted"
        faults.append(Fault(_where(number), what, REBUILD))
    held = {key for space in INDEXES for key, _ in txn.scan(*space.range())}
    if missing := len(found.keys - held):
        faults.append(Fault("queue", f"{missing} entries of its indexes are missing", REBUILD))
    if stray := len(held - found.keys):
        faults.append(Fault("queue", f"{stray} entries of its indexes are of nothing that waits", REBUILD))
    for destination in found.first_due:
        if not has_job(txn, f"{CARRY} {destination}"):
            faults.append(Fault(f"queue to {destination}", "nothing is going to carry it", REBUILD))
    for (name,), record in scan_readable(txn, DESTINATION, DestinationRecord):
        if record is None:
            faults.append(Fault(f"queue to {name}", "why it is closed cannot be read", REBUILD))
    return faults


@operation
def mend_queue(txn: WriteTransaction) -> list[Fault]:
    """Make indexes and counters anew; the faults that there were."""
    faults = check_queue(txn)
    if not any(fault.mend == REBUILD for fault in faults):
        return faults
    found = _look(txn)
    for number, (message, right) in found.miscounted.items():
        message.open = right
        write_message(txn, number, message)
    for space in INDEXES:
        txn.delete_range(*space.range())
    for key in found.keys:
        txn.put(key, b"")
    for (name,), record in list(scan_readable(txn, DESTINATION, DestinationRecord)):
        if record is None:
            txn.delete(DESTINATION.key(name))
    for destination, due in found.first_due.items():
        need_carrying(txn, destination, due)
    return faults


def _look(txn: ReadTransaction) -> _Found:
    found = _Found()
    messages: dict[int, QueuedMessage] = {}
    open_: dict[int, int] = {}
    known: set[int] = set()
    for (number,), message in scan_readable(txn, QUEUED, QueuedMessage):
        known.add(number)
        if message is None:
            found.faults.append(Fault(_where(number), "its record cannot be read", RESTORE))
        else:
            messages[number], open_[number] = message, 0
    for (number, at), recipient in scan_readable(txn, QUEUED_RECIPIENT, QueuedRecipient):
        if recipient is None:
            found.faults.append(Fault(_where(number), f"its recipient {at} cannot be read", RESTORE))
            messages.pop(number, None)  # nobody knows how many of its recipients wait
        elif number not in known:
            found.faults.append(Fault(_where(number), f"it is gone, its recipient {recipient.address} is not", RESTORE))
        elif number in open_ and recipient.state not in FINAL:
            open_[number] += 1
            _add(found, number, at, recipient)
    for number, message in messages.items():
        if message.open != open_[number]:
            found.miscounted[number] = message, open_[number]
    return found


def _add(found: _Found, number: int, at: int, recipient: QueuedRecipient) -> None:
    destination = recipient.destination
    if recipient.state == "in transfer":
        found.keys.add(QUEUE_UNDERWAY.key(destination, number, at))
        found.first_due[destination] = 0
    elif recipient.state == "waiting" or recipient.due:  # what an operator holds is never due
        found.keys.add(QUEUE_DUE.key(destination, recipient.due, number, at))
        found.first_due[destination] = min(recipient.due, found.first_due.get(destination, recipient.due))
    if recipient.deadline:
        found.keys.add(QUEUE_DEADLINE.key(recipient.deadline, number, at))


def _where(number: int) -> str:
    return f"queued message {written(number)}"
