"""What happens to mail that waits too long: its sender is warned once, then it goes back; RFC 5321 4.5.4.1.

A time by which it must have been delivered (RFC 2852) ends it (R), or has its sender told (N).
"""

from __future__ import annotations

from itertools import islice

from posthouse.core.queue.records import (
    FINAL,
    QueuedMessage,
    QueuedRecipient,
    read_destination,
    read_message,
    read_recipient,
    write_message,
    write_recipient,
)
from posthouse.core.queue.states import owes_report, put_message, set_deadline, settle
from posthouse.core.queue.telling import need_report
from posthouse.core.trace.records import TraceEvent, append_events
from posthouse.storage.contract import ReadTransaction, WriteTransaction, operation, query
from posthouse.storage.spaces import QUEUE_DEADLINE

DEADLINES = "queue deadlines"  # the standing job
BUSY_MS = 60_000  # what is being sent is looked at again after this


@query
def next_deadline(txn: ReadTransaction) -> int | None:
    """When the next deadline is (ms)."""
    for key, _ in txn.scan(*QUEUE_DEADLINE.range()):
        return int(QUEUE_DEADLINE.parse(key)[0])
    return None


@operation
def pass_deadlines(txn: WriteTransaction, limit: int, now: int) -> int:
    """Do what is to be done at up to `limit` deadlines that have passed; how many there were."""
    start, _ = QUEUE_DEADLINE.range()
    entries = [QUEUE_DEADLINE.parse(key) for key, _ in islice(txn.scan(start, QUEUE_DEADLINE.prefix(now + 1)), limit)]
    for deadline, number, at in entries:
        txn.delete(QUEUE_DEADLINE.key(deadline, number, at))
        message, recipient = read_message(txn, number), read_recipient(txn, number, at)
        if message is not None and recipient is not None and recipient.state not in FINAL:
            recipient.deadline = 0
            _pass(txn, number, message, at, recipient, now)
    return len(entries)


def later_deadline(message: QueuedMessage, now: int) -> int:
    """The next deadline after the warning."""
    return min([at for at in (message.expires, message.deliver_by) if at > now], default=message.expires)


def _pass(
    txn: WriteTransaction, number: int, message: QueuedMessage, at: int, recipient: QueuedRecipient, now: int
) -> None:
    is_late = 0 < message.deliver_by <= now
    if now >= message.expires or (is_late and message.deliver_by_mode == "R"):
        if recipient.state == "in transfer":  # it may arrive just now
            set_deadline(txn, number, at, recipient, now + BUSY_MS)
            write_recipient(txn, number, at, recipient)
        else:
            _expire(txn, number, message, at, recipient, now)
        return
    set_deadline(txn, number, at, recipient, later_deadline(message, now))
    write_recipient(txn, number, at, recipient)
    if not message.warned:
        message.warned = True
        write_message(txn, number, message)
    if message.sender and "never" not in recipient.notify and not recipient.reported:
        append_events(txn, number, [TraceEvent(now, "delayed", _fields(recipient))], [])
        need_report(txn, number, now)


def _fields(recipient: QueuedRecipient) -> dict[str, str]:
    words = {"answer": recipient.words} if recipient.words else {}
    return {"recipient": recipient.address, **words}


def _expire(
    txn: WriteTransaction, number: int, message: QueuedMessage, at: int, recipient: QueuedRecipient, now: int
) -> None:
    """Give up; the sender hears the last words. RFC 3463 3.5: X.4.7 is the delivery time that expired."""
    closed = read_destination(txn, recipient.destination)
    last = recipient.words or ("" if closed is None else closed.words)
    what = "not delivered in time" if now < message.expires else "tried for too long"
    recipient.words = f"{what}; the last answer was: {last}" if last else what
    recipient.status = "5.4.7" if now < message.expires else "4.4.7"
    recipient.code = 0  # the words are ours now
    append_events(txn, number, [TraceEvent(now, "failed", _fields(recipient))], [])
    was_open = message.open
    settle(txn, message, number, at, recipient, "failed", now)
    put_message(txn, number, message, was_open, now)
    if owes_report(message, recipient):
        need_report(txn, number, now)
