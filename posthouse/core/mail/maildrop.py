"""The inbox as one who empties it sees it: which messages there are and how large, and what goes when they have done.

What is fetched and deleted is named by UID, so other sessions may change the inbox meanwhile.
"""

from __future__ import annotations

from itertools import islice

import msgspec

from posthouse.core.mail.flagging import flag_items
from posthouse.core.mail.flags import SEEN, FlagChange
from posthouse.core.mail.mailboxes import INBOX, INBOX_ID, KIND, Mailbox, find, mailbox_of
from posthouse.core.mail.places import move_items, remove_items
from posthouse.core.mail.records import decode_message
from posthouse.storage import ranges
from posthouse.storage.arrays import from_big_endian, from_little_endian
from posthouse.storage.blobs.records import BlobPlace, place
from posthouse.storage.changes import Revision
from posthouse.storage.collections import scan_collections
from posthouse.storage.contract import ReadTransaction, WriteTransaction, operation, query
from posthouse.storage.item_bytes import read_items
from posthouse.storage.items import RECEIVED_AT, SIZE_AT, decode_item
from posthouse.storage.ranges import Range
from posthouse.storage.spaces import ITEM, MESSAGE


class DropPage(msgspec.Struct, array_like=True, frozen=True):
    """Some messages in UID order: `array("I")` bytes of UIDs, `array("Q")` bytes of their octets.

    `expired` are UIDs of those that are \\Seen and came before the time asked for.
    """

    uids: bytes
    sizes: bytes
    expired: list[Range]


@query
def open_maildrop(txn: ReadTransaction, account: int) -> Mailbox:
    """The inbox; raises NoSuchMailbox."""
    return mailbox_of(*find(txn, account, INBOX))


@query
def drop_page(txn: ReadTransaction, account: int, first_uid: int, limit: int, expired_before: int) -> DropPage:
    """Up to `limit` messages of the inbox from `first_uid` on; `expired_before` in ms, 0: none is expired."""
    start, end = ITEM.key(account, INBOX_ID, first_uid), ITEM.range(account, INBOX_ID)[1]
    uids: list[bytes] = []
    sizes: list[bytes] = []
    expired: list[Range] = []
    # straight from the item's layout: a session asks this of a hundred thousand messages at once
    for key, value in islice(txn.scan(start, end), limit):
        uids.append(key[-4:])
        sizes.append(value[SIZE_AT : SIZE_AT + 8])
        if expired_before and value[1] & SEEN:
            received = int.from_bytes(value[RECEIVED_AT : RECEIVED_AT + 8], "little")
            if received < expired_before:
                ranges.add(expired, int.from_bytes(key[-4:], "big"))
    numbers, octets = from_big_endian("I", b"".join(uids)), from_little_endian("Q", b"".join(sizes))
    return DropPage(numbers.tobytes(), octets.tobytes(), expired)


@query
def letter_place(txn: ReadTransaction, account: int, uid: int) -> BlobPlace | None:
    """Where the octets of a message in the inbox are; None when it has gone."""
    value = txn.get(ITEM.key(account, INBOX_ID, uid))
    record = None if value is None else txn.get(MESSAGE.key(account, decode_item(value).object))
    return None if record is None else place(txn, decode_message(record).hash)


@operation
def leave_maildrop(
    txn: WriteTransaction, account: int, doomed: list[Range], seen: list[Range], to_trash: bool, now: int
) -> int:
    """Take the messages of `doomed` out of the inbox and mark those of `seen`; how many were taken.

    With `to_trash` they move to the mailbox that is for that, where there is one. What has gone already is passed over.
    """
    find(txn, account, INBOX)
    with Revision(txn, account) as revision:
        flag_items(revision, INBOX_ID, read_items(txn, account, INBOX_ID, seen), FlagChange("add", SEEN))
        items = read_items(txn, account, INBOX_ID, doomed)
        trash = _trash(txn, account) if to_trash else None
        if items.uids and trash is not None:
            move_items(revision, INBOX_ID, items, trash, now)
        elif items.uids:
            remove_items(revision, INBOX_ID, items, now)
    return len(items.uids)


def _trash(txn: ReadTransaction, account: int) -> int | None:
    for number, record in scan_collections(txn, account):
        if record.kind == KIND and record.role == "trash":
            return number
    return None
