"""One account as its items say it is: what the counters, places and quotas beside them should be."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import msgspec

from posthouse.core.mail.deleting import DOOMED, DOOMED_SEARCH
from posthouse.core.mail.flags import DELETED, SEEN
from posthouse.core.mail.mailboxes import INBOX_ID, KIND
from posthouse.core.mail.origins import MESSAGES
from posthouse.core.mail.records import ENCODER, decode_expunged, decode_message
from posthouse.core.mail.search_folders.records import SEARCH_KIND, SPACES
from posthouse.core.maintenance.counted import Counted
from posthouse.core.maintenance.faults import REBUILD, RESTORE, Fault, strange_text
from posthouse.core.maintenance.files import FileSurvey, survey_files
from posthouse.core.maintenance.origins import check_origins
from posthouse.core.maintenance.records import UNREADABLE, get_readable, scan_readable
from posthouse.core.maintenance.search_folders import check_search_folder, derived_keys, numbers_with_records
from posthouse.storage.collections import AccountSequence, CollectionRecord
from posthouse.storage.contract import ReadTransaction
from posthouse.storage.items import decode_item, scan_items
from posthouse.storage.spaces import (
    ANNOTATION,
    COLLECTION,
    DIGEST,
    EXPUNGED,
    ITEM,
    MESSAGE,
    PLACES,
    SEQUENCE,
)


class Survey(msgspec.Struct):
    """What was found.

    `messages` are (hash, octets) by number, `unreadable` those whose record is damaged. `stray` are keys of what
    belongs to no message or mailbox, `idle` messages that nothing shows. `faults` are mended in the account,
    `letter_faults` by reading letters again, or not at all. `amended` are records as they should be, by their keys.
    What `search_folders` show stands, and counts, elsewhere.
    """

    account: int
    sequence: AccountSequence | None
    collections: dict[int, CollectionRecord] = {}
    counted: dict[int, Counted] = {}
    messages: dict[int, tuple[bytes, int]] = {}
    unreadable: set[int] = set()
    places: Counter[int] = msgspec.field(default_factory=Counter)
    stray: list[bytes] = []
    idle: list[int] = []
    last_object: int = 0
    faults: list[Fault] = []
    letter_faults: list[Fault] = []
    amended: dict[bytes, bytes] = {}
    search_folders: set[int] = set()
    files: FileSurvey = msgspec.field(default_factory=lambda: FileSurvey(0))

    @property
    def items(self) -> int:
        """How many messages count against the quota."""
        return sum(counted.exists for counted in self._mail)

    @property
    def octets(self) -> int:
        """How many octets do, those of files too."""
        return sum(counted.size for counted in self._mail) + self.files.octets

    @property
    def _mail(self) -> list[Counted]:
        others = {self.files.collection, *self.search_folders}
        return [counted for number, counted in self.counted.items() if number not in others]

    @property
    def modseq(self) -> int:
        """The highest modseq that anything has."""
        marks = [counted.modseq for counted in self.counted.values()]
        marks += [record.modseq for record in self.collections.values()]
        return max(marks, default=0)

    def name_of(self, number: int) -> str:
        """What a fault calls a collection."""
        return "files" if number == self.files.collection else f"mailbox {number}"

    def hashes(self) -> dict[bytes, int]:
        """How often each blob is held by messages and files of this account."""
        return dict(Counter(hash_ for hash_, _ in self.messages.values()) + self.files.contents)


def survey(txn: ReadTransaction, account: int) -> Survey:
    """Look at all that an account has."""
    found = Survey(account, get_readable(txn, SEQUENCE.key(account), AccountSequence))
    _read_collections(txn, found)
    _read_messages(txn, found)
    _read_origins(txn, found)
    _read_files(txn, found)
    holding = {ITEM.parse(key)[1] for key in _collection_starts(txn, account)}
    _find_search_folders(txn, found, holding)
    for number in holding - {found.files.collection}:
        found.counted[number] = _count(txn, found, number)
    for number in found.search_folders:
        _read_search_folder(txn, found, number)
    _read_expunged(txn, found)
    _read_places(txn, found)
    _read_annotations(txn, found)
    _read_digests(txn, found)
    return found


def _read_collections(txn: ReadTransaction, found: Survey) -> None:
    for (_, number), record in scan_readable(txn, COLLECTION, CollectionRecord, found.account):
        found.counted[number] = Counted()
        if record is not None:
            found.collections[number] = record
    found.counted.setdefault(INBOX_ID, Counted())


def _read_messages(txn: ReadTransaction, found: Survey) -> None:
    account = found.account
    for key, value in txn.scan(*MESSAGE.range(account)):
        message = int.from_bytes(key[-4:], "big")
        found.last_object = message
        where = f"account {account}, message {message}"
        try:
            record = decode_message(value)
        except UNREADABLE as error:
            found.unreadable.add(message)
            found.letter_faults.append(Fault(where, strange_text(error), RESTORE))
            continue
        found.messages[message] = record.hash, record.size
        if not record.envelope:
            found.letter_faults.append(Fault(where, "its envelope is missing", REBUILD))
        if not record.bodystructure:
            found.letter_faults.append(Fault(where, "its structure is missing", REBUILD))
    for key, _ in txn.scan(*PLACES.range(account)):
        message = int.from_bytes(key[-4:], "big")
        if message not in found.messages and message not in found.unreadable:
            where = f"account {account}, message {message}"
            found.faults.append(Fault(where, "its places are counted without it", REBUILD))
            found.stray.append(key)


def _read_origins(txn: ReadTransaction, found: Survey) -> None:
    wrong = check_origins(txn, MESSAGES, found.account, found.messages.keys() | found.unreadable)
    found.faults += [Fault(f"account {found.account}, message {n}", what, REBUILD) for n, what in wrong.faults]
    found.stray += wrong.stray
    found.amended |= wrong.amended


def _read_files(txn: ReadTransaction, found: Survey) -> None:
    files = survey_files(txn, found.account, (found.sequence or AccountSequence()).log_from)
    found.files = files
    if files.collection is not None:
        found.counted[files.collection] = files.counted
    found.faults += files.faults
    found.letter_faults += files.lost
    found.stray += files.stray
    found.amended |= files.amended


def _collection_starts(txn: ReadTransaction, account: int) -> Iterator[bytes]:
    """The first key of each collection that has items, also of one that has no record."""
    start, end = ITEM.range(account)
    while (key := next((key for key, _ in txn.scan(start, end)), None)) is not None:
        yield key
        start = ITEM.range(account, ITEM.parse(key)[1])[1]


def _count(txn: ReadTransaction, found: Survey, number: int) -> Counted:
    counted = Counted()
    record = found.collections.get(number)
    log_from = (found.sequence or AccountSequence()).log_from
    for uid, value in scan_items(txn, found.account, number):
        where = f"account {found.account}, mailbox {number}, UID {uid}"
        try:
            item = decode_item(value)
        except ValueError as error:
            found.faults.append(Fault(where, strange_text(error), REBUILD))
            found.stray.append(ITEM.key(found.account, number, uid))
            continue
        is_virtual = number in found.search_folders
        is_mail = record is None or record.kind in (KIND, DOOMED)
        if is_mail and not is_virtual and item.object not in found.messages and item.object not in found.unreadable:
            found.faults.append(Fault(where, f"there is no message {item.object} that it could show", REBUILD))
            found.stray.append(ITEM.key(found.account, number, uid))
            continue
        if not is_virtual:
            found.places[item.object] += 1
        found.last_object = max(found.last_object, item.object)
        counted.add(uid, item, log_from)
        counted.unseen += not item.flags & SEEN
        counted.deleted += bool(item.flags & DELETED)
    return counted


def _find_search_folders(txn: ReadTransaction, found: Survey, holding: set[int]) -> None:
    """Those whose record says so, or cannot say what they are; other records of search folders belong to nothing."""
    named = {number for number, record in found.collections.items() if record.kind in (SEARCH_KIND, DOOMED_SEARCH)}
    for number in numbers_with_records(txn, found.account) | named:
        record = found.collections.get(number)
        if number in named or (record is None and number in holding | found.counted.keys()):
            found.search_folders.add(number)
        else:
            where = f"account {found.account}, {found.name_of(number)}"
            found.faults.append(Fault(where, "records of a search folder are there without it", REBUILD))
            found.stray += [key for space in SPACES for key, _ in txn.scan(*space.range(found.account, number))]


def _read_search_folder(txn: ReadTransaction, found: Survey, number: int) -> None:
    """What is wrong with one is made anew, for it can all be found again; only what it looks for cannot."""
    where = f"account {found.account}, {found.name_of(number)}"
    lasting, mended = check_search_folder(txn, found.account, number)
    record = found.collections.get(number)
    if record is None or record.kind != DOOMED_SEARCH:  # of one that is deleted what it looked for goes first
        found.letter_faults += [Fault(where, what, RESTORE) for what in lasting]
    found.faults += [Fault(where, what, REBUILD) for what in mended]
    if mended:
        found.stray += derived_keys(txn, found.account, number)
        kept = found.counted.get(number, Counted())
        found.counted[number] = Counted(modseq=kept.modseq)


def _read_digests(txn: ReadTransaction, found: Survey) -> None:
    for key, _ in txn.scan(*DIGEST.range(found.account)):
        mailbox = DIGEST.parse(key)[1]
        if mailbox not in found.counted:
            where = f"account {found.account}, mailbox {mailbox}"
            found.faults.append(Fault(where, "a digest is there without it", REBUILD))
            found.stray.append(key)


def _read_expunged(txn: ReadTransaction, found: Survey) -> None:
    for key, value in txn.scan(*EXPUNGED.range(found.account)):
        where = f"account {found.account}, expunged at {EXPUNGED.parse(key)[1]}"
        try:
            record = decode_expunged(value)
            items = [(each, decode_item(each).object) for each in record.items]
        except UNREADABLE as error:
            found.faults.append(Fault(where, strange_text(error), REBUILD))
            found.stray.append(key)
            continue
        kept = [each for each, message in items if message in found.messages or message in found.unreadable]
        found.places.update(message for _, message in items)
        if len(kept) == len(items):
            continue
        found.faults.append(Fault(where, f"{len(items) - len(kept)} of its messages are not there", REBUILD))
        if kept:
            found.amended[key] = ENCODER.encode(msgspec.structs.replace(record, items=kept))
        else:
            found.stray.append(key)


def _read_places(txn: ReadTransaction, found: Survey) -> None:
    kept = {int.from_bytes(key[-4:], "big"): value for key, value in txn.scan(*PLACES.range(found.account))}
    for message in [*found.messages, *found.unreadable]:
        right = found.places[message]
        value = kept.get(message)
        where = f"account {found.account}, message {message}"
        if not right:
            if message in found.messages:
                found.faults.append(Fault(where, "no mailbox shows it", REBUILD))
                found.idle.append(message)
        elif value != (None if right == 1 else right.to_bytes(4, "little")):
            counted = 1 if value is None else int.from_bytes(value, "little")
            found.faults.append(Fault(where, f"it stands in {right} places, {counted} are counted", REBUILD))


def _read_annotations(txn: ReadTransaction, found: Survey) -> None:
    for key, _ in txn.scan(*ANNOTATION.range(found.account, found.account)):
        number = ANNOTATION.parse(key)[2]
        if number and number not in found.counted:
            where = f"account {found.account}, mailbox {number}"
            found.faults.append(Fault(where, "it is gone, and an annotation of it is here", REBUILD))
            found.stray.append(key)
