"""One account as its items say it is: what the counters, places and quotas beside them should be."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import msgspec

from posthouse.core.mail.flags import DELETED, SEEN
from posthouse.core.mail.mailboxes import KIND
from posthouse.core.mail.records import MessageRecord, decode_message, decode_structure
from posthouse.core.maintenance.faults import REBUILD, RESTORE, Fault, strange_text
from posthouse.storage.collections import CollectionRecord, read_sequence, scan_collections
from posthouse.storage.contract import ReadTransaction
from posthouse.storage.items import Item, decode_item, scan_items
from posthouse.storage.spaces import ENVELOPE, ITEM, MESSAGE, PLACES, STRUCTURE


class Counted(msgspec.Struct):
    """What the items of one collection add up to."""

    exists: int = 0
    unseen: int = 0
    deleted: int = 0
    size: int = 0
    last_uid: int = 0
    keywords: int = 0


class Survey(msgspec.Struct):
    """What was found; `stray` are keys of items that show no message, `idle` messages that nothing shows."""

    account: int
    collections: dict[int, CollectionRecord]
    counted: dict[int, Counted]
    messages: dict[int, MessageRecord]
    places: Counter[int]
    kept_places: dict[int, int]
    stray: list[bytes]
    idle: list[int]
    modseq: int
    last_object: int
    faults: list[Fault]

    @property
    def items(self) -> int:
        """How many messages count against the quota."""
        return sum(counted.exists for counted in self.counted.values())

    @property
    def octets(self) -> int:
        """How many octets do."""
        return sum(counted.size for counted in self.counted.values())

    def hashes(self) -> dict[bytes, int]:
        """How often each blob is held by messages of this account."""
        return dict(Counter(record.hash for record in self.messages.values()))


def survey(txn: ReadTransaction, account: int) -> Survey:
    """Look at all that an account has."""
    found = Survey(account, {}, {}, {}, Counter(), {}, [], [], 0, 0, [])
    _read_collections(txn, found)
    _read_messages(txn, found)
    for number in {ITEM.parse(key)[1] for key in _collection_starts(txn, account)}:
        found.counted[number] = _count(txn, found, number)
    found.idle = [message for message in found.messages if not found.places[message]]
    return found


def _read_collections(txn: ReadTransaction, found: Survey) -> None:
    try:
        found.collections = dict(scan_collections(txn, found.account))
    except msgspec.MsgspecError as error:
        found.faults.append(Fault(f"account {found.account}", f"a mailbox: {strange_text(error)}", RESTORE))
    for number in found.collections:
        found.counted[number] = Counted()


def _read_messages(txn: ReadTransaction, found: Survey) -> None:
    account = found.account
    for key, value in txn.scan(*MESSAGE.range(account)):
        message = int.from_bytes(key[-4:], "big")
        try:
            found.messages[message] = decode_message(value)
        except msgspec.MsgspecError as error:
            found.faults.append(Fault(f"account {account}, message {message}", strange_text(error), RESTORE))
    for key, value in txn.scan(*PLACES.range(account)):
        found.kept_places[int.from_bytes(key[-4:], "big")] = int.from_bytes(value, "little")
    for message in found.messages:
        where = f"account {account}, message {message}"
        if txn.get(ENVELOPE.key(account, message)) is None:
            found.faults.append(Fault(where, "its envelope is missing", REBUILD))
        structure = txn.get(STRUCTURE.key(account, message))
        try:
            if structure is None:
                raise ValueError("it is missing")
            decode_structure(structure)
        except (ValueError, msgspec.MsgspecError) as error:
            found.faults.append(Fault(where, f"its structure: {error}", REBUILD))


def _collection_starts(txn: ReadTransaction, account: int) -> Iterator[bytes]:
    """The first key of each collection that has items, also of one that has no record."""
    start, end = ITEM.range(account)
    while (key := next((key for key, _ in txn.scan(start, end)), None)) is not None:
        yield key
        start = ITEM.range(account, ITEM.parse(key)[1])[1]


def _count(txn: ReadTransaction, found: Survey, number: int) -> Counted:
    counted = Counted()
    is_mail = number in found.collections and found.collections[number].kind == KIND
    for uid, value in scan_items(txn, found.account, number):
        where = f"account {found.account}, mailbox {number}, UID {uid}"
        try:
            item = decode_item(value)
        except ValueError as error:
            found.faults.append(Fault(where, strange_text(error), REBUILD))
            found.stray.append(ITEM.key(found.account, number, uid))
            continue
        if is_mail and item.object not in found.messages:
            found.faults.append(Fault(where, f"there is no message {item.object} that it could show", REBUILD))
            found.stray.append(ITEM.key(found.account, number, uid))
            continue
        _add(found, counted, uid, item)
    return counted


def _add(found: Survey, counted: Counted, uid: int, item: Item) -> None:
    found.places[item.object] += 1
    counted.exists += 1
    counted.unseen += not item.flags & SEEN
    counted.deleted += bool(item.flags & DELETED)
    counted.size += item.size
    counted.last_uid = uid
    counted.keywords |= item.keywords
    found.modseq = max(found.modseq, item.modseq)
    found.last_object = max(found.last_object, item.object)


def compare(txn: ReadTransaction, found: Survey) -> list[Fault]:
    """What of the records beside the items is otherwise than the items say."""
    faults = list(found.faults)
    account = found.account
    for number, counted in found.counted.items():
        where = f"account {account}, mailbox {number}"
        record = found.collections.get(number)
        if record is None:
            faults.append(Fault(where, f"it has {counted.exists} messages and no record", REBUILD))
            continue
        for field in ("exists", "unseen", "deleted", "size"):
            kept, right = getattr(record, field), getattr(counted, field)
            if kept != right:
                faults.append(Fault(where, f"{field} is {kept} and should be {right}", REBUILD))
        if counted.last_uid >= record.uid_next:
            faults.append(Fault(where, f"the next UID is {record.uid_next}, and {counted.last_uid} is there", REBUILD))
        if counted.keywords.bit_length() > len(record.keywords):
            faults.append(Fault(where, "messages have keywords without a name", REBUILD))
    for message in found.messages:
        kept, right = found.kept_places.get(message, 1), found.places[message]
        where = f"account {account}, message {message}"
        if not right:
            faults.append(Fault(where, "no mailbox shows it", REBUILD))
        elif kept != right:
            faults.append(Fault(where, f"it stands in {right} places, {kept} are counted", REBUILD))
    sequence = read_sequence(txn, account)
    last_collection = max(found.collections, default=0)
    for name, last, kept in (
        ("modseq", found.modseq, sequence.modseq),
        ("message number", found.last_object, sequence.object),
        ("mailbox number", last_collection, sequence.collection),
    ):
        if last > kept:
            faults.append(Fault(f"account {account}", f"its last {name} is {last}, {kept} is counted", REBUILD))
    return faults
