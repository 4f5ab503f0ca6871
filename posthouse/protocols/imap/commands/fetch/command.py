"""FETCH: batches of rows, each written and then paced by the reader; RFC 9051 6.4.5, RFC 7162 3.1.4, 3.2.6."""

from __future__ import annotations

import asyncio
from array import array
from collections.abc import Sequence

from posthouse.core.mail.flags import FlagChange
from posthouse.core.mail.messages import Column, Row
from posthouse.core.mail.reading import flag_page
from posthouse.protocols.imap.commands import acting
from posthouse.protocols.imap.commands.fetch.binary import refuse_unknown
from posthouse.protocols.imap.commands.fetch.bodies import Bodies
from posthouse.protocols.imap.commands.fetch.plan import Plan
from posthouse.protocols.imap.commands.numbers import check_numbers
from posthouse.protocols.imap.commands.partial import within
from posthouse.protocols.imap.commands.reading import Batch, batches, read_rows
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

# What is read and rendered in about 2 to 3 ms
FLAGS_PER_BATCH = 4000
ROWS_PER_BATCH = 750
RECORDS_PER_BATCH = 400
BODIES_PER_BATCH = 100


async def fetch(command: Fetch, view: View, user: User) -> Ok:
    """Show what is asked of each message; those that others have removed meanwhile are passed over."""
    if command.vanished and not view.dialect.qresync:
        raise Bad("ENABLE QRESYNC first")  # RFC 7162 3.2.6
    check_numbers(command.sequence, view, uid=command.uid)
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
    return Ok("That is all")


async def show_new(arrived: list[Range], attributes: tuple[FetchAttribute, ...], view: View, user: User) -> None:
    """What NOTIFY asked to be told of new messages; RFC 5465 5.2."""
    await show(attributes, SequenceSet(tuple(arrived)).uid_positions(await view.uids()), view, user)


async def show(attributes: tuple[FetchAttribute, ...], positions: list[Range], view: View, user: User) -> int:
    """FETCH responses of the messages that are still there; how many are not."""
    plan = Plan(attributes, view.dialect)
    missing = 0
    if plan.is_flags_only:
        size = FLAGS_PER_BATCH
    elif plan.sections:
        size = BODIES_PER_BATCH
    else:
        size = RECORDS_PER_BATCH if plan.columns & Column.RECORD else ROWS_PER_BATCH
    for count, batch in enumerate(batches(positions, size)):
        if count:
            await asyncio.sleep(0)
        if plan.is_flags_only and batch.scattered is None:
            shown = await _show_flags(batch, plan, view, user)
        else:
            shown = await _show_rows(batch, plan, view, user)
        missing += batch.count - shown
        await user.output.drain()
    return missing


async def _show_flags(batch: Batch, plan: Plan, view: View, user: User) -> int:
    uids = await view.uids()
    first, last = uids[batch.start], uids[batch.stop - 1]
    page = await view.store.read(flag_page, view.account, view.mailbox, first, last, batch.count)
    present = uids[batch.start : batch.stop] if page.uids is None else array("I", page.uids)
    user.output.write(plan.flag_lines(view, plan.numbers(view, present), present, page))
    return len(present)


async def _show_rows(batch: Batch, plan: Plan, view: View, user: User) -> int:
    rows = await read_rows(view, batch, plan.columns)
    if plan.binaries:
        refuse_unknown(rows, plan.binaries)
    changed = await _mark_seen(rows, view, user) if plan.marks_seen and view.marks_seen else frozenset()
    numbers = plan.numbers(view, [row.uid for row in rows])
    if plan.sections:
        await _show_bodies(numbers, rows, changed, plan, view, user)
    else:
        user.output.write(plan.lines(view, numbers, rows))
    return len(rows)


async def _show_bodies(
    numbers: Sequence[int], rows: list[Row], changed: frozenset[int], plan: Plan, view: View, user: User
) -> None:
    bodies = Bodies(user)
    label = plan.whole
    for number, row in zip(numbers, rows, strict=True):
        items = plan.items(view, row, changed=row.uid in changed) if plan.has_items or changed else b""
        head = plan.head(number, items)
        if label is None or row.body is None or row.body.inline is None:
            await bodies.show(row, head, bool(items), plan.sections)
        elif bodies.add_whole(head, b" " + label if items else label, row.body.inline):
            bodies.flush()
            await user.output.drain()
    bodies.flush()


async def _mark_seen(rows: list[Row], view: View, user: User) -> frozenset[int]:
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
