"""What an operator sees of the queue, and what a user sees of their own mail's way."""

from __future__ import annotations

from itertools import islice
from typing import get_args

import msgspec

from posthouse.core.queue.records import (
    FINAL,
    QueuedMessage,
    QueuedRecipient,
    State,
    read_destination,
    read_message,
    read_recipients,
    scan_destinations,
)
from posthouse.storage.contract import ReadTransaction, Refused, query
from posthouse.storage.spaces import QUEUED, QUEUED_RECIPIENT

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
    check_submitter(txn, account, number)
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


def check_submitter(txn: ReadTransaction, account: int, number: int) -> None:
    """Raise NoSuchMessage unless that account submitted the message."""
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
