"""What is done to messages in a search folder is done to the messages themselves, in the mailboxes where they are.

The folder's items follow in the same operation, so that whoever did it is told of it like in any mailbox.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from posthouse.core.mail import messages
from posthouse.core.mail.errors import NoSuchMailbox, NoSuchMessage
from posthouse.core.mail.finding import Found
from posthouse.core.mail.flagging import Stored, flagged
from posthouse.core.mail.flags import DELETED, FlagChange
from posthouse.core.mail.keywords import keyword_bits
from posthouse.core.mail.mailboxes import receiving
from posthouse.core.mail.messages import Appended, Copied
from posthouse.core.mail.places import copy_items, move_items, remove_items, replace_flags, take_out
from posthouse.core.mail.records import Letter
from posthouse.core.mail.search_folders.records import SEARCH_KIND, decode_source, remove_member
from posthouse.core.mail.search_folders.settling import mirrored_keywords
from posthouse.core.mail.transfer import copy_across
from posthouse.storage import ranges as uid_ranges
from posthouse.storage.changes import Revision
from posthouse.storage.collections import CollectionRecord, read_collection
from posthouse.storage.contract import ReadTransaction, WriteTransaction, operation, query
from posthouse.storage.item_bytes import Items
from posthouse.storage.items import Item, decode_item, scan_ranges
from posthouse.storage.ranges import Range
from posthouse.storage.spaces import ITEM, SEARCH_MEMBER, SEARCH_SOURCE


class Shown(msgspec.Struct, frozen=True):
    """An item of the folder, and the message that it shows: `value` as it stands at `there` in `mailbox`."""

    uid: int
    item: Item
    mailbox: int
    there: int
    value: bytes


@operation
def store_flags(
    txn: WriteTransaction,
    account: int,
    folder: int,
    ranges: list[Range],
    change: FlagChange,
    unchanged_since: int | None,
) -> Stored:
    """As `messages.store_flags`; messages whose flags are others than the folder knows have changed, too."""
    record = _folder(txn, account, folder)
    now: list[tuple[int, tuple[int, int, int]]] = []
    failed: list[Range] = []
    modseq = 0
    with Revision(txn, account) as revision:
        for one in list(_shown(txn, account, folder, ranges)):
            item = decode_item(one.value)
            source = revision.collection(one.mailbox)
            mine = one.item
            known = (mine.flags, mine.keywords) == (item.flags, _mirrored(revision, folder, source, item))
            if unchanged_since is not None and (mine.modseq > unchanged_since or not known):
                uid_ranges.add(failed, one.uid)
                continue
            flags, keywords = change.apply(item.flags, item.keywords, keyword_bits(source, change.keywords))
            if (flags, keywords) != (item.flags, item.keywords):
                replace_flags(revision, one.mailbox, one.there, item, flags, keywords)
            mirrored = _mirrored(revision, folder, source, item)
            if (mine.flags, mine.keywords) != (flags, mirrored):
                replace_flags(revision, folder, one.uid, mine, flags, mirrored)
                modseq = revision.modseq
            now.append((one.uid, (flags, mirrored, mine.modseq)))
        record = revision.collection(folder)
    return Stored(modseq, tuple(record.keywords), flagged(now), failed)


@operation
def expunge(txn: WriteTransaction, account: int, folder: int, ranges: list[Range], now: int) -> list[Range]:
    """As `messages.expunge`: remove the messages that the folder shows from their mailboxes."""
    _folder(txn, account, folder)
    doomed = [one for one in _shown(txn, account, folder, ranges) if decode_item(one.value).flags & DELETED]
    with Revision(txn, account) as revision:
        _remove(revision, folder, doomed, now)
    return uid_ranges.runs([one.uid for one in doomed])


@operation
def transfer(
    txn: WriteTransaction, account: int, folder: int, ranges: list[Range], to: Found, keep_source: bool, now: int
) -> Copied:
    """As `transfer.transfer`: copy the messages that the folder shows, or move them out of their mailboxes."""
    _folder(txn, account, folder)
    target = receiving(txn, to.account, to.name)
    some = list(_shown(txn, account, folder, ranges))
    uids: list[int] = []
    if to.account == account:
        with Revision(txn, account) as revision:
            for run in _runs(some):
                work = copy_items if keep_source else move_items
                uids += work(revision, run[0].mailbox, _sources(run), target.number, now)
    else:
        for run in _runs(some):
            source = read_collection(txn, account, run[0].mailbox)
            names = [] if source is None else source.keywords
            uids += copy_across(txn, account, names, _sources(run).values, to, target.number, now)
        if not keep_source:
            with Revision(txn, account) as revision:
                _remove(revision, folder, some, now)
    left = uid_ranges.runs([one.uid for one in some])
    return Copied(target.record.uid_validity, left, uid_ranges.runs(uids), target.main)


@operation
def replace(
    txn: WriteTransaction,
    account: int,
    folder: int,
    uid: int,
    into: int,
    name: str,
    letters: list[Letter],
    flags: list[tuple[int, tuple[str, ...]]],
    received: list[int],
    now: int,
) -> Appended:
    """As `messages.replace`, the message that the folder shows."""
    _folder(txn, account, folder)
    for one in _shown(txn, account, folder, [(uid, uid)]):
        with Revision(txn, account) as revision:
            _take_out(revision, folder, one)
        return messages.replace(txn, account, one.mailbox, one.there, into, name, letters, flags, received, now)
    raise NoSuchMessage(uid)


@query
def shown_as(txn: ReadTransaction, account: int, folder: int, mailbox: int, uids: list[int]) -> list[int]:
    """The UIDs in a folder of messages of a mailbox, in their order; none when it does not show them all."""
    found = txn.get_many([SEARCH_MEMBER.key(account, folder, mailbox, uid) for uid in uids])
    shown = [int.from_bytes(value, "big") for value in found if value is not None]
    return shown if len(shown) == len(uids) else []


def _folder(txn: ReadTransaction, account: int, folder: int) -> CollectionRecord:
    record = read_collection(txn, account, folder)
    if record is None or record.kind != SEARCH_KIND:
        raise NoSuchMailbox(str(folder))
    return record


def _shown(txn: ReadTransaction, account: int, folder: int, ranges: list[Range]) -> Iterator[Shown]:
    """What of the folder can be acted on: items whose messages are still there."""
    for uid, value in scan_ranges(txn, account, folder, ranges):
        source = txn.get(SEARCH_SOURCE.key(account, folder, uid))
        if source is None:
            continue
        mailbox, there = decode_source(source)
        held = txn.get(ITEM.key(account, mailbox, there))
        if held is not None:
            yield Shown(uid, decode_item(value), mailbox, there, held)


def _runs(some: list[Shown]) -> Iterator[list[Shown]]:
    """Neighbours of one mailbox together: so that all arrive in the folder's order, which COPYUID needs."""
    run: list[Shown] = []
    for one in some:
        if run and run[0].mailbox != one.mailbox:
            yield run
            run = []
        run.append(one)
    if run:
        yield run


def _mirrored(revision: Revision, folder: int, source: CollectionRecord, item: Item) -> int:
    return mirrored_keywords(revision, folder, source.keywords, item.keywords) if item.keywords else 0


def _remove(revision: Revision, folder: int, doomed: list[Shown], now: int) -> None:
    by_mailbox: dict[int, list[Shown]] = {}
    for one in doomed:
        by_mailbox.setdefault(one.mailbox, []).append(one)
        _take_out(revision, folder, one)
    for mailbox, some in by_mailbox.items():
        remove_items(revision, mailbox, _sources(some), now)


def _take_out(revision: Revision, folder: int, one: Shown) -> None:
    take_out(revision, folder, one.uid, one.item)
    remove_member(revision.txn, revision.account, folder, one.uid, one.mailbox, one.there)


def _sources(some: list[Shown]) -> Items:
    return Items([one.there for one in some], [one.value for one in some])
