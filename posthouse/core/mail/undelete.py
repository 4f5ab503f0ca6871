"""What was expunged and can be put back for a while: looking at it, putting it back, and forgetting it.

`remove_items` writes an `ExpungedRecord` in the transaction that takes messages out of a mailbox. Until that is
forgotten the messages keep all that they are made of; only their place is there and in no mailbox.
"""

from __future__ import annotations

import msgspec

from posthouse.core.accounts.quota import charge
from posthouse.core.mail.errors import NoSuchMailbox, TooManyKeywords
from posthouse.core.mail.flags import DELETED
from posthouse.core.mail.keywords import keyword_bits, named_by
from posthouse.core.mail.mailboxes import KIND, add_mailbox, canonical_name, receiving
from posthouse.core.mail.places import create_item, forget_message
from posthouse.core.mail.records import ExpungedRecord, decode_expunged, decode_message
from posthouse.core.mail.search_folders.errors import NoMainMailbox
from posthouse.core.mail.settings import MailSettings
from posthouse.storage.changes import Revision
from posthouse.storage.collections import read_collection
from posthouse.storage.contract import ReadTransaction, WriteTransaction, operation, query
from posthouse.storage.items import Item, decode_item
from posthouse.storage.spaces import EXPUNGED, MESSAGE

UNREADABLE = (msgspec.MsgspecError, ValueError)


class Choice(msgspec.Struct, array_like=True, frozen=True):
    """What is meant of the expunged mail: what went from `since` (ms) on, out of `mailbox` or any."""

    since: int = 0
    mailbox: str | None = None

    def has(self, record: ExpungedRecord) -> bool:
        """True for what went out of that mailbox."""
        return self.mailbox is None or record.name == canonical_name(self.mailbox)


class ExpungedShown(msgspec.Struct, array_like=True, frozen=True):
    """A message that can be put back; times in ms since the epoch."""

    expunged: int
    mailbox: str
    received: int
    octets: int
    sender: str
    subject: str


class ExpungedPage(msgspec.Struct, array_like=True, frozen=True):
    """Some of them, in the order in which they went; the next page begins behind `last`, None at the end."""

    messages: list[ExpungedShown]
    last: bytes | None


class Undeleted(msgspec.Struct, array_like=True, frozen=True):
    """How many messages were put back, in all how many octets; go on behind `last`, None at the end."""

    messages: int
    octets: int
    last: bytes | None


@query
def expunged_page(txn: ReadTransaction, account: int, choice: Choice, after: bytes, limit: int) -> ExpungedPage:
    """About `limit` messages behind `after`, b"" to begin."""
    shown: list[ExpungedShown] = []
    start, end = _span(account, choice, after)
    last = None
    for key, record in _some(txn, start, end, choice, limit):
        shown += _show(txn, account, EXPUNGED.parse(key)[1], record)
        last = key
    return ExpungedPage(shown, last)


@operation
def undelete_some(
    txn: WriteTransaction,
    account: int,
    choice: Choice,
    into: str | None,
    after: bytes,
    limit: int,
    now: int,
    mail: MailSettings,
) -> Undeleted:
    """Put about `limit` messages back behind `after`, b"" to begin: with new UIDs, into `into` or where they were.

    A mailbox that is not there is made, with those above it. Raises OverQuota, and what making a
    mailbox refuses with.
    """
    messages = octets = 0
    last: bytes | None = None
    start, end = _span(account, choice, after)
    with Revision(txn, account) as revision:
        made = False
        for key, record in _some(txn, start, end, choice, limit):
            name = record.name if into is None else into
            number = _place(txn, account, record, into)
            if number is None:
                if made:
                    break  # one that is being made is not seen before this operation's end
                number, made = add_mailbox(revision, name, now, mail), True
            for item in [decode_item(each) for each in record.items]:
                if txn.get(MESSAGE.key(account, item.object)) is None:
                    continue  # it is lost
                create_item(revision, number, _renewed(revision, number, item, record, now))
                messages += 1
                octets += item.size
            txn.delete(key)
            last = key
        if messages:
            charge(txn, account, messages, octets)
    return Undeleted(messages, octets, last)


