"""Copying and moving messages where rights count: to mailboxes of other accounts, and within those.

Each account has records of its own of a message, one of each that came from elsewhere; the octets are the same blob,
and the ids those of the original (RFC 8474 5.1).
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from posthouse.core.accounts.quota import charge
from posthouse.core.mail.errors import NoSuchMailbox
from posthouse.core.mail.finding import Found
from posthouse.core.mail.flags import flags_allowed
from posthouse.core.mail.keywords import keyword_bits, named_by
from posthouse.core.mail.mailboxes import KIND, receiving
from posthouse.core.mail.messages import Copied
from posthouse.core.mail.origins import MESSAGES, THREADS, keep_origin, number_of, origin_of
from posthouse.core.mail.places import (
    add_place,
    copy_items,
    create_item,
    move_items,
    put_message,
    remove_items,
    replace_flags,
)
from posthouse.core.mail.records import decode_message
from posthouse.core.sharing.rights import Right
from posthouse.storage import ranges as uid_ranges
from posthouse.storage.blobs.records import add_references
from posthouse.storage.changes import Revision
from posthouse.storage.collections import read_collection
from posthouse.storage.contract import ReadTransaction, WriteTransaction, operation
from posthouse.storage.item_bytes import Items, read_items
from posthouse.storage.items import Item, decode_item
from posthouse.storage.ranges import Range
from posthouse.storage.spaces import ITEM, MESSAGE


@operation
def transfer(
    txn: WriteTransaction, account: int, mailbox: int, ranges: list[Range], to: Found, keep_source: bool, now: int
) -> Copied:
    """Copy messages of a mailbox, or move them, with the flags that one may set there (RFC 4314 4); all or none.

    Raises NoSuchMailbox, OverQuota of the target's account, TooManyKeywords.
    """
    source = read_collection(txn, account, mailbox)
    if source is None or source.kind != KIND:
        raise NoSuchMailbox(str(mailbox))
    target = receiving(txn, to.account, to.name)
    items = read_items(txn, account, mailbox, ranges)
    if not items.uids:
        return Copied(target.record.uid_validity, [], [])
    uids: Sequence[int]
    if to.account == account:
        uids = _within(txn, account, mailbox, items, target.number, to.rights, keep_source, now)
    else:
        uids = copy_across(txn, account, source.keywords, items.values, to, target.number, now)
        if not keep_source:
            with Revision(txn, account) as revision:
                remove_items(revision, mailbox, items, now)
    left, arrived = uid_ranges.runs(items.uids), uid_ranges.runs(uids)
    return Copied(target.record.uid_validity, left, arrived, target.main)


def _within(
    txn: WriteTransaction,
    account: int,
    mailbox: int,
    items: Items,
    target: int,
    rights: Right,
    keep_source: bool,
    now: int,
) -> range:
    with Revision(txn, account) as revision:
        uids = (copy_items if keep_source else move_items)(revision, mailbox, items, target, now)
        for uid in uids:
            value = txn.get(ITEM.key(account, target, uid))
            assert value is not None, "it was just put there"
            item = decode_item(value)
            flags, keywords = item.flags & flags_allowed(rights), item.keywords if rights & Right.WRITE else 0
            if (flags, keywords) != (item.flags, item.keywords):
                replace_flags(revision, target, uid, item, flags, keywords)
    return uids


def copy_across(
    txn: WriteTransaction,
    account: int,
    names: list[str],
    values: Sequence[bytes],
    to: Found,
    target: int,
    now: int,
) -> list[int]:
    """Copy items, by their records, whose keywords are `names`, to a mailbox of another account; their UIDs there."""
    decoded = [decode_item(value) for value in values]
    charge(txn, to.account, len(decoded), sum(item.size for item in decoded))
    allowed = flags_allowed(to.rights)
    uids = []
    with Revision(txn, to.account) as revision:
        for item in decoded:
            copied = _message_there(revision, account, item.object)
            held = named_by(names, item.keywords)
            keywords = keyword_bits(revision.collection(target), held if to.rights & Right.WRITE else ())
            copy = Item(item.flags & allowed, 0, copied, item.received, now, item.size, keywords)
            uids.append(create_item(revision, target, copy))
    return uids


def _message_there(revision: Revision, account: int, message: int) -> int:
    """The message of that account in the revision's, where it stands in one place more; it may be there already."""
    txn, there = revision.txn, revision.account
    value = txn.get(MESSAGE.key(account, message))
    if value is None:
        raise LookupError(message)
    record = decode_message(value)
    origin = origin_of(txn, MESSAGES, account, message)
    known = number_of(txn, MESSAGES, there, origin)
    if known is not None and _has(txn, there, known, record.hash):
        add_place(txn, there, known)
        return known
    add_references(txn, record.hash, 1)
    copied = put_message(revision, record, origin_of(txn, THREADS, account, record.thread or message))
    keep_origin(txn, MESSAGES, there, copied, origin)
    return copied


def _has(txn: ReadTransaction, account: int, message: int, hash_: bytes) -> bool:
    """True for a message that is there and sound: what is moved to it must not be lost with it."""
    value = txn.get(MESSAGE.key(account, message))
    try:
        return value is not None and decode_message(value).hash == hash_
    except (msgspec.MsgspecError, ValueError):
        return False
