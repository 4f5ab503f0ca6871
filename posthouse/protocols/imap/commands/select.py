"""SELECT, EXAMINE, CLOSE, UNSELECT; RFC 9051 6.3.2, 6.3.3, 6.4.1, 6.4.2."""

from __future__ import annotations

from typing import TYPE_CHECKING

from posthouse.core.sharing.rights import CHANGES, Right
from posthouse.protocols.imap.commands.expunge import remove_deleted
from posthouse.protocols.imap.commands.listing import named_line
from posthouse.protocols.imap.commands.resync import resynchronise
from posthouse.protocols.imap.contracts import Ok, User
from posthouse.protocols.imap.errors import Bad
from posthouse.protocols.imap.opening import open_view
from posthouse.protocols.imap.view import View
from posthouse.protocols.imap.wire import encoder
from posthouse.protocols.imap.wire.commands.mailboxes import Close, Examine, Select, Unselect

if TYPE_CHECKING:
    from posthouse.protocols.imap.session import Session


async def select(command: Select | Examine, session: Session) -> Ok:
    """Open a mailbox; the one that was open is left whatever comes (RFC 9051 6.3.2)."""
    user = session.user
    if user is None:
        raise Bad("Log in first")
    if command.qresync is not None and not session.dialect.qresync:
        raise Bad("ENABLE QRESYNC first")  # RFC 7162 3.2.5
    leave(session)
    found = await user.find(command.name)
    found.need(Right.READ)
    read_only = isinstance(command, Examine) or not found.rights & CHANGES  # RFC 4314 5.2
    view = await open_view(
        user.store,
        found.account,
        found.name,
        session.dialect,
        rights=found.rights,
        read_only=read_only,
        claims=found.account == user.account,  # another's new messages stay new to him
        known=user.contracts.known_uids,
        refresh=user.contracts.refresher.refresh,
    )
    view.called = found.called
    view.shown_to(user.account)
    announce(view, user, session)
    if session.dialect.rev2:
        session.channel.write(await named_line(found, command.supplied, user))
    if command.qresync is not None:
        await resynchronise(view, command.qresync, user)
    session.view = view
    return Ok("Mailbox is open", b"READ-ONLY" if read_only else b"READ-WRITE")


def leave(session: Session) -> None:
    """The mailbox that was open is not any more: what follows is of the other one (RFC 7162 3.2.11, RFC 9051 7.1)."""
    if session.view is not None:
        session.view.let_go(0)
        session.view = None
        session.channel.write(session.dialect.say("*", "OK", "The mailbox that was open is closed", b"CLOSED"))


def announce(view: View, user: User, session: Session) -> None:
    """What SELECT tells; RFC 3501 6.3.1. The first unseen message is not looked for: few clients read that code."""
    write = session.channel.write
    write(encoder.exists(view.exists))
    if not session.dialect.rev2:
        write(encoder.recent(view.recent_count))
    write(view.flags_announced())
    for code, text in (
        (encoder.number_code(b"UIDVALIDITY", view.uid_validity), "UIDs are valid"),
        (encoder.number_code(b"UIDNEXT", view.uid_next), "The next UID"),
        (b"MAILBOXID (%b)" % user.object_id(b"F", view.account, view.mailbox), "The mailbox itself"),  # RFC 8474 4.2
    ):
        write(session.dialect.say("*", "OK", text, code))
    view.tell_synced(session.channel)  # RFC 7162 3.1.2.1: whether the peer has enabled CONDSTORE or not


async def close(command: Close, session: Session) -> Ok:
    """Leave the mailbox, removing what is \\Deleted without telling; RFC 9051 6.4.1."""
    user, view = session.user, session.view
    if user is None or view is None:
        raise Bad("Select a mailbox first")
    if not view.read_only and view.rights & Right.EXPUNGE:
        await remove_deleted(view, user)
    session.view = None
    return Ok("Mailbox is closed")


async def unselect(command: Unselect, session: Session) -> Ok:
    """Leave the mailbox as it is; RFC 9051 6.4.2, RFC 3691."""
    if session.view is None:
        raise Bad("Select a mailbox first")
    session.view = None
    return Ok("Mailbox is closed")
