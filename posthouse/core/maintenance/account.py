"""Checking one account in one snapshot, and mending in one transaction what is derived from its items."""

from __future__ import annotations

import msgspec

from posthouse.core.accounts.quota import set_usage, usage
from posthouse.core.mail.mailboxes import KIND
from posthouse.core.maintenance.faults import REBUILD, Fault
from posthouse.core.maintenance.survey import Survey, compare, survey
from posthouse.storage.blobs.records import release
from posthouse.storage.changes import decode_change
from posthouse.storage.collections import CollectionRecord, read_sequence, write_collection, write_sequence
from posthouse.storage.contract import ReadTransaction, WriteTransaction, operation, query
from posthouse.storage.spaces import CHANGE, ENVELOPE, MESSAGE, PLACES, STRUCTURE
from posthouse.storage.topics import account_topic

LEAP = 1 << 32  # how far a modseq is set ahead where clients must fetch all anew


class AccountReport(msgspec.Struct, array_like=True, frozen=True):
    """What was found; `hashes` says how often each blob is held."""

    faults: list[Fault]
    messages: list[int]
    hashes: dict[bytes, int]


@query
def check_account(txn: ReadTransaction, account: int) -> AccountReport:
    """Look at an account's records, all but the letters themselves."""
    found = survey(txn, account)
    return AccountReport(_faults(txn, found), list(found.messages), found.hashes())


@operation
def mend_account(txn: WriteTransaction, account: int, now: int) -> list[Fault]:
    """Make what is derived anew; the faults that there were. Clients of a mended account compare all anew."""
    found = survey(txn, account)
    faults = _faults(txn, found)
    if not faults:
        return []
    for key in found.stray:
        txn.delete(key)
    for message in found.idle:
        release(txn, found.messages[message].hash, now)
        for space in (MESSAGE, ENVELOPE, STRUCTURE, PLACES):
            txn.delete(space.key(account, message))
    for message, places in found.places.items():
        if places > 1:
            txn.put(PLACES.key(account, message), places.to_bytes(4, "little"))
        else:
            txn.delete(PLACES.key(account, message))
    set_usage(txn, account, found.items, found.octets)
    _start_anew(txn, found, now, renewed={number for number in found.counted if _has_wrong_uids(found, number)})
    return faults


@operation
def renew_account(txn: WriteTransaction, account: int, now: int) -> None:
    """Make an account of a restored store new to its clients: they may know of changes that the backup has not."""
    found = survey(txn, account)
    _start_anew(txn, found, now, renewed=set(found.counted))


def _start_anew(txn: WriteTransaction, found: Survey, now: int, renewed: set[int]) -> None:
    """Counters as the items say and a log that begins now; collections that are `renewed` get other UIDs' validity."""
    account = found.account
    txn.delete_range(*CHANGE.range(account))
    txn.announce(account_topic(account))
    sequence = read_sequence(txn, account)
    sequence.modseq = sequence.log_from = max(sequence.modseq, found.modseq) + LEAP
    sequence.object = max(sequence.object, found.last_object)
    sequence.collection = max([sequence.collection, *found.counted])
    for number, counted in found.counted.items():
        record = found.collections.get(number) or CollectionRecord(KIND, f"Recovered {number}", 0, now, keywords=[])
        if number in renewed:
            sequence.uid_validity = max(sequence.uid_validity + 1, now // 1000)
            record.uid_validity = sequence.uid_validity
        record.exists, record.unseen, record.deleted = counted.exists, counted.unseen, counted.deleted
        record.size = counted.size
        record.uid_next = max(record.uid_next, counted.last_uid + 1)
        record.modseq = sequence.modseq
        for missing in range(len(record.keywords), counted.keywords.bit_length()):
            record.keywords.append(f"$Recovered{missing}")
        write_collection(txn, account, number, record)
    write_sequence(txn, account, sequence)


def _has_wrong_uids(found: Survey, number: int) -> bool:
    record = found.collections.get(number)
    return record is None or found.counted[number].last_uid >= record.uid_next


def _faults(txn: ReadTransaction, found: Survey) -> list[Fault]:
    account = found.account
    faults = compare(txn, found)
    held = usage(txn, account)
    if (held.messages, held.octets) != (found.items, found.octets):
        kept, right = f"{held.messages} messages, {held.octets} octets", f"{found.items}, {found.octets}"
        faults.append(Fault(f"account {account}", f"its usage is {kept}, and should be {right}", REBUILD))
    return faults + _check_log(txn, account)


def _check_log(txn: ReadTransaction, account: int) -> list[Fault]:
    modseq = read_sequence(txn, account).modseq
    faults = []
    for key, value in txn.scan(*CHANGE.range(account)):
        _, number = CHANGE.parse(key)
        try:
            decode_change(value)
        except msgspec.MsgspecError as error:
            faults.append(Fault(f"account {account}, change {number}", f"it cannot be read: {error}", REBUILD))
        if number > modseq:
            faults.append(Fault(f"account {account}, change {number}", f"the last one is {modseq}", REBUILD))
    return faults
