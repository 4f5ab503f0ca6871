"""What a search folder has to look at next: in the change log, in mailboxes that it has not seen, or as time goes."""

from __future__ import annotations

from itertools import islice

import msgspec

from posthouse.core.mail.criteria.keys import SearchKey
from posthouse.core.mail.errors import NoSuchMailbox
from posthouse.core.mail.search_folders.records import Definition, Standing, read_definition, read_standing
from posthouse.core.mail.search_folders.scope import scope
from posthouse.storage import ranges as uid_ranges
from posthouse.storage.changes import decode_change
from posthouse.storage.collections import read_sequence
from posthouse.storage.contract import ReadTransaction, query
from posthouse.storage.ranges import Range
from posthouse.storage.spaces import CHANGE, ITEM, SEARCH_DUE

ENTRIES_AT_ONCE = 500  # of the change log, about 2 ms
MESSAGES_AT_ONCE = 1000
MAILBOXES_AT_ONCE = 200  # most of which have few messages: each step is written down
UNWRITTEN = 100  # entries that say nothing of the folder's mailboxes are read again rather than written down


class Look(msgspec.Struct, array_like=True, frozen=True):
    """Messages of a mailbox to be looked at, by ranges of UIDs that may be there."""

    mailbox: int
    uids: list[Range]


class Pending(msgspec.Struct, array_like=True, frozen=True):
    """One step: when all `looks` are settled, the folder stands at `after`; till then at turn `turn`.

    What it shows of the mailbox `dropped` has to go, 0 for none. `due` are what has come of SEARCH_DUE.
    """

    criteria: SearchKey
    turn: int
    after: Standing
    looks: list[Look] = []
    dropped: int = 0
    due: list[tuple[int, int, int]] = []


@query
def next_step(txn: ReadTransaction, account: int, folder: int, now: int) -> Pending | None:
    """The next step, None when there is nothing to do; raises NoSuchMailbox when it is no search folder (now)."""
    definition, standing = read_definition(txn, account, folder), read_standing(txn, account, folder)
    if definition is None or standing is None:
        raise NoSuchMailbox(str(folder))
    if standing.leaving:
        after = _next(standing, leaving=standing.leaving[1:])
        return Pending(definition.criteria, standing.turn, after, dropped=standing.leaving[0])
    sequence = read_sequence(txn, account)
    if not standing.synced or standing.synced < sequence.log_from:
        # it knows of nothing, or the log no longer reaches back so far: all is looked at
        covered = scope(txn, account, definition)
        still = set(covered)
        leaving = [mailbox for mailbox in standing.covered if mailbox not in still]
        ahead = [(mailbox, 1) for mailbox in covered]
        after = _next(standing, synced=sequence.modseq, covered=covered, leaving=leaving, ahead=ahead)
        return Pending(definition.criteria, standing.turn, after)
    if standing.ahead:
        return _look_ahead(txn, account, definition, standing)
    if standing.synced < sequence.modseq:
        step = _follow_log(txn, account, folder, definition, standing, sequence.modseq)
        if step is not None:
            return step
    return _look_at_due(txn, account, folder, definition, standing, now)


@query
def next_due(txn: ReadTransaction, account: int, folder: int) -> int | None:
    """When (ms) a message of it will have to be looked at because time has gone; None for never."""
    key = next((key for key, _ in txn.scan(*SEARCH_DUE.range(account, folder))), None)
    return None if key is None else int(SEARCH_DUE.parse(key)[2])


def _next(standing: Standing, **changes: object) -> Standing:
    changed: Standing = msgspec.structs.replace(standing, **changes)
    changed.turn = standing.turn + 1
    return changed


def _look_ahead(txn: ReadTransaction, account: int, definition: Definition, standing: Standing) -> Pending:
    looks: list[Look] = []
    room = MESSAGES_AT_ONCE
    for at, (mailbox, first) in enumerate(standing.ahead[:MAILBOXES_AT_ONCE]):
        start, end = ITEM.key(account, mailbox, first), ITEM.range(account, mailbox)[1]
        uids = [int.from_bytes(key[-4:], "big") for key, _ in islice(txn.scan(start, end), room)]
        if len(uids) == room:
            looks.append(Look(mailbox, [(first, uids[-1])]))
            ahead = [(mailbox, uids[-1] + 1), *standing.ahead[at + 1 :]]
            return Pending(definition.criteria, standing.turn, _next(standing, ahead=ahead), looks)
        looks.append(Look(mailbox, [(first, 0xFFFFFFFF)]))
        room -= len(uids)
    ahead = standing.ahead[MAILBOXES_AT_ONCE:]
    return Pending(definition.criteria, standing.turn, _next(standing, ahead=ahead), looks)


def _follow_log(
    txn: ReadTransaction, account: int, folder: int, definition: Definition, standing: Standing, newest: int
) -> Pending | None:
    covered = set(standing.covered)
    touched: dict[int, list[Range]] = {}
    reached, count, messages, moved, whole = standing.synced, 0, 0, False, False
    for key, value in txn.scan(CHANGE.key(account, standing.synced + 1), CHANGE.range(account)[1]):
        count += 1
        reached = CHANGE.parse(key)[1]
        for change in decode_change(value).collections:
            uids = [*change.created, *change.updated, *change.destroyed]
            if change.collection == folder:
                continue
            if change.collection in covered and uids:
                touched.setdefault(change.collection, []).extend(uids)
                messages += uid_ranges.count(uids)
            else:
                moved = True  # it may have been made, renamed or deleted: which mailboxes are looked at is asked anew
        if count == ENTRIES_AT_ONCE or messages >= MESSAGES_AT_ONCE:
            break
    else:
        reached, whole = newest, True
    now_covered = scope(txn, account, definition) if moved else standing.covered
    if whole and not touched and now_covered == standing.covered and count < UNWRITTEN:
        return None
    new = [mailbox for mailbox in now_covered if mailbox not in covered]
    still = covered if now_covered is standing.covered else set(now_covered)
    after = _next(
        standing,
        synced=reached,
        covered=now_covered,
        ahead=[(mailbox, 1) for mailbox in new],
        leaving=[mailbox for mailbox in standing.covered if mailbox not in still],
    )
    looks = [Look(mailbox, uid_ranges.merge(uids)) for mailbox, uids in touched.items() if mailbox in still]
    return Pending(definition.criteria, standing.turn, after, looks)


def _look_at_due(
    txn: ReadTransaction, account: int, folder: int, definition: Definition, standing: Standing, now: int
) -> Pending | None:
    start, end = SEARCH_DUE.range(account, folder)[0], SEARCH_DUE.prefix(account, folder, now + 1)
    keys = [SEARCH_DUE.parse(key)[2:] for key, _ in islice(txn.scan(start, end), MESSAGES_AT_ONCE)]
    if not keys:
        return None
    touched: dict[int, list[Range]] = {}
    covered = set(standing.covered)
    for _, mailbox, uid in keys:
        if mailbox in covered:
            touched.setdefault(mailbox, []).append((uid, uid))
    looks = [Look(mailbox, uid_ranges.merge(uids)) for mailbox, uids in touched.items()]
    return Pending(definition.criteria, standing.turn, _next(standing), looks, due=[(*key,) for key in keys])
