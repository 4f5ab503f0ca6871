"""Checking one account in one snapshot, and mending in one transaction what is derived from its items."""

from __future__ import annotations

from collections.abc import Iterator
from heapq import merge
from itertools import groupby, islice

import msgspec

from posthouse.core.accounts.quota import set_usage
from posthouse.core.accounts.records import AccountRecord, Usage
from posthouse.core.mail.deleting import lacks_erasing, need_erasing
from posthouse.core.mail.mailboxes import INBOX, INBOX_ID, KIND
from posthouse.core.mail.places import create_item
from posthouse.core.mail.search_folders.records import SEARCH_KIND
from posthouse.core.maintenance.comparing import compare
from posthouse.core.maintenance.faults import REBUILD, RESTORE, Fault
from posthouse.core.maintenance.files import new_files_record
from posthouse.core.maintenance.records import get_readable
from posthouse.core.maintenance.survey import Survey, survey
from posthouse.storage.changes import Revision
from posthouse.storage.collections import AccountSequence, CollectionRecord, write_collection, write_sequence
from posthouse.storage.contract import ReadTransaction, WriteTransaction, operation, query
from posthouse.storage.items import Item
from posthouse.storage.keys import Space
from posthouse.storage.spaces import ACCOUNT, CHANGE, PLACES, SEQUENCE, USAGE
from posthouse.storage.topics import account_topic

LEAP = 1 << 32  # how far a modseq is set ahead where clients must fetch all anew
RECOVERED = "Recovered"  # the mailbox of messages that no mailbox showed any more


class AccountReport(msgspec.Struct, array_like=True, frozen=True):
    """What was found; `messages` can be read, `hashes` says how often each blob is held.

    `faults` are mended by `mend_account`, `letter_faults` otherwise or not at all. `contents` are those of documents.
    """

    faults: list[Fault]
    letter_faults: list[Fault]
    messages: list[int]
    hashes: dict[bytes, int]
    contents: list[bytes] = []


@query
def present_accounts(txn: ReadTransaction, after: int, limit: int) -> list[int]:
    """Up to `limit` numbers above `after` of accounts that have a record or mail, whether it can be read or not.

    Those that are being erased are none.
    """
    numbers = merge(_numbers(txn, ACCOUNT, after), _numbers(txn, SEQUENCE, after))
    return list(islice((number for number, _ in groupby(numbers) if not _is_gone(txn, number)), limit))


@query
def check_account(txn: ReadTransaction, account: int) -> AccountReport:
    """Look at an account's records, all but the letters themselves."""
    if _is_gone(txn, account):
        return AccountReport([], [], [], {})
    found = survey(txn, account)
    return AccountReport(
        _faults(txn, found), found.letter_faults, list(found.messages), found.hashes(), list(found.files.contents)
    )


@operation
def mend_account(txn: WriteTransaction, account: int, now: int) -> list[Fault]:
    """Make what is derived anew; the faults that there were. Clients of a mended account compare all anew.

    Messages that no mailbox shows are shown in one of their own.
    """
    if _is_gone(txn, account):
        return []
    found = survey(txn, account)
    faults = _faults(txn, found)
    if not faults or get_readable(txn, ACCOUNT.key(account), AccountRecord) is None:
        return []  # whose it is must be known first
    for key in found.stray:
        txn.delete(key)
    for key, value in found.amended.items():
        txn.put(key, value)
    for message in [*found.messages, *found.unreadable]:
        places = found.places[message]
        if places > 1:
            txn.put(PLACES.key(account, message), places.to_bytes(4, "little"))
        else:
            txn.delete(PLACES.key(account, message))
    if get_readable(txn, USAGE.key(account), Usage) is None:
        txn.delete(USAGE.key(account))
    octets = found.octets + sum(found.messages[message][1] for message in found.idle)
    set_usage(txn, account, found.items + len(found.idle), octets)
    _start_anew(txn, found, now, renewed={number for number in found.counted if _has_wrong_uids(found, number)})
    _show_idle(txn, found, now)
    if lacks_erasing(txn, account, found.collections.values()):
        need_erasing(txn, account, now)
    return faults


