"""FETCH: batches of rows, each written and then paced by the reader; RFC 9051 6.4.5, RFC 7162 3.1.4, 3.2.6."""

from __future__ import annotations

import asyncio
from array import array
from collections.abc import Sequence

from posthouse.core.mail.flags import FlagChange
from posthouse.core.mail.messages import Row
from posthouse.core.mail.reading import flag_page
from posthouse.protocols.imap.commands import acting
from posthouse.protocols.imap.commands.fetch.binary import refuse_unknown
from posthouse.protocols.imap.commands.fetch.bodies import GATHERED_OCTETS, Bodies
from posthouse.protocols.imap.commands.fetch.plan import Plan, plan
from posthouse.protocols.imap.commands.partial import within
from posthouse.protocols.imap.commands.reading import batches, read_rows
from posthouse.protocols.imap.commands.resync import changed_positions, tell_missed
from posthouse.protocols.imap.contracts import Ok, User
from posthouse.protocols.imap.errors import Bad
from posthouse.protocols.imap.view import View
from posthouse.protocols.imap.wire.commands.messages import Fetch
from posthouse.protocols.imap.wire.fetch import FetchAttribute
from posthouse.protocols.imap.wire.flags import SEEN
from posthouse.protocols.imap.wire.sequence import SequenceSet
from posthouse.storage.contract import StoreUnavailable
from posthouse.storage.ranges import Range, merge

ALL_SHOWN = Ok("That is all")


async def fetch(command: Fetch, view: View, user: User) -> Ok:
    """Show what is asked of each message; those that others have removed meanwhile are passed over."""
    if command.vanished and not view.dialect.qresync:
        raise Bad("ENABLE QRESYNC first")  # RFC 7162 3.2.6
    positions = await view.positions(command.sequence, uid=command.uid)
    if command.partial is not None:
        positions = within(positions, command.partial)  # RFC 9394 3.3; 3.4: then what of them has changed
    if command.changed_since is not None:
        changes = await view.changes(command.changed_since)
        if command.vanished:
            await tell_missed(command.sequence, changes, view, user)
        positions = await changed_positions(positions, changes, command.changed_since, view)
    if await show(command.attributes, positions, view, user):
        return Ok("Others have removed some of them", b"EXPUNGEISSUED")  # RFC 5530 3
    return ALL_SHOWN


async def show_new(arrived: list[Range], attributes: tuple[FetchAttribute, ...], view: View, user: User) -> None:
    """What NOTIFY asked to be told of new messages; RFC 5465 5.2."""
    await show(attributes, SequenceSet(tuple(arrived)).uid_positions(await view.uids()), view, user)


async def show(attributes: tuple[FetchAttribute, ...], positions: list[Range], view: View, user: User) -> int:
    """FETCH responses of the messages that are still there; how many are not."""
    asked = plan(attributes)
    missing = 0
    for count, batch in enumerate(batches(positions, asked.per_batch)):
        if count:
            await user.output.drain()
            await asyncio.sleep(0)
        if asked.is_flags_only and isinstance(batch, range):
            shown = await _show_flags(batch, asked, view, user)
        else:
            shown = await _show_rows(batch, asked, view, user)
        missing += len(batch) - shown
    return missing


async def _show_flags(batch: range, asked: Plan, view: View, user: User) -> int:
    uids = await view.uids()
    first, last = uids[batch.start], uids[batch.stop - 1]
    page = await view.store.read(flag_page, view.account, view.mailbox, first, last, len(batch))
    present = uids[batch.start : batch.stop] if page.uids is None else array("I", page.uids)
    user.output.write(asked.flag_lines(view, _numbers(batch, present, view), present, page))
    return len(present)


async def _show_rows(batch: Sequence[int], asked: Plan, view: View, user: User) -> int:
    rows = await read_rows(view, batch, asked.columns)
    if asked.binaries:
        refuse_unknown(rows, asked.binaries)
    changed = await _mark_seen(rows, view) if asked.marks_seen and view.marks_seen else frozenset()
    numbers = _numbers(batch, [row.uid for row in rows], view)
    if not asked.sections:
        user.output.write(asked.lines(view, numbers, rows))
    elif asked.is_whole and not changed and (messages := _small(rows)) is not None:
        user.output.write(asked.whole_lines(view, numbers, rows, messages))
    else:
        await _show_bodies(numbers, rows, changed, asked, view, user)
    return len(rows)


def _small(rows: list[Row]) -> list[bytes] | None:
    """All of the messages, where they were read with their rows and are few octets together."""
    found: list[bytes] = []
    octets = 0
    for row in rows:
        if row.body is None or row.body.inline is None:
            return None
        found.append(row.body.inline)
        octets += row.body.size
    return found if octets <= GATHERED_OCTETS else None


def _numbers(batch: Sequence[int], uids: Sequence[int], view: View) -> Sequence[int]:
    """What stands behind the star for those of a batch that are there: their numbers, or with UIDONLY their UIDs."""
    if view.dialect.uid_only:
        return uids
    positions = batch if len(uids) == len(batch) else view.positions_of(uids)
    if isinstance(positions, range):
        return range(positions.start + 1, positions.stop + 1)
    return [at + 1 for at in positions]


async def _show_bodies(
    numbers: Sequence[int], rows: list[Row], changed: frozenset[int], asked: Plan, view: View, user: User
) -> None:
    bodies = Bodies(user)
    for number, row in zip(numbers, rows, strict=True):
        if asked.is_whole and row.uid not in changed and (messages := _small([row])) is not None:
            await bodies.add(asked.whole_lines(view, [number], [row], messages))
        else:
            items = asked.items(view, row, changed=row.uid in changed)
            await bodies.show(row, asked.head(view, number, items), bool(items), asked.sections)
    bodies.flush()


async def _mark_seen(rows: list[Row], view: View) -> frozenset[int]:
    """Give \\Seen to the messages whose bodies are shown (RFC 9051 6.4.5); the UIDs that have it newly."""
    unseen = [row.uid for row in rows if not row.flags & SEEN]
    if not unseen:
        return frozenset()
    ranges = merge((uid, uid) for uid in unseen)
    try:
        done = await acting.store_flags(view, ranges, FlagChange("add", SEEN))
    except StoreUnavailable:
        return frozenset()  # with a full disk mail can still be read
    view.did(done.modseq)
    now = {uid: each for each in done.rows for uid in range(each.first, each.last + 1)}
    for row in rows:
        if each := now.get(row.uid):
            row.flags, row.bitmap, row.modseq = each.flags, each.bitmap, each.modseq
    return frozenset(now)