@operation
def forget_expunged(txn: WriteTransaction, account: int, before: int, limit: int, now: int) -> int | None:
    """Forget about `limit` messages that went before then (ms), of this account and those behind it.

    The account to go on with; None at the end.
    """
    left = limit
    start, end = EXPUNGED.key(account, 0, 0, 0, 0), EXPUNGED.range()[1]
    while left > 0:
        found = next(iter(txn.scan(start, end)), None)
        if found is None:
            return None
        key, value = found
        account, when = EXPUNGED.parse(key)[:2]
        if when < before:
            left -= _forget(txn, account, key, value, now)
            start = key
        else:
            left -= 1
            start, account = EXPUNGED.range(account)[1], account + 1
    return account


def erase_expunged(txn: WriteTransaction, account: int, limit: int, now: int) -> int:
    """Forget about `limit` messages of an account that is being erased; how many."""
    seen = 0
    while seen < limit and (found := next(iter(txn.scan(*EXPUNGED.range(account))), None)) is not None:
        seen += _forget(txn, account, *found, now)
    return seen


def _forget(txn: WriteTransaction, account: int, key: bytes, value: bytes, now: int) -> int:
    try:
        items = [decode_item(each) for each in decode_expunged(value).items]
    except UNREADABLE:
        items = []  # a rebuild finds whose messages nothing shows
    for item in items:
        forget_message(txn, account, item.object, now)
    txn.delete(key)
    return max(1, len(items))


def _span(account: int, choice: Choice, after: bytes) -> tuple[bytes, bytes]:
    start, end = EXPUNGED.range(account)
    first = EXPUNGED.key(account, choice.since, 0, 0, 0) if choice.since > 0 else start
    return max(first, after + b"\x00" if after else start), end


def _some(
    txn: ReadTransaction, start: bytes, end: bytes, choice: Choice, limit: int
) -> list[tuple[bytes, ExpungedRecord]]:
    chosen: list[tuple[bytes, ExpungedRecord]] = []
    count = 0
    for key, value in txn.scan(start, end):
        try:
            record = decode_expunged(value)
        except UNREADABLE:
            continue  # a rebuild finds whose messages nothing shows
        if choice.has(record):
            chosen.append((key, record))
            count += len(record.items)
        if count >= limit:
            break
    return chosen


def _place(txn: ReadTransaction, account: int, record: ExpungedRecord, into: str | None) -> int | None:
    """The mailbox to put it into: the very one, whatever it is called now, or one of that name; None without one."""
    held = read_collection(txn, account, record.collection) if into is None else None
    if held is not None and held.kind == KIND:
        return record.collection
    try:
        return receiving(txn, account, record.name if into is None else into).number
    except (NoSuchMailbox, NoMainMailbox):
        return None


def _renewed(revision: Revision, mailbox: int, item: Item, record: ExpungedRecord, now: int) -> Item:
    held = named_by(record.keywords, item.keywords)
    try:
        keywords = keyword_bits(revision.collection(mailbox), held)
    except TooManyKeywords:
        keywords = 0  # the message is worth more than they are
    return Item(item.flags & ~DELETED, 0, item.object, item.received, now, item.size, keywords)


def _show(txn: ReadTransaction, account: int, when: int, record: ExpungedRecord) -> list[ExpungedShown]:
    shown = []
    items = [decode_item(each) for each in record.items]
    values = txn.get_many([MESSAGE.key(account, item.object) for item in items])
    for item, value in zip(items, values, strict=True):
        if value is not None:
            header = decode_message(value).header
            shown.append(ExpungedShown(when, record.name, item.received, item.size, header.from_, header.subject))
    return shown