@operation
def renew_account(txn: WriteTransaction, account: int, now: int) -> None:
    """Make an account of a restored store new to its clients: they may know of changes that the backup has not."""
    if not _is_gone(txn, account):
        found = survey(txn, account)
        _start_anew(txn, found, now, renewed=set(found.counted))


def _start_anew(txn: WriteTransaction, found: Survey, now: int, renewed: set[int]) -> None:
    """Counters as the items say and a log that begins now; collections that are `renewed` get other UIDs' validity."""
    account = found.account
    txn.delete_range(*CHANGE.range(account))
    txn.announce(account_topic(account))
    sequence = found.sequence or AccountSequence()
    sequence.modseq = sequence.log_from = max(sequence.modseq, sequence.log_from, found.modseq) + LEAP
    sequence.object = max(sequence.object, found.last_object)
    sequence.collection = max([sequence.collection, *found.counted])
    validities = [record.uid_validity for record in found.collections.values()]
    sequence.uid_validity = max([sequence.uid_validity, *validities])
    for number, counted in found.counted.items():
        record = found.collections.get(number) or _new_record(found, number, now)
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


def _new_record(found: Survey, number: int, now: int) -> CollectionRecord:
    if number == found.files.collection:
        return new_files_record(now)
    if number == INBOX_ID:
        return CollectionRecord(KIND, INBOX, 0, now, role="inbox", keywords=[])
    kind = SEARCH_KIND if number in found.search_folders else KIND
    return CollectionRecord(kind, f"{RECOVERED} {number}", 0, now, keywords=[])


def _show_idle(txn: WriteTransaction, found: Survey, now: int) -> None:
    if not found.idle:
        return
    with Revision(txn, found.account) as revision:
        names = {record.name: number for number, record in found.collections.items()}
        mailbox = names.get(RECOVERED) or revision.add_collection(KIND, RECOVERED, None, now)
        for message in found.idle:
            size = found.messages[message][1]
            create_item(revision, mailbox, Item(0, 0, message, now, now, size))


def _has_wrong_uids(found: Survey, number: int) -> bool:
    record = found.collections.get(number)
    return record is None or found.counted[number].last_uid >= record.uid_next


def _numbers(txn: ReadTransaction, space: Space, after: int) -> Iterator[int]:
    for key, _ in txn.scan(space.prefix(after + 1), space.range()[1]):
        yield space.parse(key)[0]


def _is_gone(txn: ReadTransaction, account: int) -> bool:
    """True when there is nothing to check: it was, or is being, erased."""
    value = txn.get(ACCOUNT.key(account))
    if value is None:
        return txn.get(SEQUENCE.key(account)) is None
    record = get_readable(txn, ACCOUNT.key(account), AccountRecord)
    return record is not None and record.status == "deleted"


def _faults(txn: ReadTransaction, found: Survey) -> list[Fault]:
    account = found.account
    where = f"account {account}"
    if txn.get(ACCOUNT.key(account)) is None:
        return [Fault(where, f"it is gone, and {found.items} messages of it are here", RESTORE)]
    faults = found.faults + compare(txn, found)
    if lacks_erasing(txn, account, found.collections.values()):
        faults.append(Fault(where, "a deleted mailbox is left, and no job erases it", REBUILD))
    value = txn.get(USAGE.key(account))
    held = Usage() if value is None else get_readable(txn, USAGE.key(account), Usage)
    if held is None:
        faults.append(Fault(where, "its usage cannot be read", REBUILD))
    elif (held.messages, held.octets) != (found.items, found.octets):
        kept, right = f"{held.messages} messages, {held.octets} octets", f"{found.items}, {found.octets}"
        faults.append(Fault(where, f"its usage is {kept}, and should be {right}", REBUILD))
    return faults
