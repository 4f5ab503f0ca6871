"""Putting a letter into the queue, in the transaction that puts it into our own mailboxes."""

from __future__ import annotations

from typing import Literal

import msgspec

from posthouse.core.accounts.records import read_domain
from posthouse.core.accounts.sending import charge_sending, check_sending
from posthouse.core.delivery.deliver import Receipt, Target, deliver, deliver_to_all
from posthouse.core.mail.records import Letter
from posthouse.core.queue.records import (
    FINAL,
    OWN,
    Notify,
    QueuedMessage,
    QueuedRecipient,
    State,
    read_destination,
    write_message,
    write_recipient,
)
from posthouse.core.queue.telling import need_report
from posthouse.core.trace.records import TraceEvent, append_events
from posthouse.formats.address import is_literal, parse_address
from posthouse.storage.blobs.records import keep
from posthouse.storage.contract import ReadTransaction, WriteTransaction, operation
from posthouse.storage.jobs import need_job
from posthouse.storage.spaces import QUEUE_DEADLINE, QUEUE_DUE, QUEUED

NAMED, MARKED = 20, 1000  # recipients that a trace names, and those that it is found by
CARRY = "carry"  # the job that carries a destination's mail; its body and key name the destination


class NewRecipient(msgspec.Struct, array_like=True, frozen=True):
    """A recipient to queue. `own`: one of our mailboxes, by the address as given. Final states are only reported."""

    address: str
    own: bool = False
    state: State = "waiting"
    notify: tuple[Notify, ...] = ()
    original: str = ""


class Outbound(msgspec.Struct, array_like=True, frozen=True):
    """A message to queue, in QueuedMessage's fields. `warn_at` (ms, 0: never): when its sender hears of a delay.

    `named` is how many recipients its sender named, 0: these; of them its account may have `daily_recipients` in a day
    when it has no limit of its own, 0: any number.
    """

    number: int
    sender: str
    domain: str
    account: int
    recipients: list[NewRecipient]
    start: int
    prefix: bytes
    expires: int
    warn_at: int = 0
    held_until: int = 0
    utf8: bool = False
    body: Literal["7BIT", "8BITMIME", "BINARYMIME"] = "8BITMIME"
    ret: Literal["", "FULL", "HDRS"] = ""
    envelope_id: str = ""
    require_tls: bool = False
    priority: int = 0
    deliver_by: int = 0
    deliver_by_mode: Literal["", "N", "R"] = ""
    deliver_by_trace: bool = False
    tls_optional: bool = False
    named: int = 0
    daily_recipients: int = 0


@operation
def send(txn: WriteTransaction, letter: Letter, targets: list[Target], outbound: list[Outbound], now: int) -> int:
    """Put `letter` into all these mailboxes and queue it for all others, or do nothing; how many mailboxes have it.

    Raises OverQuota, MailboxGone, SendingLimit.
    """
    placed = deliver_to_all(txn, letter, targets, now) if targets else 0
    for message in outbound:
        enqueue(txn, letter, message, now)
        if message.account:
            named = message.named or len(message.recipients)
            # each of several sessions may have been told that there is room, and only here they come one by one
            check_sending(txn, message.account, named, now, message.daily_recipients)
            charge_sending(txn, message.account, named, now)
    return placed


@operation
def send_each(
    txn: WriteTransaction, letter: Letter, targets: list[Target], outbound: list[Outbound], now: int
) -> list[Receipt]:
    """The same for each recipient by itself: a full mailbox gets nothing while the others get theirs (`deliver`)."""
    receipts = deliver(txn, letter, targets, now)
    delivered = {receipt.recipient for receipt in receipts if receipt.reason is None}
    for message in outbound:
        recipients = [one for one in message.recipients if not one.own or one.address in delivered]
        if recipients:
            enqueue(txn, letter, msgspec.structs.replace(message, recipients=recipients), now)
    return receipts


