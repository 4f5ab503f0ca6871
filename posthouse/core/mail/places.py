"""Placing, copying, moving and removing messages inside one revision: counters, quota, blobs and places in step."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from posthouse.core.accounts.quota import charge
from posthouse.core.mail.counting import Tally, count, count_all, tally
from posthouse.core.mail.flags import DELETED, SEEN
from posthouse.core.mail.keywords import keyword_bits, named_by
from posthouse.core.mail.origins import MESSAGES, Origin, forget_origin
from posthouse.core.mail.records import (
    ENCODER,
    MESSAGE_SPACES,
    ExpungedRecord,
    Letter,
    MessageRecord,
    decode_message,
    record_of,
)
from posthouse.core.mail.threads import join_copied, join_thread, leave_thread
from posthouse.storage.blobs.records import release
from posthouse.storage.changes import Revision
from posthouse.storage.contract import WriteTransaction
from posthouse.storage.item_bytes import Items, elsewhere, keyword_sets, objects_of
from posthouse.storage.items import Item
from posthouse.storage.spaces import EXPUNGED, MESSAGE, PLACES
from posthouse.storage.sparse import get_sparse

ITEMS_PER_RECORD = 200


def place_letter(
    revision: Revision, mailbox: int, letter: Letter, flags: int, keywords: tuple[str, ...], received: int, now: int
) -> int:
    """Put a letter into a mailbox as a new message; its UID. The caller has kept the blob and charged the quota."""
    message = put_message(revision, record_of(letter))
    named = keyword_bits(revision.collection(mailbox), keywords)
    return create_item(revision, mailbox, Item(flags, 0, message, received, now, letter.size, named))


def put_message(revision: Revision, record: MessageRecord, original: Origin | None = None) -> int:
    """Store what is kept of a message that is new to this account, in a thread of this account's; its number.

    The caller has kept the blob. `original` is the thread of a copy's original.
    """
    txn, account = revision.txn, revision.account
    message = revision.new_object()
    if original is None:
        record.thread = join_thread(txn, account, message, record.links)
    else:
        record.thread = join_copied(txn, account, message, record.links, original)
    txn.put(MESSAGE.key(account, message), ENCODER.encode(record))
    return message


def add_place(txn: WriteTransaction, account: int, message: int) -> None:
    """The message stands in one place more."""
    key = PLACES.key(account, message)
    txn.put(key, _encode_places(_places(txn.get(key)) + 1))


def create_item(revision: Revision, mailbox: int, item: Item) -> int:
    """Add an item and count it; its UID."""
    uid = revision.create(mailbox, item)
    count(revision.collection(mailbox), item, 1)
    return uid


def take_out(revision: Revision, mailbox: int, uid: int, item: Item) -> None:
    """Remove an item and count it no more; what becomes of the message, and of the quota, is the caller's business."""
    revision.destroy(mailbox, uid)
    count(revision.collection(mailbox), item, -1)


def replace_flags(revision: Revision, mailbox: int, uid: int, item: Item, flags: int, keywords: int) -> None:
    """Give an item other flags and keep the counters right."""
    record = revision.collection(mailbox)
    record.unseen += (item.flags & SEEN) - (flags & SEEN)
    record.deleted += ((flags & DELETED) - (item.flags & DELETED)) // DELETED
    item.flags = flags
    item.keywords = keywords
    revision.update(mailbox, uid, item)


def copy_items(revision: Revision, mailbox: int, items: Items, target: int, now: int) -> range:
    """Show the same messages in `target` too; their UIDs there. Charges the quota: raises OverQuota."""
    values = items.values
    counted = tally(values)
    charge(revision.txn, revision.account, counted.exists, counted.size)
    more = Counter(objects_of(values))  # two copies of a message may be copied at once
    keys = PLACES.keys(revision.account, last=list(more))
    held = get_sparse(revision.txn, keys)
    once = _encode_places(2)  # of a message that stood in one place, and is copied once, as most are
    counts = [
        once if value is None and count == 1 else _encode_places(_places(value) + count)
        for value, count in zip(held, more.values(), strict=True)
    ]
    revision.txn.put_many(zip(keys, counts, strict=True))
    return _recreate(revision, mailbox, values, counted, target, now)


def move_items(revision: Revision, mailbox: int, items: Items, target: int, now: int) -> range:
    """Take messages out of `mailbox` into `target`; their UIDs there."""
    counted = tally(items.values)
    created = _recreate(revision, mailbox, items.values, counted, target, now)
    _take_out_all(revision, mailbox, items, counted)
    return created


def remove_items(revision: Revision, mailbox: int, items: Items, now: int, called: str | None = None) -> None:
    """Remove messages; until they are forgotten they can be put back (`undelete.py`), and count in no quota.

    They were in a mailbox `called` so, by default as it is now.
    """
    record = revision.collection(mailbox)
    uids, values = items
    name = record.name if called is None else called
    _remove(revision, mailbox, items)
    for at in range(0, len(uids), ITEMS_PER_RECORD):
        key = EXPUNGED.key(revision.account, now, revision.modseq, mailbox, uids[at])
        some = list(values[at : at + ITEMS_PER_RECORD])
        revision.txn.put(key, ENCODER.encode(ExpungedRecord(mailbox, name, record.keywords, some)))


def erase_items(revision: Revision, mailbox: int, items: Items, now: int) -> None:
    """Remove messages for good; those that stand nowhere else are forgotten."""
    _remove(revision, mailbox, items)
    for message in objects_of(items.values):
        forget_message(revision.txn, revision.account, message, now)


def forget_message(txn: WriteTransaction, account: int, message: int, now: int) -> None:
    """It stands in one place less; with the last one it is forgotten and its blob released."""
    key = PLACES.key(account, message)
    places = _places(txn.get(key)) - 1
    if places > 1:
        txn.put(key, _encode_places(places))
        return
    if places == 1:
        txn.delete(key)
        return
    value = txn.get(MESSAGE.key(account, message))
    if value is not None:
        record = decode_message(value)
        release(txn, record.hash, now)
        leave_thread(txn, account, message, record.thread or message, record.links)
    forget_origin(txn, MESSAGES, account, message)
    for space in MESSAGE_SPACES:
        txn.delete(space.key(account, message))


def _recreate(
    revision: Revision, mailbox: int, values: Sequence[bytes], counted: Tally, target: int, now: int
) -> range:
    names = revision.collection(mailbox).keywords
    into = revision.collection(target)
    translated = {
        bitmap: keyword_bits(into, named_by(names, int.from_bytes(bitmap, "little")))
        for bitmap in sorted(keyword_sets(values))
    }
    created = elsewhere(values, revision.modseq, now, translated)
    count_all(into, counted, 1)  # the records differ in nothing that is counted
    return revision.create_all(target, created)


def _take_out_all(revision: Revision, mailbox: int, items: Items, counted: Tally) -> None:
    revision.destroy_all(mailbox, items.uids)
    count_all(revision.collection(mailbox), counted, -1)


def _remove(revision: Revision, mailbox: int, items: Items) -> None:
    if items.values:
        counted = tally(items.values)
        _take_out_all(revision, mailbox, items, counted)
        charge(revision.txn, revision.account, -counted.exists, -counted.size, enforce=False)


def _places(value: bytes | None) -> int:
    return 1 if value is None else int.from_bytes(value, "little")


def _encode_places(places: int) -> bytes:
    return places.to_bytes(4, "little")
