"""STORE and UID STORE; RFC 9051 6.4.6, RFC 7162 3.1.3 (UNCHANGEDSINCE)."""

from __future__ import annotations

from collections.abc import Iterator

from posthouse.core.mail.flagging import Stored
from posthouse.core.mail.flags import FlagChange
from posthouse.core.sharing.errors import NotAllowed
from posthouse.protocols.imap.commands import acting
from posthouse.protocols.imap.commands.expunge import refuse_read_only
from posthouse.protocols.imap.commands.limiting import newest_of, portions
from posthouse.protocols.imap.contracts import Ok, User
from posthouse.protocols.imap.errors import No
from posthouse.protocols.imap.view import View
from posthouse.protocols.imap.wire import encoder
from posthouse.protocols.imap.wire.commands.messages import Store
from posthouse.protocols.imap.wire.sequence import ranges_of
from posthouse.storage.ranges import Range, count, merge, numbers


async def store(command: Store, view: View, user: User) -> Ok:
    """Change flags, and show them unless .SILENT is asked.

    What others have removed is said of numbers whose flags shall be shown (RFC 2180 4.2.1), and of no UIDs (RFC 9051
    6.4.9).
    """
    refuse_read_only(view)
    ranges = await view.uid_ranges(command.sequence, uid=command.uid)
    if not ranges:
        return Ok("There is nothing to change")
    change = FlagChange(command.mode.value, command.flags.system, command.flags.keywords).within(view.rights)
    if change is None:
        raise NotAllowed("flags")
    ranges, limited = await newest_of(ranges, view, user.contracts.settings.changed_messages)
    left: list[Range] = []  # messages that others have changed
    there = 0
    # in a search folder all at once: what no longer fits behind the first portion is to be changed, too
    positions = await view.numbering.positions(ranges)
    for some in [ranges] if view.virtual else portions(positions, await view.uids()):
        done = await acting.store_flags(view, some, change, command.unchanged_since)
        view.did(done.modseq)
        view.learn_keywords(done.keywords, user.output)
        user.output.write(b"".join(_lines(command, done, view)))
        left += done.failed
        there += sum(row.last - row.first + 1 for row in done.rows) + count(done.failed)
        await user.output.drain()
    if left:
        failed = merge(left) if command.uid else _as_numbers(merge(left), view)
        return Ok("Others have changed some of them", b"MODIFIED " + encoder.uid_set(failed), limited=limited)
    if there < count(ranges) and not (command.silent or command.uid):
        if not there:
            raise No("Others have removed them", "EXPUNGEISSUED")  # RFC 2180 4.2.2: nothing pretends to be changed
        return Ok("Others have removed some of them", b"EXPUNGEISSUED", limited=limited)
    return Ok("Done", limited=limited)


def _lines(command: Store, done: Stored, view: View) -> Iterator[bytes]:
    """FETCH responses for what the peer does not know; RFC 7162 3.1.3 for those without flags."""
    dialect = view.dialect
    shows_uids = command.uid or dialect.shows_uids
    every = command.unchanged_since is not None  # then each message is told, else those that changed
    for row in done.rows:
        modseq = b"MODSEQ (%d)" % row.modseq
        if command.silent:
            if dialect.condstore and (every or row.modseq == done.modseq):
                yield dialect.alike(view.number_of(row.first), range(row.first, row.last + 1), modseq, uids_shown=True)
            continue
        for first, last in view.by_recency(row.first, row.last):
            items = b"FLAGS " + view.flags_of(first, row.flags, row.keywords)
            if dialect.condstore:
                items += b" " + modseq
            yield dialect.alike(view.number_of(first), range(first, last + 1), items, uids_shown=shows_uids)


def _as_numbers(uids: list[Range], view: View) -> list[Range]:
    return ranges_of(at + 1 for at in view.positions_of(list(numbers(uids))))
