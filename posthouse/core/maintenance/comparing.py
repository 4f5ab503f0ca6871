"""An account's counters and its change log against what its items say."""

from __future__ import annotations

from bisect import bisect_left

from posthouse.core.mail.mailboxes import INBOX_ID
from posthouse.core.maintenance.counted import Counted
from posthouse.core.maintenance.faults import REBUILD, Fault
from posthouse.core.maintenance.records import scan_readable
from posthouse.core.maintenance.survey import Survey
from posthouse.storage.changes import ChangeRecord, CollectionChange
from posthouse.storage.collections import AccountSequence, CollectionRecord
from posthouse.storage.contract import ReadTransaction
from posthouse.storage.ranges import Range
from posthouse.storage.spaces import CHANGE, COLLECTION

Log = dict[int, dict[int, CollectionChange]]  # by modseq, by collection


def compare(txn: ReadTransaction, found: Survey) -> list[Fault]:
    """What of the records beside the items is otherwise than the items say."""
    faults = []
    for number, counted in found.counted.items():
        where = f"account {found.account}, {found.name_of(number)}"
        record = found.collections.get(number)
        if record is not None:
            faults += [Fault(where, what, REBUILD) for what in _compare_collection(record, counted)]
        elif txn.get(COLLECTION.key(found.account, number)) is not None:
            faults.append(Fault(where, f"its record cannot be read; it has {counted.exists} messages", REBUILD))
        elif number == INBOX_ID and not counted.exists:
            faults.append(Fault(where, "there is no inbox", REBUILD))
        else:
            faults.append(Fault(where, f"it has {counted.exists} messages and no record", REBUILD))
    where = f"account {found.account}"
    if found.sequence is None:
        faults.append(Fault(where, "its counters are missing or cannot be read", REBUILD))
    else:
        faults += [Fault(where, what, REBUILD) for what in _compare_sequence(found, found.sequence)]
        faults += _compare_log(txn, found, found.sequence)
    return faults


def _compare_collection(record: CollectionRecord, counted: Counted) -> list[str]:
    wrong = []
    for field in ("exists", "unseen", "deleted", "size"):
        kept, right = getattr(record, field), getattr(counted, field)
        if kept != right:
            wrong.append(f"{field} is {kept} and should be {right}")
    if counted.last_uid >= record.uid_next:
        wrong.append(f"the next UID is {record.uid_next}, and {counted.last_uid} is there")
    if counted.modseq > record.modseq:
        wrong.append(f"its modseq is {record.modseq}, and {counted.modseq} is there")
    if counted.keywords.bit_length() > len(record.keywords):
        wrong.append("messages have keywords without a name")
    return wrong


def _compare_sequence(found: Survey, sequence: AccountSequence) -> list[str]:
    last_validity = max((record.uid_validity for record in found.collections.values()), default=0)
    return [
        f"its last {name} is {last}, {kept} is counted"
        for name, last, kept in (
            ("modseq", max(found.modseq, sequence.log_from), sequence.modseq),
            ("message number", found.last_object, sequence.object),
            ("mailbox number", max(found.collections, default=0), sequence.collection),
            ("UID validity", last_validity, sequence.uid_validity),
        )
        if last > kept
    ]


def _compare_log(txn: ReadTransaction, found: Survey, sequence: AccountSequence) -> list[Fault]:
    account = found.account
    faults = []
    log: Log = {}
    for (_, modseq), record in scan_readable(txn, CHANGE, ChangeRecord, account):
        where = f"account {account}, change {modseq}"
        if record is None:
            faults.append(Fault(where, "it cannot be read", REBUILD))
        elif modseq > sequence.modseq:
            faults.append(Fault(where, f"the last one is {sequence.modseq}", REBUILD))
        else:
            log[modseq] = {change.collection: change for change in record.collections}
    for number, counted in found.counted.items():
        silent = sum(not _is_told(log, number, uid, modseq) for uid, modseq in counted.recent)
        if silent:
            what = f"the change log says nothing of {silent} of its messages"
            faults.append(Fault(f"account {account}, {found.name_of(number)}", what, REBUILD))
    for modseq, changes in log.items():
        for number, change in changes.items():
            held = found.counted.get(number)
            if held is not None and any(_holds_any(held, gone) for gone in change.destroyed):
                where = f"account {account}, {found.name_of(number)}"
                faults.append(Fault(where, f"a message that change {modseq} destroyed is there", REBUILD))
    return faults


def _is_told(log: Log, number: int, uid: int, modseq: int) -> bool:
    change = log.get(modseq, {}).get(number)
    return change is not None and any(first <= uid <= last for first, last in [*change.created, *change.updated])


def _holds_any(counted: Counted, uids: Range) -> bool:
    first, last = uids
    at = bisect_left(counted.uids, first)
    return at < len(counted.uids) and counted.uids[at] <= last
