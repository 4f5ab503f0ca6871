"""What senders are to be told of their mail, and writing down that they were; RFC 3461 4.1 and 5, RFC 2852 4."""

from __future__ import annotations

import msgspec

from posthouse.core.accounts.errors import RelayDenied
from posthouse.core.accounts.resolve import resolve
from posthouse.core.delivery.deliver import Target, deliver
from posthouse.core.mail.records import Letter
from posthouse.core.queue.numbers import written
from posthouse.core.queue.records import (
    FINAL,
    OWN,
    QueuedMessage,
    QueuedRecipient,
    read_message,
    read_recipient,
    scan_recipients,
    write_recipient,
)
from posthouse.core.queue.send import NewRecipient, Outbound, enqueue
from posthouse.core.trace.records import TraceEvent, append_events
from posthouse.formats.dsn.report import Action
from posthouse.storage.blobs.records import BlobPlace, place
from posthouse.storage.contract import ReadTransaction, Refused, WriteTransaction, operation, query

RECIPIENTS_AT_ONCE = 200  # in one report, which takes some 3 ms to write; more make another
TRACED = 20  # recipients that a trace names


class News(msgspec.Struct, array_like=True, frozen=True):
    """What a sender is to be told: recipients by their numbers, each with what became of it.

    The report goes to `accounts` of ours and to addresses `outside`. `place` is where the message's octets are.
    """

    message: QueuedMessage
    recipients: list[tuple[int, QueuedRecipient, Action]]
    accounts: list[int]
    outside: list[str]
    place: BlobPlace | None


class Told(msgspec.Struct, array_like=True, frozen=True):
    """A recipient as it was when a report of it was written."""

    number: int
    recipient: QueuedRecipient


def to_tell(message: QueuedMessage, recipient: QueuedRecipient, now: int) -> Action | None:
    """What the sender is to be told of a recipient and has not been told yet.

    Nobody is told of a report, whose sender is empty (RFC 3461 6), nor of what they revoked. Where the other server
    took over to report (Outcome.reports), whoever writes that down sets `reported` as well.
    """
    notify = recipient.notify
    if not message.sender or "never" in notify or recipient.reported == recipient.state:
        return None
    if recipient.state == "failed":
        return "failed" if not notify or "failure" in notify else None
    if recipient.state in ("delivered", "relayed"):
        if "success" in notify:
            # another server has it and will not say what becomes of it: RFC 3461 5.2.2
            return "delivered" if recipient.destination == OWN else "relayed"
        return "relayed" if message.deliver_by_trace and recipient.destination != OWN else None
    if recipient.state in ("revoked", "held") or not message.warned or recipient.reported:
        return None
    is_late = message.deliver_by_mode == "N" and message.deliver_by <= now
    return "delayed" if not notify or "delay" in notify or is_late else None


@query
def read_news(txn: ReadTransaction, number: int, now: int) -> News | None:
    """What the sender of a message is to be told and is not yet; None for nothing, or nobody."""
    message = read_message(txn, number)
    if message is None or not message.sender:
        return None
    recipients: list[tuple[int, QueuedRecipient, Action]] = []
    for at, recipient in scan_recipients(txn, number):
        action = to_tell(message, recipient, now)
        if action is not None:
            recipients.append((at, recipient, action))
            if len(recipients) >= RECIPIENTS_AT_ONCE:
                break
    if not recipients:
        return None
    accounts, outside = _whom(txn, message)
    if not accounts and not outside:
        return None
    return News(message, recipients, accounts, outside, place(txn, message.hash))


@operation
def tell(
    txn: WriteTransaction,
    number: int,
    told: list[Told],
    letter: Letter,
    accounts: list[int],
    outbound: Outbound,
    now: int,
) -> bool:
    """Put a report into these mailboxes and queue it for the recipients of `outbound`, who may be none.

    A mailbox that is full gets it later. False, and nothing is done, when of what it says something has been told
    or has changed meanwhile.
    """
    for one in told:
        if read_recipient(txn, number, one.number) != one.recipient:
            return False
    for one in told:
        reported = one.recipient.state if one.recipient.state in FINAL else "delayed"
        write_recipient(txn, number, one.number, msgspec.structs.replace(one.recipient, reported=reported))
    message = read_message(txn, number)
    assert message is not None, "its recipients are there"
    recipients = list(outbound.recipients)
    targets = [Target(message.sender, account) for account in accounts]
    receipts = deliver(txn, letter, targets, now) if targets else []
    if any(receipt.reason == "over quota" for receipt in receipts):
        recipients.append(NewRecipient(message.sender, own=True, notify=("never",)))
    if recipients:
        enqueue(txn, letter, msgspec.structs.replace(outbound, recipients=recipients), now)
    about = {f"recipient {one.number}": f"{one.recipient.address} {one.recipient.state}" for one in told[:TRACED]}
    event = TraceEvent(now, "reported", {"to": message.sender, "report": written(outbound.number), **about})
    append_events(txn, number, [event], [])
    append_events(txn, outbound.number, [TraceEvent(now, "composed", {"report of": written(number)})], [message.sender])
    return True


def _whom(txn: ReadTransaction, message: QueuedMessage) -> tuple[list[int], list[str]]:
    """The accounts of ours and the addresses elsewhere that are told: where mail to the sender goes, turned back (SRS).

    When that leads nowhere, the account that sent it.
    """
    try:
        found = resolve(txn, message.sender, "")
        return found.accounts, [onward.address for onward in found.onward]
    except RelayDenied:
        return [], [message.sender]
    except Refused:
        return [message.account] if message.account else [], []
