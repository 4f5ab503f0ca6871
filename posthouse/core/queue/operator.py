"""What an operator does with mail in the queue, and a user with their own."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from posthouse.core.accounts.records import read_account
from posthouse.core.queue.deadlines import later_deadline
from posthouse.core.queue.records import (
    QueuedMessage,
    QueuedRecipient,
    State,
    read_message,
    read_recipient,
    read_recipients,
    write_message,
    write_recipient,
)
from posthouse.core.queue.send import named, need_carrying
from posthouse.core.queue.showing import check_submitter
from posthouse.core.queue.states import make_due, next_due, put_message, set_deadline, settle, take_out
from posthouse.core.trace.records import TraceEvent, append_events
from posthouse.storage.contract import WriteTransaction, operation
from posthouse.storage.spaces import DESTINATION


class Pick(msgspec.Struct, array_like=True, frozen=True):
    """One recipient of one message."""

    number: int
    at: int


class Spared(msgspec.Struct, array_like=True, frozen=True):
    """One that was left as it is, since its state is that."""

    number: int
    recipient: str
    state: State


class Deed(msgspec.Struct, frozen=True):
    """What is done to mail in the queue, by whom (an operator or an account, as people write it), when (ms)."""

    what: str
    who: str
    now: int


class Done(msgspec.Struct, array_like=True, frozen=True):
    """How many recipients were changed, and which could not be."""

    changed: int
    spared: list[Spared]


@operation
def hold(txn: WriteTransaction, picks: list[Pick], who: str, now: int) -> Done:
    """Keep mail here until it is released; its time does not run out meanwhile."""

    def change(message: QueuedMessage, pick: Pick, recipient: QueuedRecipient) -> None:
        take_out(txn, pick.number, pick.at, recipient)
        set_deadline(txn, pick.number, pick.at, recipient, 0)
        recipient.state, recipient.due, recipient.changed = "held", 0, now
        write_recipient(txn, pick.number, pick.at, recipient)

    return _each(txn, picks, ("waiting", "held"), change, Deed("held", who, now))


@operation
def release(txn: WriteTransaction, picks: list[Pick], who: str, now: int) -> Done:
    """Send held mail now; what has been held longer than mail is tried gets that time anew."""

    def change(message: QueuedMessage, pick: Pick, recipient: QueuedRecipient) -> None:
        if message.expires <= now:
            message.expires = now + message.expires - message.created
            write_message(txn, pick.number, message)
        if not recipient.deadline:
            set_deadline(txn, pick.number, pick.at, recipient, later_deadline(message, now))
        make_due(txn, pick.number, pick.at, recipient, now, "waiting", now)
        need_carrying(txn, recipient.destination, now)

    return _each(txn, picks, ("held",), change, Deed("released", who, now))


@operation
def retry(txn: WriteTransaction, picks: list[Pick], who: str, now: int) -> Done:
    """Try waiting mail now, also where nothing is to be tried for a while."""

    def change(message: QueuedMessage, pick: Pick, recipient: QueuedRecipient) -> None:
        txn.delete(DESTINATION.key(recipient.destination))
        make_due(txn, pick.number, pick.at, recipient, now, "waiting", now)
        need_carrying(txn, recipient.destination, now)

    return _each(txn, picks, ("waiting",), change, Deed("tried again", who, now))


@operation
def reopen(txn: WriteTransaction, destination: str) -> None:
    """Go to a destination at once, where mail is due and nothing was to be tried for a while: it has changed."""
    txn.delete(DESTINATION.key(destination))
    due = next_due(txn, destination)
    if due is not None:
        need_carrying(txn, destination, due)


@operation
def cancel(txn: WriteTransaction, picks: list[Pick], who: str, now: int) -> Done:
    """Send it never; what is being sent just now, or has been, cannot be called back."""

    def change(message: QueuedMessage, pick: Pick, recipient: QueuedRecipient) -> None:
        was_open = message.open
        settle(txn, message, pick.number, pick.at, recipient, "revoked", now)
        put_message(txn, pick.number, message, was_open, now)

    return _each(txn, picks, ("waiting", "held"), change, Deed("cancelled", who, now))


@operation
def revoke(txn: WriteTransaction, account: int, number: int, now: int) -> Done:
    """`cancel` by who submitted the message, for all of its recipients; raises NoSuchMessage."""
    check_submitter(txn, account, number)
    record = read_account(txn, account)
    who = f"account {account}" if record is None else record.address
    return cancel(txn, [Pick(number, at) for at in read_recipients(txn, number)], who, now)


def _each(
    txn: WriteTransaction,
    picks: list[Pick],
    states: tuple[State, ...],
    change: Callable[[QueuedMessage, Pick, QueuedRecipient], None],
    deed: Deed,
) -> Done:
    """Change those that are in one of these states, and write it into the traces of their messages."""
    changed: dict[int, list[str]] = {}
    spared = []
    for pick in picks:
        message, recipient = read_message(txn, pick.number), read_recipient(txn, pick.number, pick.at)
        if message is None or recipient is None:
            continue
        if recipient.state not in states:
            spared.append(Spared(pick.number, recipient.address, recipient.state))
            continue
        change(message, pick, recipient)
        changed.setdefault(pick.number, []).append(recipient.address)
    for number, addresses in changed.items():
        fields = {"by": deed.who, "recipients": named(addresses)}
        append_events(txn, number, [TraceEvent(deed.now, deed.what, fields)], [])
    return Done(sum(map(len, changed.values())), spared)
