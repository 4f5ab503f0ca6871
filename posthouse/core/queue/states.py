"""A recipient's way from state to state, and what the indexes say of it; for use inside operations."""

from __future__ import annotations

import zlib

import msgspec

from posthouse.core.queue.records import QueuedMessage, QueuedRecipient, State, write_message, write_recipient
from posthouse.core.queue.settings import QueueSettings
from posthouse.storage.blobs.records import release
from posthouse.storage.contract import ReadTransaction, WriteTransaction
from posthouse.storage.spaces import QUEUE_DEADLINE, QUEUE_DUE, QUEUE_UNDERWAY

_SPREAD = 0.25  # a wait is so much longer or shorter than was computed, or less


class Pace(msgspec.Struct, array_like=True, frozen=True):
    """How long to wait after a failure, in ms: `first`, then twice that, never longer than `last`."""

    first: int
    last: int

    def wait(self, failures: int, salt: str) -> int:
        """The wait after so many failures. It is spread by `salt`, so that what failed together comes apart."""
        plain = min(self.first << min(failures - 1, 40), self.last)
        part = zlib.crc32(f"{salt} {failures}".encode()) / 0xFFFFFFFF
        return max(1, round(plain * (1 + _SPREAD * (2 * part - 1))))


def mail_pace(settings: QueueSettings) -> Pace:
    """For a recipient that was put off."""
    return Pace(settings.first_retry_seconds * 1000, settings.last_retry_seconds * 1000)


def host_pace(settings: QueueSettings) -> Pace:
    """For a destination that cannot be reached."""
    return Pace(settings.unreachable_retry_seconds * 1000, settings.last_retry_seconds * 1000)


def next_due(txn: ReadTransaction, destination: str) -> int | None:
    """When mail to a destination is due next (ms)."""
    for key, _ in txn.scan(*QUEUE_DUE.range(destination)):
        return int(QUEUE_DUE.parse(key)[1])
    return None


def take_out(txn: WriteTransaction, number: int, at: int, recipient: QueuedRecipient) -> None:
    """Have it neither due nor under way."""
    txn.delete(QUEUE_DUE.key(recipient.destination, recipient.due, number, at))
    txn.delete(QUEUE_UNDERWAY.key(recipient.destination, number, at))


def make_due(
    txn: WriteTransaction, number: int, at: int, recipient: QueuedRecipient, due: int, state: State, now: int
) -> None:
    """Have it wait, or be held, until `due`."""
    take_out(txn, number, at, recipient)
    if state != recipient.state:
        recipient.changed = now
    recipient.state, recipient.due = state, due
    txn.put(QUEUE_DUE.key(recipient.destination, due, number, at), b"")
    write_recipient(txn, number, at, recipient)


def set_deadline(txn: WriteTransaction, number: int, at: int, recipient: QueuedRecipient, deadline: int) -> None:
    """Have it looked at then, 0 for never; the caller stores the recipient."""
    if recipient.deadline:
        txn.delete(QUEUE_DEADLINE.key(recipient.deadline, number, at))
    recipient.deadline = deadline
    if deadline:
        txn.put(QUEUE_DEADLINE.key(deadline, number, at), b"")


def settle(
    txn: WriteTransaction,
    message: QueuedMessage,
    number: int,
    at: int,
    recipient: QueuedRecipient,
    state: State,
    now: int,
) -> None:
    """Give it a final state; the caller stores the message with `put_message`."""
    take_out(txn, number, at, recipient)
    set_deadline(txn, number, at, recipient, 0)
    recipient.state, recipient.due, recipient.changed = state, 0, now
    write_recipient(txn, number, at, recipient)
    message.open -= 1


def put_message(txn: WriteTransaction, number: int, message: QueuedMessage, was_open: int, now: int) -> None:
    """Store a message, `was_open` recipients of which were open before; the last one to be settled frees its octets."""
    if message.open == was_open:
        return
    if not message.open:
        release(txn, message.hash, now)
    write_message(txn, number, message)


def owes_report(message: QueuedMessage, recipient: QueuedRecipient) -> bool:
    """True when the sender may have to be told of a final state; exactly what and whether, the report's maker knows."""
    if not message.sender or "never" in recipient.notify or recipient.reported == recipient.state:
        return False
    if recipient.state == "failed":
        return True
    return recipient.state != "revoked" and ("success" in recipient.notify or message.deliver_by_trace)
