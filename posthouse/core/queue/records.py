"""What the queue keeps: a message, each of its recipients, and destinations that cannot be reached.

A destination is where a recipient's mail is carried: the recipient's domain; "@example.org" for the smart host of our
domain example.org; OWN, "@", for our own mailboxes (held mail, and reports to our users).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import msgspec

from posthouse.storage.contract import ReadTransaction, WriteTransaction
from posthouse.storage.spaces import DESTINATION, QUEUED, QUEUED_RECIPIENT

OWN = "@"

State = Literal["waiting", "held", "in transfer", "delivered", "relayed", "failed", "revoked"]
FINAL = frozenset({"delivered", "relayed", "failed", "revoked"})
Notify = Literal["never", "success", "failure", "delay"]


class QueuedMessage(msgspec.Struct, array_like=True, tag=1):
    """A message under way. What is sent is `prefix` and the octets of the blob `hash` from `start` on.

    `sender` is the envelope's, "" for reports. `domain` is that of ours on whose behalf it is sent: its smart host,
    its addresses. `account` is who submitted it, 0 for nobody. Times in ms.
    """

    sender: str
    domain: str
    account: int
    hash: bytes
    size: int  # of what is sent, in octets
    start: int
    prefix: bytes
    created: int
    expires: int
    held_until: int = 0
    utf8: bool = False  # SMTPUTF8 is needed (RFC 6531)
    body: Literal["7BIT", "8BITMIME", "BINARYMIME"] = "8BITMIME"
    ret: Literal["", "FULL", "HDRS"] = ""  # RFC 3461 4.3
    envelope_id: str = ""  # ENVID, decoded; RFC 3461 4.4
    require_tls: bool = False  # RFC 8689
    priority: int = 0  # RFC 6710
    deliver_by: int = 0  # when (ms) it must have been delivered, 0: no such wish; RFC 2852
    deliver_by_mode: Literal["", "N", "R"] = ""
    deliver_by_trace: bool = False
    message_id: str = ""
    subject: str = ""
    warned: bool = False  # the sender was told of the delay
    open: int = 0  # recipients whose state is not final: the blob is kept while there are any
    tls_optional: bool = False  # sent whatever is wrong with TLS (TLS-Required: No; RFC 8689 3)


class QueuedRecipient(msgspec.Struct, array_like=True, tag=1):
    """One recipient. `words` are the remote's last ones, `host` who said them, `reported` what the sender was told."""

    address: str
    destination: str
    state: State = "waiting"
    due: int = 0
    attempts: int = 0
    changed: int = 0  # when the state became what it is
    code: int = 0  # the last reply's, 0 without one
    status: str = ""  # the enhanced status code, "5.1.1"
    words: str = ""
    host: str = ""
    notify: tuple[Notify, ...] = ()  # () as by default: failures and delays; RFC 3461 4.1
    original: str = ""  # ORCPT as "rfc822;ann@example.net"; RFC 3461 4.2
    deadline: int = 0  # its entry in QUEUE_DEADLINE, 0 for none
    reported: State | Literal["", "delayed"] = ""


class DestinationRecord(msgspec.Struct, array_like=True, tag=1):
    """A destination that could not be reached: nothing is tried there before `until`."""

    failures: int
    since: int
    until: int
    words: str


ENCODER = msgspec.msgpack.Encoder()
_MESSAGE = msgspec.msgpack.Decoder(QueuedMessage)
_RECIPIENT = msgspec.msgpack.Decoder(QueuedRecipient)
_DESTINATION = msgspec.msgpack.Decoder(DestinationRecord)


def read_message(txn: ReadTransaction, message: int) -> QueuedMessage | None:
    """The message of that number."""
    value = txn.get(QUEUED.key(message))
    return None if value is None else _MESSAGE.decode(value)


def write_message(txn: WriteTransaction, message: int, record: QueuedMessage) -> None:
    """Store it."""
    txn.put(QUEUED.key(message), ENCODER.encode(record))


def read_recipient(txn: ReadTransaction, message: int, recipient: int) -> QueuedRecipient | None:
    """One recipient."""
    value = txn.get(QUEUED_RECIPIENT.key(message, recipient))
    return None if value is None else _RECIPIENT.decode(value)


def read_recipients(txn: ReadTransaction, message: int) -> dict[int, QueuedRecipient]:
    """All recipients of a message by their numbers, from 0 on."""
    return dict(scan_recipients(txn, message))


def scan_recipients(txn: ReadTransaction, message: int) -> Iterator[tuple[int, QueuedRecipient]]:
    """The same, one by one."""
    for key, value in txn.scan(*QUEUED_RECIPIENT.range(message)):
        yield QUEUED_RECIPIENT.parse(key)[1], _RECIPIENT.decode(value)


def write_recipient(txn: WriteTransaction, message: int, recipient: int, record: QueuedRecipient) -> None:
    """Store it."""
    txn.put(QUEUED_RECIPIENT.key(message, recipient), ENCODER.encode(record))


def read_destination(txn: ReadTransaction, destination: str) -> DestinationRecord | None:
    """What is known of a destination that could not be reached."""
    value = txn.get(DESTINATION.key(destination))
    return None if value is None else _DESTINATION.decode(value)


def scan_destinations(txn: ReadTransaction) -> Iterator[tuple[str, DestinationRecord]]:
    """All that could not be reached."""
    for key, value in txn.scan(*DESTINATION.range()):
        yield DESTINATION.parse(key)[0], _DESTINATION.decode(value)
