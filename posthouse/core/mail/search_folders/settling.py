"""Writing down which messages are in a search folder: what was looked at in a worker becomes items of the folder.

Flags are taken from the messages as they are when it is written. If they are others by then than those that were looked
at, that change stands in the log behind what the folder knows, and is looked at next.
"""

from __future__ import annotations

from itertools import islice

import msgspec

from posthouse.core.mail.errors import NoSuchMailbox, TooManyKeywords
from posthouse.core.mail.keywords import keyword_bits, named_by
from posthouse.core.mail.places import create_item, replace_flags, take_out
from posthouse.core.mail.search_folders.records import (
    Standing,
    add_member,
    read_standing,
    remove_member,
    scan_members,
    write_standing,
)
from posthouse.storage.changes import Revision
from posthouse.storage.collections import read_collection
from posthouse.storage.contract import WriteTransaction, operation
from posthouse.storage.items import Item, decode_item
from posthouse.storage.ranges import Range
from posthouse.storage.spaces import ITEM, SEARCH_DUE, SEARCH_MEMBER

MEMBERS_AT_ONCE = 500


class Verdict(msgspec.Struct, array_like=True, frozen=True):
    """Of the messages `looked` at in a mailbox, those UIDs that fit; `due` is when others may (ms, UID)."""

    mailbox: int
    looked: list[Range]
    fitting: list[int]
    due: list[tuple[int, int]] = []


@operation
def settle(
    txn: WriteTransaction,
    account: int,
    folder: int,
    turn: int,
    verdicts: list[Verdict],
    fired: list[tuple[int, int, int]],
    after: Standing | None,
) -> bool:
    """Make the folder's items what the verdicts say; False, and nothing done, when it is no longer at this turn.

    `fired` go from SEARCH_DUE. Without `after` more will follow, of the turn behind. Raises NoSuchMailbox.
    """
    standing = _standing(txn, account, folder)
    if standing.turn != turn:
        return False
    for when, mailbox, uid in fired:
        txn.delete(SEARCH_DUE.key(account, folder, when, mailbox, uid))
    with Revision(txn, account) as revision:
        for verdict in verdicts:
            _settle(revision, folder, verdict)
    _turn(txn, account, folder, standing, after)
    return True


@operation
def drop_mailbox(txn: WriteTransaction, account: int, folder: int, turn: int, mailbox: int, after: Standing) -> bool:
    """Take what the folder shows of a mailbox out, some messages at a time; False when it is not at this turn.

    Raises NoSuchMailbox.
    """
    standing = _standing(txn, account, folder)
    if standing.turn != turn:
        return False
    members = list(islice(txn.scan(*SEARCH_MEMBER.range(account, folder, mailbox)), MEMBERS_AT_ONCE))
    with Revision(txn, account) as revision:
        for key, value in members:
            _remove(revision, folder, int.from_bytes(value, "big"), mailbox, int.from_bytes(key[-4:], "big"))
    _turn(txn, account, folder, standing, after if len(members) < MEMBERS_AT_ONCE else None)
    return True


def mirrored_keywords(revision: Revision, folder: int, names: list[str], keywords: int) -> int:
    """Keywords of another mailbox, whose names are given, as bits of the folder's table; what has no room is left."""
    record = revision.collection(folder)
    held = named_by(names, keywords)
    try:
        return keyword_bits(record, held)
    except TooManyKeywords:
        known = {name.lower() for name in record.keywords}
        return keyword_bits(record, tuple(name for name in held if name.lower() in known))


def _standing(txn: WriteTransaction, account: int, folder: int) -> Standing:
    standing = read_standing(txn, account, folder)
    if standing is None:
        raise NoSuchMailbox(str(folder))
    return standing


def _turn(txn: WriteTransaction, account: int, folder: int, standing: Standing, after: Standing | None) -> None:
    turn = standing.turn + 1
    standing = after or standing
    standing.turn = turn
    write_standing(txn, account, folder, standing)


def _settle(revision: Revision, folder: int, verdict: Verdict) -> None:
    txn, account, mailbox = revision.txn, revision.account, verdict.mailbox
    members = dict(scan_members(txn, account, folder, mailbox, verdict.looked))
    source = read_collection(txn, account, mailbox)
    fitting = [] if source is None else verdict.fitting
    names = [] if source is None else source.keywords
    values = txn.get_many([ITEM.key(account, mailbox, uid) for uid in fitting])
    translated = {0: 0}
    for uid, value in zip(fitting, values, strict=True):
        if value is None:
            continue  # gone meanwhile
        item = decode_item(value)
        if item.keywords not in translated:
            translated[item.keywords] = mirrored_keywords(revision, folder, names, item.keywords)
        item.keywords = translated[item.keywords]
        here = members.pop(uid, None)
        if here is None:
            add_member(txn, account, folder, create_item(revision, folder, item), mailbox, uid)
        else:
            _refresh(revision, folder, here, item)
    for uid, here in members.items():
        _remove(revision, folder, here, mailbox, uid)
    for when, uid in verdict.due:
        txn.put(SEARCH_DUE.key(account, folder, when, mailbox, uid), b"")


def _refresh(revision: Revision, folder: int, uid: int, wanted: Item) -> None:
    value = revision.txn.get(ITEM.key(revision.account, folder, uid))
    held = None if value is None else decode_item(value)
    if held is not None and (held.flags, held.keywords) != (wanted.flags, wanted.keywords):
        replace_flags(revision, folder, uid, held, wanted.flags, wanted.keywords)


def _remove(revision: Revision, folder: int, uid: int, mailbox: int, there: int) -> None:
    value = revision.txn.get(ITEM.key(revision.account, folder, uid))
    if value is not None:
        take_out(revision, folder, uid, decode_item(value))
    remove_member(revision.txn, revision.account, folder, uid, mailbox, there)
