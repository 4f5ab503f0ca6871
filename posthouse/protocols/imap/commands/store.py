"""STORE and UID STORE; RFC 9051 6.4.6, RFC 7162 3.1.3 (UNCHANGEDSINCE)."""

from __future__ import annotations

from posthouse.core.mail.flags import FlagChange
from posthouse.core.mail.messages import Stored
from posthouse.core.sharing.errors import NotAllowed
from posthouse.protocols.imap.commands import acting
from posthouse.protocols.imap.commands.expunge import refuse_read_only
from posthouse.protocols.imap.commands.limiting import newest_of, portions
from posthouse.protocols.imap.commands.numbers import check_numbers
from posthouse.protocols.imap.contracts import Ok, User
from posthouse.protocols.imap.view import View
from posthouse.protocols.imap.wire import encoder
from posthouse.protocols.imap.wire.commands.messages import Store
from posthouse.protocols.imap.wire.sequence import ranges_of
from posthouse.storage.ranges import Range, merge, numbers


async def store(command: Store, view: View, user: User) -> Ok:
    """Change flags, and show them unless .SILENT is asked."""
    refuse_read_only(view)
    check_numbers(command.sequence, view, uid=command.uid)
    ranges = await view.uid_ranges(command.sequence, uid=command.uid)
    if not ranges:
        return Ok("There is nothing to change")
    change = FlagChange(command.mode.value, command.flags.system, command.flags.keywords).within(view.rights)
    if change is None:
        raise NotAllowed("flags")
    ranges, limited = await newest_of(ranges, view, user.contracts.settings.changed_messages)
    left: list[Range] = []  # messages that others have changed
    # in a search folder all at once: what no longer fits behind the first portion is to be changed, too
    for some in [ranges] if view.virtual else portions(ranges, await view.uids()):
        done = await acting.store_flags(view, some, change, command.unchanged_since)
        view.did(done.modseq)
        view.learn_keywords(done.keywords, user.output)
        user.output.write(b"".join(_lines(command, done, view)))
        left += done.failed
        await user.output.drain()
    if left:
        failed = merge(left) if command.uid else _as_numbers(merge(left), view)
        return Ok("Others have changed some of them", b"MODIFIED " + encoder.uid_set(failed), limited=limited)
    return Ok("Done", limited=limited)


def _lines(command: Store, done: Stored, view: View) -> list[bytes]:
    dialect = view.dialect
    at = view.positions_of([uid for uid, _, _ in done.rows])
    rows = zip(at, done.rows, done.modseqs, strict=True)
    if command.silent:
        if not dialect.condstore:
            return []
        # RFC 7162 3.1.3: after UNCHANGEDSINCE each message is told, else those that changed
        every = command.unchanged_since is not None
        return [
            dialect.modseq_line(n + 1, uid, modseq) for n, (uid, _, _), modseq in rows if every or modseq == done.modseq
        ]
    shown = [(n + 1, uid, view.flags_of(uid, flags, keywords), modseq) for n, (uid, flags, keywords), modseq in rows]
    if command.uid or dialect.shows_uids:
        return [dialect.flags_line(number, uid, flags, modseq) for number, uid, flags, modseq in shown]
    return [dialect.fetched(number, uid, b"FLAGS " + flags) for number, uid, flags, _ in shown]


def _as_numbers(uids: list[Range], view: View) -> list[Range]:
    return ranges_of(at + 1 for at in view.positions_of(list(numbers(uids))))
