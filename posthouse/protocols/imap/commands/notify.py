"""NOTIFY; RFC 5465."""

from __future__ import annotations

from typing import TYPE_CHECKING

from posthouse.core.mail.errors import TooManyMailboxes
from posthouse.protocols.imap.contracts import Ok
from posthouse.protocols.imap.errors import Bad, No
from posthouse.protocols.imap.watching.watch import Watch
from posthouse.protocols.imap.wire.commands.session import Notify

if TYPE_CHECKING:
    from posthouse.protocols.imap.session import Session


async def notify(command: Notify, session: Session) -> Ok:
    """Tell from now on what is asked for, and nothing else; what was asked for before is forgotten.

    What has changed in the open mailbox is told now (RFC 5465 3.1), as after every command.
    """
    user, view = session.user, session.view
    if user is None:
        raise Bad("Log in first")
    watch = Watch(command.groups, session.wake)
    try:
        await watch.begin(user)
        watch.tell_closed(user)
        if command.status:
            await watch.tell_all(user, None if view is None else (view.account, view.mailbox))
    except TooManyMailboxes:
        watch.end()
        raise No("So many mailboxes cannot be watched", "NOTIFICATIONOVERFLOW") from None
    if session.watch is not None:
        session.watch.end()
    session.watch = watch
    return Ok("Done")
