"""Changing the flags of many messages of a mailbox in one revision; RFC 9051 6.4.6."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import compress

import msgspec

from posthouse.core.mail.counting import deleted_in, unseen_in
from posthouse.core.mail.flags import FlagChange
from posthouse.core.mail.keywords import keyword_bits
from posthouse.storage import ranges
from posthouse.storage.changes import Revision
from posthouse.storage.item_bytes import Items, bitmap_of, flags_of, modseqs, read_state, restated, states
from posthouse.storage.ranges import Range


class Flagged(msgspec.Struct, array_like=True, frozen=True):
    """Messages with UIDs `first` to `last`, each of which is there, that have these flags and this modseq.

    `bitmap` is of their keywords, little end first: there may be more than a number in transit has room for.
    """

    first: int
    last: int
    flags: int
    bitmap: bytes
    modseq: int

    @property
    def keywords(self) -> int:
        """The keywords as bits of the mailbox's table."""
        return int.from_bytes(self.bitmap, "little")


class Stored(msgspec.Struct, array_like=True, frozen=True):
    """What a change of flags did: how the messages are now, by UID; those `failed` had changed since.

    `modseq` is that of this change, 0 when all flags were so already.
    """

    modseq: int
    keywords: tuple[str, ...]
    rows: list[Flagged]
    failed: list[Range]


def flag_items(
    revision: Revision, mailbox: int, items: Items, change: FlagChange, unchanged_since: int | None = None
) -> Stored:
    """Change flags, but of those that have changed after `unchanged_since` (RFC 7162 3.1.3).

    Raises TooManyKeywords.
    """
    record = revision.collection(mailbox)
    named = keyword_bits(record, change.keywords)
    failed: list[int] = []
    if unchanged_since is not None:
        items, failed = _unchanged(items, unchanged_since)
    uids, values = items
    before = states(values)
    becomes = {state: change.apply(*read_state(state), named) for state in set(before)}
    same = {state for state, now in becomes.items() if now == read_state(state)}
    changed = restated(values, [None if state in same else becomes[state] for state in before], revision.modseq)
    if changed:
        old, new = [values[at] for at, _ in changed], [value for _, value in changed]
        revision.update_all(mailbox, [uids[at] for at, _ in changed], new)
        record.unseen += unseen_in(flags_of(new)) - unseen_in(flags_of(old))
        record.deleted += deleted_in(flags_of(new)) - deleted_in(flags_of(old))
    told = {state: (*becomes[state], revision.modseq) for state in becomes.keys() - same}
    now = [
        told[state] if state in told else (*becomes[state], modseq)
        for state, modseq in zip(before, modseqs(values), strict=True)
    ]
    modseq = revision.modseq if changed else 0
    return Stored(modseq, tuple(record.keywords), flagged(zip(uids, now, strict=True)), ranges.runs(failed))


def flagged(messages: Iterable[tuple[int, tuple[int, int, int]]]) -> list[Flagged]:
    """Messages in UID order, (UID, (flags, keywords, modseq)) each, put together where they are alike."""
    found: list[Flagged] = []
    first = last = -2
    held = (0, 0, 0)
    for uid, state in messages:
        if uid == last + 1 and state == held:
            last = uid
            continue
        if last >= 0:
            found.append(_alike(first, last, *held))
        first, last, held = uid, uid, state
    if last >= 0:
        found.append(_alike(first, last, *held))
    return found


def _alike(first: int, last: int, flags: int, keywords: int, modseq: int) -> Flagged:
    return Flagged(first, last, flags, bitmap_of(keywords) if keywords else b"", modseq)


def _unchanged(items: Items, since: int) -> tuple[Items, list[int]]:
    """Those that have not changed since then, and the UIDs of the others."""
    marks = [modseq <= since for modseq in modseqs(items.values)]
    kept = Items(list(compress(items.uids, marks)), list(compress(items.values, marks)))
    return kept, [uid for uid, stands in zip(items.uids, marks, strict=True) if not stands]
