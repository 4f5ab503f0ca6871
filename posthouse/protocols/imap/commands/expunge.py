"""EXPUNGE and UID EXPUNGE; RFC 9051 6.4.3, 6.4.9, RFC 7162 3.2.7, 3.2.9.

What goes is told like what others remove: by catching up.
"""

from __future__ import annotations

from posthouse.core.sharing.rights import Right
from posthouse.protocols.imap.commands import acting
from posthouse.protocols.imap.commands.limiting import message_limit
from posthouse.protocols.imap.contracts import Ok, User
from posthouse.protocols.imap.errors import No
from posthouse.protocols.imap.view import View
from posthouse.protocols.imap.wire.commands import Expunge, UidExpunge


async def expunge(command: Expunge, view: View, user: User) -> Ok:
    """Remove all messages that are \\Deleted."""
    refuse_read_only(view)
    view.need(Right.EXPUNGE)
    await acting.expunge(view, None, user.now())
    return Ok("Expunged", synced=True)


async def uid_expunge(command: UidExpunge, view: View, user: User) -> Ok:
    """Remove those of the set that are \\Deleted."""
    refuse_read_only(view)
    view.need(Right.EXPUNGE)
    chosen = await view.uid_ranges(command.sequence, uid=True)
    limit, limited = user.contracts.settings.changed_messages, None
    if chosen:
        done = await acting.expunge_newest(view, chosen, user.now(), limit)
        limited = message_limit(limit, done.uids[0][0]) if done.cut else None
    return Ok("Expunged", synced=True, limited=limited)


def refuse_read_only(view: View) -> None:
    """Raise No for a mailbox opened by EXAMINE."""
    if view.read_only:
        raise No("The mailbox is open for reading only", "READ-ONLY")
