"""The change log: every operation on an account takes one modseq, under which it says what it did to which UIDs.

That number is IMAP's MODSEQ (RFC 7162), JMAP's state and DAV's sync-token; a destroyed UID in the log is its tombstone.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice
from types import TracebackType
from typing import Self

import msgspec

from posthouse.storage import ranges
from posthouse.storage.collections import (
    ENCODER,
    AccountSequence,
    CollectionRecord,
    decode_sequence,
    read_collection,
    read_sequence,
    write_collection,
    write_sequence,
)
from posthouse.storage.contract import ReadTransaction, WriteTransaction, operation, query
from posthouse.storage.items import Item
from posthouse.storage.ranges import Range
from posthouse.storage.spaces import CHANGE, COLLECTION, ITEM, SEQUENCE
from posthouse.storage.topics import account_topic


class CollectionChange(msgspec.Struct, array_like=True):
    """What one operation did in one collection; inclusive UID ranges.

    `left` are names that items no longer have, each with the UID of the folder it was in: who knows items by their
    paths is told what went by those.
    """

    collection: int
    created: list[Range] = []
    updated: list[Range] = []
    destroyed: list[Range] = []
    left: list[tuple[int, str]] = []


class ChangeRecord(msgspec.Struct, array_like=True, tag=1):
    """What one operation did."""

    collections: list[CollectionChange]


class Changes(msgspec.Struct, array_like=True, frozen=True):
    """What became of a collection since a modseq; net, so a UID stands in one list only.

    `complete` is False when the log no longer reaches back so far: then the lists say nothing. `newest` is the modseq
    of the last operation among them that touched the collection, 0 for none. `vanished` has `destroyed` and also what
    came and went in between, which whoever looked meanwhile may have seen.
    """

    modseq: int
    created: list[Range]
    updated: list[Range]
    destroyed: list[Range]
    complete: bool
    newest: int = 0
    vanished: list[Range] = []

    def without(self, uids: Sequence[Range]) -> Changes:
        """The same, saying of those UIDs nothing."""
        return Changes(
            self.modseq,
            ranges.subtract(self.created, uids),
            ranges.subtract(self.updated, uids),
            ranges.subtract(self.destroyed, uids),
            self.complete,
            self.newest,
            ranges.subtract(self.vanished, uids),
        )


class LogPage(msgspec.Struct, array_like=True, frozen=True):
    """What some entries of the log, those up to `modseq`, say of one collection: as written, not yet net.

    `more` tells that there are others; `complete` and `newest` are as in `Changes`.
    """

    modseq: int
    created: list[Range]
    updated: list[Range]
    destroyed: list[Range]
    complete: bool
    newest: int = 0
    more: bool = False


_RECORD = msgspec.msgpack.Decoder(ChangeRecord)


class Revision:
    """One operation's work on one account: takes the modseq, keeps the collections' records and the log in step.

    Used as a context: at its end all that was touched is written and the account's topic announced.
    """

    def __init__(self, txn: WriteTransaction, account: int) -> None:
        self.txn = txn
        self.account = account
        self.sequence: AccountSequence = read_sequence(txn, account)
        self.sequence.modseq += 1
        self.modseq = self.sequence.modseq
        self._collections: dict[int, CollectionRecord] = {}
        self._changes: dict[int, CollectionChange] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None:
            self._finish()

    def collection(self, number: int) -> CollectionRecord:
        """The record, to change in place; raises LookupError without one."""
        record = self._collections.get(number)
        if record is None:
            record = read_collection(self.txn, self.account, number)
            if record is None:
                raise LookupError(number)
            self._collections[number] = record
        return record

    def add_collection(self, kind: str, name: str, role: str | None, now: int) -> int:
        """A new collection's number; its UIDVALIDITY was never used in this account (RFC 9051 2.3.1.1)."""
        sequence = self.sequence
        sequence.collection += 1
        sequence.uid_validity = max(sequence.uid_validity + 1, now // 1000)
        self._collections[sequence.collection] = CollectionRecord(
            kind=kind, name=name, uid_validity=sequence.uid_validity, created=now, role=role, keywords=[]
        )
        self._change(sequence.collection)
        return sequence.collection

    def remove_collection(self, number: int) -> None:
        """Forget an empty collection."""
        self._collections.pop(number, None)
        self.txn.delete(COLLECTION.key(self.account, number))
        self._changes[number] = CollectionChange(number)

    def touch(self, number: int) -> CollectionRecord:
        """The record, to change what is not an item (its name, say); it takes this modseq."""
        record = self.collection(number)
        self._change(number)
        return record

    def new_object(self) -> int:
        """A number for what an item shows; never used before in this account."""
        self.sequence.object += 1
        return self.sequence.object

    def create(self, number: int, item: Item) -> int:
        """Add an item; its UID."""
        record = self.collection(number)
        uid = record.uid_next
        record.uid_next = uid + 1
        item.modseq = self.modseq
        self.txn.put(ITEM.key(self.account, number, uid), item.encode())
        ranges.add(self._change(number).created, uid)
        return uid

    def update(self, number: int, uid: int, item: Item) -> None:
        """Replace an item's changeable part."""
        item.modseq = self.modseq
        self.txn.put(ITEM.key(self.account, number, uid), item.encode())
        ranges.add(self._change(number).updated, uid)

    def destroy(self, number: int, uid: int) -> None:
        """Remove an item, leaving its tombstone in the log."""
        self.txn.delete(ITEM.key(self.account, number, uid))
        ranges.add(self._change(number).destroyed, uid)

    def create_all(self, number: int, values: Sequence[bytes]) -> range:
        """Add items by their records, which have this modseq already; their UIDs."""
        record = self.collection(number)
        uids = range(record.uid_next, record.uid_next + len(values))
        if not values:
            return uids
        record.uid_next = uids.stop
        self.txn.put_many(zip(ITEM.keys(self.account, number, last=uids), values, strict=True))
        ranges.extend(self._change(number).created, ranges.runs(uids))
        return uids

    def update_all(self, number: int, uids: Sequence[int], values: Sequence[bytes]) -> None:
        """Replace the records of items; the new ones have this modseq already."""
        self.txn.put_many(zip(ITEM.keys(self.account, number, last=uids), values, strict=True))
        ranges.extend(self._change(number).updated, ranges.runs(sorted(uids)))

    def destroy_all(self, number: int, uids: Sequence[int]) -> None:
        """Remove items that are there, leaving their tombstones in the log."""
        gone = ranges.runs(sorted(uids))
        if not gone:
            return
        for first, last in gone:
            key = ITEM.key(self.account, number, first)
            if first == last:
                self.txn.delete(key)
            else:
                self.txn.delete_range(key, ITEM.key(self.account, number, last) + b"\x00")
        ranges.extend(self._change(number).destroyed, gone)

    def leave(self, number: int, folder: int, name: str) -> None:
        """Say that an item is called so no more."""
        self._change(number).left.append((folder, name))

    def _change(self, number: int) -> CollectionChange:
        change = self._changes.get(number)
        if change is None:
            change = self._changes[number] = CollectionChange(number, [], [], [], [])
        return change

    def _finish(self) -> None:
        for number, record in self._collections.items():
            if number in self._changes:
                record.modseq = self.modseq
            write_collection(self.txn, self.account, number, record)
        if self._changes:
            self.txn.put(
                CHANGE.key(self.account, self.modseq), ENCODER.encode(ChangeRecord(list(self._changes.values())))
            )
            write_sequence(self.txn, self.account, self.sequence)
            self.txn.announce(account_topic(self.account))


def decode_change(value: bytes) -> ChangeRecord:
    """One entry of the log; raises msgspec.DecodeError."""
    return _RECORD.decode(value)


def changes_since(txn: ReadTransaction, account: int, collection: int, modseq: int) -> Changes:
    """What became of `collection` in the operations after `modseq`."""
    return net([log_page(txn, account, collection, modseq, None, None)])


def log_page(
    txn: ReadTransaction, account: int, collection: int, after: int, until: int | None, limit: int | None
) -> LogPage:
    """Entries of the log behind `after`, none behind `until`: `limit` of them, fewer with many ranges; None for all."""
    sequence = read_sequence(txn, account)
    reached = sequence.modseq if until is None else min(until, sequence.modseq)
    if after < sequence.log_from:
        return LogPage(reached, [], [], [], False)
    if reached <= after:
        return LogPage(reached, [], [], [], True)  # what is asked most: nothing happened
    found = CollectionChange(collection, [], [], [])
    newest = 0
    key = b""
    start, end = CHANGE.key(account, after + 1), CHANGE.key(account, max(after, reached)) + b"\x00"
    more = False
    for count, (key, value) in enumerate(txn.scan(start, end), 1):
        for change in _RECORD.decode(value).collections:
            if change.collection == collection:
                found.created += change.created
                found.updated += change.updated
                found.destroyed += change.destroyed
                newest = CHANGE.parse(key)[1]
        # an entry may have as many ranges as a page of small ones
        ranges_found = len(found.created) + len(found.updated) + len(found.destroyed)
        more = limit is not None and max(count, ranges_found) >= limit
        if more:
            break
    if more:
        reached = CHANGE.parse(key)[1]
    return LogPage(reached, found.created, found.updated, found.destroyed, True, newest, more)


def happened_since(txn: ReadTransaction, account: int, modseq: int) -> bool:
    """False when `modseq` is the account's newest: nothing came behind it."""
    return read_sequence(txn, account).modseq != modseq


class Touched(msgspec.Struct, array_like=True, frozen=True):
    """Which collections the operations up to `modseq` touched; `more` and `complete` as in LogPage."""

    modseq: int
    collections: list[int]
    complete: bool
    more: bool = False


def touched_since(txn: ReadTransaction, account: int, modseq: int, limit: int) -> Touched:
    """The collections of up to `limit` entries of the log behind `modseq`."""
    sequence = read_sequence(txn, account)
    if modseq < sequence.log_from:
        return Touched(sequence.modseq, [], False)
    found: set[int] = set()
    entries = list(islice(txn.scan(CHANGE.key(account, modseq + 1), CHANGE.range(account)[1]), limit))
    for _, value in entries:
        found.update(change.collection for change in _RECORD.decode(value).collections)
    more = len(entries) == limit
    return Touched(CHANGE.parse(entries[-1][0])[1] if more else sequence.modseq, sorted(found), True, more)


def net(pages: Sequence[LogPage]) -> Changes:
    """What pages that follow each other say in all."""
    first = pages[0]
    if len(pages) == 1 and not (first.created or first.updated or first.destroyed):
        return Changes(first.modseq, [], [], [], first.complete, first.newest)
    created = ranges.merge(one for page in pages for one in page.created)
    updated = ranges.merge(one for page in pages for one in page.updated)
    destroyed = ranges.merge(one for page in pages for one in page.destroyed)
    return Changes(
        pages[-1].modseq,
        ranges.subtract(created, destroyed),
        ranges.subtract(ranges.subtract(updated, created), destroyed),
        ranges.subtract(destroyed, created),
        all(page.complete for page in pages),
        max(page.newest for page in pages),
        destroyed,
    )


@operation
def prune_changes(txn: WriteTransaction, account: int, keep: int, limit: int) -> int:
    """Forget up to `limit` of the oldest entries of the log, never the newest `keep`; how many went."""
    sequence = read_sequence(txn, account)
    floor = sequence.modseq - keep
    if floor <= sequence.log_from:
        return 0
    old = [key for key, _ in islice(txn.scan(CHANGE.key(account, 0), CHANGE.key(account, floor + 1)), limit)]
    for key in old:
        txn.delete(key)
    if len(old) == limit:
        floor = max(CHANGE.parse(old[-1])[1], sequence.log_from)
    sequence.log_from = floor
    write_sequence(txn, account, sequence)
    return len(old)


@query
def long_logs(txn: ReadTransaction, after: int, limit: int, keep: int) -> list[tuple[int, bool]]:
    """(account, whether its log reaches back further than its newest `keep` entries) of accounts above `after`.

    What cannot be read is for others to mend.
    """
    found = []
    for key, value in islice(txn.scan(SEQUENCE.key(after + 1), SEQUENCE.range()[1]), limit):
        try:
            sequence = decode_sequence(value)
        except msgspec.MsgspecError:
            sequence = AccountSequence()
        found.append((SEQUENCE.parse(key)[0], sequence.modseq - keep > sequence.log_from))
    return found
