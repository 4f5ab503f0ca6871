"""What an operator sees of the queue and does with it, and what a user sees of their own mail's way."""

from __future__ import annotations

from collections.abc import Callable
from itertools import islice
from typing import get_args

import msgspec

from posthouse.core.accounts.records import read_account
from posthouse.core.queue.deadlines import later_deadline
from posthouse.core.queue.records import (
    FINAL,
    QueuedMessage,
    QueuedRecipient,
    State,
    read_destination,
    read_message,
    read_recipient,
    read_recipients,
    scan_destinations,
    write_message,
    write_recipient,
)
from posthouse.core.queue.send import named, need_carrying
from posthouse.core.queue.states import make_due, next_due, put_message, set_deadline, settle, take_out
from posthouse.core.trace.records import TraceEvent, append_events
from posthouse.storage.contract import ReadTransaction, Refused, WriteTransaction, operation, query
from posthouse.storage.spaces import DESTINATION, QUEUED, QUEUED_RECIPIENT

ALL: list[State] = list(get_args(State))
AGES = (900, 3600, 4 * 3600, 86_400, 3 * 86_400)  # seconds: the columns of a summary


class NoSuchMessage(Refused):
    """There is no such message in the queue. args: its number as people write it."""


class Filter(msgspec.Struct, array_like=True, frozen=True):
    """Which recipients: "" and [] for any; without `states`, those whose state is not final."""

    numbers: list[int] = []
    sender: str | None = None
    recipient: str = ""
    destination: str = ""
    states: list[State] = []


class Entry(msgspec.Struct, array_like=True, frozen=True):
    """One recipient of one message; `next_attempt` (ms) is 0 where none will be. Times in ms."""

    number: int
    at: int
    sender: str
    recipient: str
    destination: str
    state: State
    created: int
    changed: int
    expires: int
    next_attempt: int
    attempts: int
    code: int
    status: str
    words: str
    host: str
    size: int


class Page(msgspec.Struct, array_like=True, frozen=True):
    """Some entries, and the number of the last message that was looked at; None when there are no more."""

    entries: list[Entry]
    last: int | None


class Load(msgspec.Struct, array_like=True, frozen=True):
    """A destination's recipients by the age of their messages (AGES, then older); until when it is closed, and why."""

    destination: str
    recipients: int
    ages: list[int]
    closed_until: int
    words: str


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


@query
def list_queue(txn: ReadTransaction, wanted: Filter, after: int, limit: int) -> Page:
    """Entries of up to `limit` messages with numbers above `after`."""
    entries: list[Entry] = []
    keys = [key for key, _ in islice(txn.scan(QUEUED.key(after + 1), QUEUED.range()[1]), limit)]
    for key in keys:
        (after,) = QUEUED.parse(key)
        if not wanted.numbers or after in wanted.numbers:
            entries += _entries(txn, after, wanted)
    return Page(entries, after if len(keys) >= limit else None)


@query
def show_message(txn: ReadTransaction, number: int) -> QueuedMessage:
    """A message; raises NoSuchMessage."""
    message = read_message(txn, number)
    if message is None:
        raise NoSuchMessage(f"{number:016x}")
    return message


@query
def waiting_of(txn: ReadTransaction, number: int) -> list[Entry]:
    """The recipients of a message that still wait, with the last words of a host or of their destination."""
    return _entries(txn, number, Filter(states=["waiting", "held", "in transfer"]))


@query
def delivery_report(txn: ReadTransaction, account: int, number: int) -> list[Entry]:
    """What became of a message that this account submitted, by recipient; raises NoSuchMessage."""
    _submitted(txn, account, number)
    return _entries(txn, number, Filter(states=ALL))


@query
def summarize(txn: ReadTransaction, now: int) -> list[Load]:
    """What waits, by destination and age; the most first."""
    counts: dict[str, list[int]] = {}
    created: tuple[int, int] = (-1, 0)
    for key, value in txn.scan(*QUEUED_RECIPIENT.range()):
        recipient = msgspec.msgpack.decode(value, type=QueuedRecipient)
        if recipient.state in FINAL:
            continue
        number, _ = QUEUED_RECIPIENT.parse(key)
        if created[0] != number:
            message = read_message(txn, number)
            created = number, now if message is None else message.created
        age = (now - created[1]) // 1000
        column = sum(age >= limit for limit in AGES)
        counts.setdefault(recipient.destination, [0] * (len(AGES) + 1))[column] += 1
    closed = dict(scan_destinations(txn))
    loads = []
    for name, ages in counts.items():
        record = closed.get(name)
        until, words = (0, "") if record is None else (record.until, record.words)
        loads.append(Load(name, sum(ages), ages, until, words))
    return sorted(loads, key=lambda load: (-load.recipients, load.destination))


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
    _submitted(txn, account, number)
    record = read_account(txn, account)
    who = f"account {account}" if record is None else record.address
    return cancel(txn, [Pick(number, at) for at in read_recipients(txn, number)], who, now)


@operation
def purge_finished(txn: WriteTransaction, before: int, after: int, limit: int) -> int | None:
    """Forget what became of messages below `before` whose recipients all have it or never will.

    Looks at up to `limit` above `after`; the last that was looked at, None when there are no more.
    """
    scan = txn.scan(QUEUED.key(after + 1), QUEUED.key(before))
    numbers = [QUEUED.parse(key)[0] for key, _ in islice(scan, limit)]
    messages = ((number, read_message(txn, number)) for number in numbers)
    finished = [number for number, message in messages if message is not None and not message.open]
    for number in finished:
        txn.delete_range(*QUEUED_RECIPIENT.range(number))
        txn.delete(QUEUED.key(number))
    return numbers[-1] if len(numbers) >= limit else None


def _submitted(txn: ReadTransaction, account: int, number: int) -> None:
    message = read_message(txn, number)
    if message is None or not account or message.account != account:
        raise NoSuchMessage(f"{number:016x}")


def _entries(txn: ReadTransaction, number: int, wanted: Filter) -> list[Entry]:
    message = read_message(txn, number)
    if message is None or (wanted.sender is not None and message.sender != wanted.sender):
        return []
    if not wanted.states and not message.open:
        return []
    return [
        _entry(txn, number, at, message, recipient)
        for at, recipient in read_recipients(txn, number).items()
        if (recipient.state in wanted.states if wanted.states else recipient.state not in FINAL)
        and wanted.recipient in ("", recipient.address)
        and wanted.destination in ("", recipient.destination)
    ]


def _entry(txn: ReadTransaction, number: int, at: int, message: QueuedMessage, recipient: QueuedRecipient) -> Entry:
    closed = None
    if recipient.state == "waiting":
        closed = read_destination(txn, recipient.destination)
    next_attempt = recipient.due if recipient.state in ("waiting", "held") else 0
    return Entry(
        number=number,
        at=at,
        sender=message.sender,
        recipient=recipient.address,
        destination=recipient.destination,
        state=recipient.state,
        created=message.created,
        changed=recipient.changed,
        expires=message.expires,
        next_attempt=next_attempt if closed is None else max(next_attempt, closed.until),
        attempts=recipient.attempts,
        code=recipient.code,
        status=recipient.status,
        words=recipient.words or ("" if closed is None else closed.words),
        host=recipient.host,
        size=message.size,
    )


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
