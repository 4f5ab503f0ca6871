"""EXPUNGE and UID EXPUNGE; RFC 9051 6.4.3, 6.4.9, RFC 7162 3.2.7, 3.2.9.

What goes is told like what others remove: by catching up.
"""

from __future__ import annotations

import asyncio

from posthouse.core.mail.mailboxes import read_mailbox
from posthouse.core.mail.reading import deleted_uids
from posthouse.core.sharing.rights import Right
from posthouse.protocols.imap.commands import acting
from posthouse.protocols.imap.commands.limiting import batches, message_limit
from posthouse.protocols.imap.contracts import Ok, User
from posthouse.protocols.imap.errors import No
from posthouse.protocols.imap.view import View
from posthouse.protocols.imap.wire.commands.messages import Expunge, UidExpunge
from posthouse.storage.item_bytes import EVERY
from posthouse.storage.ranges import Range

LOOKED_AT_AT_ONCE = 5000  # messages, about 3 ms


async def expunge(command: Expunge, view: View, user: User) -> Ok:
    """Remove all messages that are \\Deleted."""
    refuse_read_only(view)
    view.need(Right.EXPUNGE)
    await remove_deleted(view, user)
    return Ok("Expunged", synced=True)


async def uid_expunge(command: UidExpunge, view: View, user: User) -> Ok:
    """Remove those of the set that are \\Deleted."""
    refuse_read_only(view)
    view.need(Right.EXPUNGE)
    chosen = await view.uid_ranges(command.sequence, uid=True)
    doomed = await _doomed(view, chosen)
    limit = user.contracts.settings.changed_messages
    limited = message_limit(limit, doomed[-limit]) if len(doomed) > limit else None  # RFC 9738 3.1: the newest
    await _remove(view, doomed[-limit:], user)
    return Ok("Expunged", synced=True, limited=limited)


async def remove_deleted(view: View, user: User) -> None:
    """Remove all that are \\Deleted, also of those that came since the peer last heard of any."""
    mailbox = await view.store.read(read_mailbox, view.account, view.mailbox)
    if mailbox.deleted:
        await _remove(view, await _doomed(view, [EVERY]), user)


async def _doomed(view: View, ranges: list[Range]) -> list[int]:
    doomed: list[int] = []
    left = ranges
    while left:
        uids, left = await view.store.read(deleted_uids, view.account, view.mailbox, left, LOOKED_AT_AT_ONCE)
        doomed += uids
        await asyncio.sleep(0)
    return doomed


async def _remove(view: View, doomed: list[int], user: User) -> None:
    """Some at a time: nothing asks for all or none, and others want to write, too."""
    now = user.now()
    for some in batches(doomed):
        await acting.expunge(view, some, now)


def refuse_read_only(view: View) -> None:
    """Raise No for a mailbox opened by EXAMINE."""
    if view.read_only:
        raise No("The mailbox is open for reading only", "READ-ONLY")
