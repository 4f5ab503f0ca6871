"""What a peer that was away has missed: SELECT with QRESYNC, FETCH with CHANGEDSINCE and VANISHED.

RFC 7162 3.1.4.1, 3.2.5, 3.2.6. The change log tells it; where that was cut, all messages are looked at.
"""

from __future__ import annotations

import asyncio
from array import array
from bisect import bisect_left

from posthouse.core.mail.reading import changed
from posthouse.core.turns import Turn
from posthouse.protocols.imap.contracts import User
from posthouse.protocols.imap.dialect import RANGES_PER_LINE
from posthouse.protocols.imap.view import View
from posthouse.protocols.imap.windows import intersected, merged
from posthouse.protocols.imap.wire import encoder
from posthouse.protocols.imap.wire.commands.mailboxes import QResync
from posthouse.protocols.imap.wire.sequence import SequenceSet, ranges_of
from posthouse.storage import ranges as uid_ranges
from posthouse.storage.changes import Changes
from posthouse.storage.ranges import Range

MESSAGES_PER_READ = 5_000  # about 1 to 3 ms


async def resynchronise(view: View, wanted: QResync, user: User) -> None:
    """Tell what went and which flags changed since `wanted.modseq`; nothing for another UIDVALIDITY."""
    if wanted.uid_validity != view.uid_validity:
        return
    known = [(1, view.uid_next - 1)]
    if wanted.known_uids is not None:
        known = uid_ranges.intersect(wanted.known_uids.resolve(view.uid_next - 1), known)
    changes = await view.changes(wanted.modseq)
    if changes.complete:
        await tell_vanished(await intersected(changes.vanished, known), user)
        touched = await merged(changes.created, changes.updated)
        await view.tell_flags(await intersected(touched, known), user.output)
        return
    uids = await view.uids()
    above = _last_match(wanted, uids)
    await tell_vanished(missing(uid_ranges.intersect(known, [(above + 1, view.uid_next - 1)]), uids), user)
    for first, last in known:
        await view.tell_flags(await _changed(view, first, last, wanted.modseq), user.output)


async def tell_missed(sequence: SequenceSet, changes: Changes, view: View, user: User) -> None:
    """VANISHED (EARLIER) of FETCH with VANISHED: what of the set has gone; RFC 7162 3.2.6."""
    # `*` is the last UID that there ever was, so that `1:*` names also what has gone at the end
    last = view.uid_next - 1
    known = view.saved if sequence.saved else sequence.resolve(last)
    known = uid_ranges.intersect(known, [(1, last)])
    if changes.complete:
        await tell_vanished(await intersected(changes.vanished, known), user)
    else:
        await tell_vanished(missing(known, await view.uids()), user)


async def changed_positions(positions: list[Range], changes: Changes, since: int, view: View) -> list[Range]:
    """Those of the messages that changed after `since`; RFC 7162 3.1.4.1."""
    uids = await view.uids()
    if changes.complete:
        touched = await merged(changes.created, changes.updated)
    else:
        touched = [one for start, stop in positions for one in await _changed(view, uids[start], uids[stop - 1], since)]
    # half-open ranges of positions as inclusive ones, and back
    inclusive = [(start, stop - 1) for start, stop in await view.numbering.positions(touched)]
    asked = [(start, stop - 1) for start, stop in positions]
    return [(first, last + 1) for first, last in await intersected(await merged(inclusive), asked)]


async def tell_vanished(gone: list[Range], user: User) -> None:
    """VANISHED (EARLIER), when there is something to tell."""
    turn = Turn()
    for at in range(0, len(gone), RANGES_PER_LINE):
        user.output.write(encoder.vanished(gone[at : at + RANGES_PER_LINE], earlier=True))
        await user.output.drain()
        await turn.share()


def missing(known: list[Range], uids: array[int]) -> list[Range]:
    """What of the ranges is not among the ascending `uids`."""
    return uid_ranges.subtract(known, ranges_of(uids)) if known else []


async def _changed(view: View, first: int, last: int, since: int) -> list[Range]:
    found = array("I")
    while first <= last:
        page = await view.store.read(changed, view.account, view.mailbox, first, last, since, MESSAGES_PER_READ)
        found.frombytes(page.uids)
        if not page.last:
            break
        first = page.last + 1
        await asyncio.sleep(0)
    return ranges_of(found)


def _last_match(wanted: QResync, uids: array[int]) -> int:
    """The highest UID up to which the peer's numbers and UIDs are ours, too: of what went below it knows already.

    RFC 7162 3.2.5.2. Where one pair fits all below it fit, so each stretch is searched by halves.
    """
    if wanted.known_numbers is None or wanted.known_number_uids is None:
        return 0
    found = 0
    for first, last, uid in _stretches(wanted.known_numbers.ranges, wanted.known_number_uids.ranges):
        numbers = range(first, min(last, len(uids)) + 1)
        fitting = bisect_left(numbers, True, key=lambda n: uids[n - 1] != uid + n - first)
        if fitting:
            found = uid + fitting - 1
        if fitting < last - first + 1:
            break
    return found


def _stretches(numbers: tuple[Range, ...], uids: tuple[Range, ...]) -> list[tuple[int, int, int]]:
    """Stretches in which both grow by one: (first number, last number, UID of the first)."""
    found = []
    left = list(reversed(uids))
    for whole_first, last in numbers:
        first = whole_first
        while first <= last and left:
            uid, last_uid = left.pop()
            count = min(last - first, last_uid - uid) + 1
            found.append((first, first + count - 1, uid))
            if uid + count <= last_uid:
                left.append((uid + count, last_uid))
            first += count
    return found
