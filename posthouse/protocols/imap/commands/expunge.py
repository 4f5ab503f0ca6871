"""EXPUNGE and UID EXPUNGE; RFC 9051 6.4.3, 6.4.9, RFC 7162 3.2.7, 3.2.9.

What goes is told like what others remove: by catching up.
"""

from __future__ import annotations

import asyncio

from posthouse.core.mail.reading import deleted_uids
from posthouse.core.sharing.rights import Right
from posthouse.protocols.imap.commands import acting
from posthouse.protocols.imap.commands.limiting import message_limit, portions
from posthouse.protocols.imap.contracts import Ok, User
from posthouse.protocols.imap.errors import No
from posthouse.protocols.imap.view import View
from posthouse.protocols.imap.wire.commands.messages import Expunge, UidExpunge
from posthouse.storage.ranges import merge

LOOKED_AT_AT_ONCE = 5000  # messages, about 3 ms


async def expunge(command: Expunge, view: View, user: User) -> Ok:
    """Remove all messages that are \\Deleted."""
    refuse_read_only(view)
    view.need(Right.EXPUNGE)
    now = user.now()
    if view.virtual:
        await acting.expunge(view, None, now)
    else:
        doomed = await _doomed(view)
        for some in portions(merge((uid, uid) for uid in doomed), doomed):
            await acting.expunge(view, some, now)
    return Ok("Expunged", synced=True)


async def _doomed(view: View) -> list[int]:
    """The UIDs of messages that are \\Deleted, also of those that came since the peer last heard of any."""
    doomed: list[int] = []
    first = 1
    while first:
        uids, first = await view.store.read(deleted_uids, view.account, view.mailbox, first, LOOKED_AT_AT_ONCE)
        doomed += uids
        await asyncio.sleep(0)
    return doomed


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
