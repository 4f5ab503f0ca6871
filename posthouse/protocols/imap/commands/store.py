"""STORE and UID STORE; RFC 9051 6.4.6."""

from __future__ import annotations

from posthouse.core.mail.flags import FlagChange
from posthouse.core.mail.messages import store_flags
from posthouse.core.sharing.errors import NotAllowed
from posthouse.protocols.imap.commands.expunge import refuse_read_only
from posthouse.protocols.imap.commands.numbers import check_numbers
from posthouse.protocols.imap.contracts import Ok, User
from posthouse.protocols.imap.errors import Bad
from posthouse.protocols.imap.view import View
from posthouse.protocols.imap.wire.commands import Store


async def store(command: Store, view: View, user: User) -> Ok:
    """Change flags, and show them unless .SILENT is asked."""
    if command.unchanged_since is not None:
        raise Bad("CONDSTORE is not offered")
    refuse_read_only(view)
    check_numbers(command.sequence, view, uid=command.uid)
    ranges = await view.uid_ranges(command.sequence, uid=command.uid)
    if not ranges:
        return Ok("There is nothing to change")
    change = FlagChange(command.mode.value, command.flags.system, command.flags.keywords).within(view.rights)
    if change is None:
        raise NotAllowed("flags")
    done = await user.store.write(store_flags, view.account, view.mailbox, ranges, change, None)
    view.did(done.modseq)
    view.learn_keywords(done.keywords, user.output)
    if command.silent:
        return Ok("Done")
    lines = []
    for at, (uid, flags, keywords) in zip(view.positions_of([row[0] for row in done.rows]), done.rows, strict=True):
        shown = view.flags_of(uid, flags, keywords)
        if command.uid:
            lines.append(b"* %d FETCH (UID %d FLAGS %b)\r\n" % (at + 1, uid, shown))
        else:
            lines.append(b"* %d FETCH (FLAGS %b)\r\n" % (at + 1, shown))
    user.output.write(b"".join(lines))
    return Ok("Done")
