"""Placing, copying, moving and removing messages inside one revision: counters, quota, blobs and places in step."""

from __future__ import annotations

from collections import Counter

from posthouse.core.accounts.quota import charge
from posthouse.core.mail.errors import TooManyKeywords
from posthouse.core.mail.flags import DELETED, SEEN
from posthouse.core.mail.records import (
    ENCODER,
    MESSAGE_SPACES,
    ExpungedRecord,
    Letter,
    MessageRecord,
    StructureRecord,
    decode_message,
)
from posthouse.core.mail.threads import join_thread, leave_thread
from posthouse.storage.blobs.records import release
from posthouse.storage.changes import Revision
from posthouse.storage.collections import CollectionRecord
from posthouse.storage.contract import WriteTransaction
from posthouse.storage.items import Item, decode_item
from posthouse.storage.spaces import ENVELOPE, EXPUNGED, MESSAGE, PLACES, STRUCTURE

MAX_KEYWORDS = 256
ITEMS_PER_RECORD = 200


def place_letter(
    revision: Revision, mailbox: int, letter: Letter, flags: int, keywords: tuple[str, ...], received: int, now: int
) -> int:
    """Put a letter into a mailbox as a new message; its UID. The caller has kept the blob and charged the quota."""
    record = MessageRecord(
        letter.blob.hash, letter.size, letter.header, letter.preview, letter.has_attachment, links=letter.links
    )
    structure = StructureRecord(letter.bodystructure, letter.body, letter.parts)
    message = put_message(revision, record, letter.envelope, ENCODER.encode(structure))
    named = keyword_bits(revision.collection(mailbox), keywords)
    return create_item(revision, mailbox, Item(flags, 0, message, received, now, letter.size, named))


def put_message(revision: Revision, record: MessageRecord, envelope: bytes, structure: bytes) -> int:
    """Store what is kept of a message that is new to this account, in a thread of this account's; its number.

    The caller has kept the blob.
    """
    txn, account = revision.txn, revision.account
    message = revision.new_object()
    record.thread = join_thread(txn, account, message, record.links)
    txn.put(MESSAGE.key(account, message), ENCODER.encode(record))
    txn.put(ENVELOPE.key(account, message), envelope)
    txn.put(STRUCTURE.key(account, message), structure)
    return message


def create_item(revision: Revision, mailbox: int, item: Item) -> int:
    """Add an item and count it; its UID."""
    uid = revision.create(mailbox, item)
    _count(revision.collection(mailbox), item, 1)
    return uid


def take_out(revision: Revision, mailbox: int, uid: int, item: Item) -> None:
    """Remove an item and count it no more; what becomes of the message, and of the quota, is the caller's business."""
    revision.destroy(mailbox, uid)
    _count(revision.collection(mailbox), item, -1)


def replace_flags(revision: Revision, mailbox: int, uid: int, item: Item, flags: int, keywords: int) -> None:
    """Give an item other flags and keep the counters right."""
    record = revision.collection(mailbox)
    record.unseen += (item.flags & SEEN) - (flags & SEEN)
    record.deleted += ((flags & DELETED) - (item.flags & DELETED)) // DELETED
    item.flags = flags
    item.keywords = keywords
    revision.update(mailbox, uid, item)


def copy_items(revision: Revision, mailbox: int, items: list[tuple[int, bytes]], target: int, now: int) -> list[int]:
    """Show the same messages in `target` too; their UIDs there. Charges the quota: raises OverQuota."""
    decoded = [decode_item(value) for _, value in items]
    charge(revision.txn, revision.account, len(decoded), sum(item.size for item in decoded))
    more = Counter(item.object for item in decoded)  # two copies of a message may be copied at once
    keys = [PLACES.key(revision.account, message) for message in more]
    for key, places, count in zip(keys, revision.txn.get_many(keys), more.values(), strict=True):
        revision.txn.put(key, _encode_places(_places(places) + count))
    return _recreate(revision, mailbox, decoded, target, now)


def move_items(revision: Revision, mailbox: int, items: list[tuple[int, bytes]], target: int, now: int) -> list[int]:
    """Take messages out of `mailbox` into `target`; their UIDs there."""
    decoded = [decode_item(value) for _, value in items]
    created = _recreate(revision, mailbox, decoded, target, now)
    for (uid, _), item in zip(items, decoded, strict=True):
        take_out(revision, mailbox, uid, item)
    return created


def remove_items(revision: Revision, mailbox: int, items: list[tuple[int, bytes]], now: int) -> None:
    """Remove messages; until they are forgotten they can be put back (`undelete.py`), and count in no quota."""
    record = revision.collection(mailbox)
    _take_out(revision, mailbox, items)
    for at in range(0, len(items), ITEMS_PER_RECORD):
        some = items[at : at + ITEMS_PER_RECORD]
        key = EXPUNGED.key(revision.account, now, revision.modseq, mailbox, some[0][0])
        expunged = ExpungedRecord(mailbox, record.name, record.keywords, [value for _, value in some])
        revision.txn.put(key, ENCODER.encode(expunged))


def erase_items(revision: Revision, mailbox: int, items: list[tuple[int, bytes]], now: int) -> None:
    """Remove messages for good; those that stand nowhere else are forgotten."""
    for item in _take_out(revision, mailbox, items):
        forget_message(revision.txn, revision.account, item.object, now)


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
    for space in MESSAGE_SPACES:
        txn.delete(space.key(account, message))


def keyword_bits(record: CollectionRecord, keywords: tuple[str, ...]) -> int:
    """Keywords as bits of the mailbox's table, which grows by those it did not know; raises TooManyKeywords.

    Keywords differ in more than case (RFC 9051 2.3.2); the first spelling stays.
    """
    bits = 0
    for keyword in keywords:
        known = [name.lower() for name in record.keywords]
        if keyword.lower() not in known:
            if len(known) >= MAX_KEYWORDS:
                raise TooManyKeywords(MAX_KEYWORDS)
            known.append(keyword.lower())
            record.keywords.append(keyword)
        bits |= 1 << known.index(keyword.lower())
    return bits


def _recreate(revision: Revision, mailbox: int, items: list[Item], target: int, now: int) -> list[int]:
    names = revision.collection(mailbox).keywords
    into = revision.collection(target)
    translated = {0: 0}
    uids = []
    for item in items:
        if item.keywords not in translated:
            held = tuple(name for number, name in enumerate(names) if item.keywords >> number & 1)
            translated[item.keywords] = keyword_bits(into, held)
        keywords = translated[item.keywords]
        copy = Item(item.flags, 0, item.object, item.received, now, item.size, keywords)
        uids.append(create_item(revision, target, copy))
    return uids


def _take_out(revision: Revision, mailbox: int, items: list[tuple[int, bytes]]) -> list[Item]:
    decoded = [decode_item(value) for _, value in items]
    for (uid, _), item in zip(items, decoded, strict=True):
        take_out(revision, mailbox, uid, item)
    if decoded:
        freed = sum(item.size for item in decoded)
        charge(revision.txn, revision.account, -len(decoded), -freed, enforce=False)
    return decoded


def _places(value: bytes | None) -> int:
    return 1 if value is None else int.from_bytes(value, "little")


def _encode_places(places: int) -> bytes:
    return places.to_bytes(4, "little")


def _count(record: CollectionRecord, item: Item, by: int) -> None:
    record.exists += by
    record.size += by * item.size
    if not item.flags & SEEN:
        record.unseen += by
    if item.flags & DELETED:
        record.deleted += by