def enqueue(txn: WriteTransaction, letter: Letter, new: Outbound, now: int) -> None:
    """Queue a letter, holding its blob while recipients wait."""
    message_number = new.number
    while txn.get(QUEUED.key(message_number)) is not None:  # two workers may draw the same one in the same ms
        message_number += 1
    domain = _home(txn, new.domain)
    message = QueuedMessage(
        sender=new.sender,
        domain=domain,
        account=new.account,
        hash=letter.blob.hash,
        size=len(new.prefix) + letter.size - new.start,
        start=new.start,
        prefix=new.prefix,
        created=now,
        expires=new.expires,
        held_until=new.held_until,
        utf8=new.utf8,
        body=new.body,
        ret=new.ret,
        envelope_id=new.envelope_id,
        require_tls=new.require_tls,
        priority=new.priority,
        deliver_by=new.deliver_by,
        deliver_by_mode=new.deliver_by_mode,
        deliver_by_trace=new.deliver_by_trace,
        message_id=letter.header.message_id,
        subject=letter.header.subject,
        tls_optional=new.tls_optional,
        open=sum(recipient.state not in FINAL for recipient in new.recipients),
    )
    write_message(txn, message_number, message)
    if message.open:
        _trace(txn, message_number, message, [recipient.address for recipient in new.recipients], now)
        keep(txn, letter.blob)
    due = max(now, new.held_until)
    deadline = min(at for at in (new.warn_at, new.expires, new.deliver_by) if at)
    destinations: set[str] = set()
    for number, recipient in enumerate(new.recipients):
        is_final = recipient.state in FINAL
        destination = OWN if recipient.own else destination_of(txn, domain, recipient.address)
        record = QueuedRecipient(
            recipient.address,
            destination,
            state="held" if due > now and not is_final else recipient.state,
            due=0 if is_final else due,
            changed=now,
            notify=recipient.notify,
            original=recipient.original,
            deadline=0 if is_final else deadline,
        )
        write_recipient(txn, message_number, number, record)
        if not is_final:
            txn.put(QUEUE_DUE.key(destination, due, message_number, number), b"")
            txn.put(QUEUE_DEADLINE.key(deadline, message_number, number), b"")
            destinations.add(destination)
    for destination in destinations:
        need_carrying(txn, destination, due)
    if any(one.state == "delivered" and "success" in one.notify for one in new.recipients):
        need_report(txn, message_number, now)


def _trace(txn: WriteTransaction, number: int, message: QueuedMessage, recipients: list[str], now: int) -> None:
    fields = {"sender": message.sender, "recipients": named(recipients)}
    marks = [message.sender, message.message_id, *recipients[:MARKED]]
    append_events(txn, number, [TraceEvent(now, "held" if message.held_until > now else "queued", fields)], marks)


def named(addresses: list[str]) -> str:
    """Addresses as a trace names them."""
    more = len(addresses) - NAMED
    return ", ".join(addresses[:NAMED]) + (f" and {more} more" if more > 0 else "")


def need_carrying(txn: WriteTransaction, destination: str, due: int) -> None:
    """Have mail to a destination carried at `due`, or when the destination is tried again."""
    closed = read_destination(txn, destination)
    at = due if closed is None else max(due, closed.until)
    need_job(txn, CARRY, destination.encode(), at, f"{CARRY} {destination}")
    txn.announce(carry_topic(destination))


def carry_topic(destination: str) -> str:
    """Announced when there is more to carry to a destination."""
    return f"carry/{destination}"


def destination_of(txn: ReadTransaction, domain: str, address: str) -> str:
    """Where mail to `address` on behalf of our `domain` is carried."""
    record = read_domain(txn, domain)
    if record is not None and record.smart_host is not None:
        return f"@{domain}"
    if is_literal(address):
        return address.rpartition("@")[2].lower()
    return parse_address(address).domain


def _home(txn: ReadTransaction, domain: str) -> str:
    """The domain whose alias this is, else itself."""
    record = read_domain(txn, domain)
    return domain if record is None or record.alias_of is None else record.alias_of
