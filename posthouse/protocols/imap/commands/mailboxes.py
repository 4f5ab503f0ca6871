"""CREATE, DELETE, RENAME, SUBSCRIBE, UNSUBSCRIBE; RFC 9051 6.3.4–6.3.8, RFC 6154 3."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from posthouse.core.mail import mailboxes
from posthouse.core.mail.errors import NoSuchMailbox
from posthouse.core.mail.mailboxes import SEPARATOR
from posthouse.core.mail.subscriptions import subscribe_shared
from posthouse.core.mail.uses import USES
from posthouse.core.sharing.rights import Right
from posthouse.protocols.imap.commands.listing import named_line
from posthouse.protocols.imap.contracts import Ok, User
from posthouse.protocols.imap.errors import Bad, No
from posthouse.protocols.imap.wire import encoder
from posthouse.protocols.imap.wire.commands.mailboxes import Create, Delete, Rename, Subscribe, Unsubscribe

if TYPE_CHECKING:
    from posthouse.protocols.imap.session import Session


async def create(command: Create, user: User) -> Ok:
    """Make a mailbox and those above it; RFC 9051 6.3.4."""
    found = await user.find_room(command.name)
    found.need(Right.CREATE)
    role = command.use[0] if command.use else None
    if role is not None:
        if found.account != user.account:
            raise No("Only one's own mailboxes have a use", "USEATTR")
        taken = {mailbox.role for mailbox in await user.store.read(mailboxes.list_mailboxes, user.account)}
        if len(command.use) > 1 or role not in USES or role in taken:
            raise No("A mailbox cannot be made for that use", "USEATTR")  # RFC 6154 3
    mail = user.contracts.mail
    made = await user.store.write(mailboxes.create_mailbox, found.account, found.name, role, user.now(), mail)
    await _tell_name(command.name.removesuffix(SEPARATOR), command.supplied, user)
    return Ok("Mailbox is made", b"MAILBOXID (%b)" % user.object_id(b"F", found.account, made.id))  # RFC 8474 4.1


async def delete(command: Delete, session: Session) -> Ok:
    """Remove a mailbox; the session that has it open leaves it (RFC 9051 6.3.5)."""
    user = session.user
    if user is None:
        raise Bad("Log in first")
    found = await user.find(command.name)
    found.need(Right.REMOVE)
    view = session.view
    if view is not None and view.account == found.account:
        doomed = await user.store.read(mailboxes.find_mailbox, found.account, found.name)
        if doomed.id != view.mailbox:
            view = None
    else:
        view = None
    await user.store.write(mailboxes.delete_mailbox, found.account, found.name, user.now())
    if view is not None:
        session.view = None
    if command.supplied is not None and user.dialect.rev2:
        line = encoder.list_line(["\\NonExistent"], command.name, utf8=True, old_name=command.supplied)
        user.output.write(line)
    return Ok("Mailbox is deleted")


async def rename(command: Rename, user: User) -> Ok:
    """Give a mailbox and those under it another name; RFC 9051 6.3.6."""
    old, new = await user.find(command.old), await user.find_room(command.new)
    old.need(Right.REMOVE)
    new.need(Right.CREATE)
    if old.account != new.account:
        raise No("A mailbox stays with whom it belongs to", "CANNOT")
    mail = user.contracts.mail
    await user.store.write(mailboxes.rename_mailbox, old.account, old.name, new.name, user.now(), mail)
    await _tell_name(command.new.removesuffix(SEPARATOR), command.supplied, user)
    return Ok("Mailbox is renamed")


async def subscribe(command: Subscribe, user: User) -> Ok:
    """RFC 9051 6.3.7."""
    await _subscribe(command.name, True, user)
    await _tell_name(command.name, command.supplied, user)
    return Ok("Subscribed")


async def unsubscribe(command: Unsubscribe, user: User) -> Ok:
    """RFC 9051 6.3.8. Clients unsubscribe what they have just deleted (Thunderbird does): that is no error."""
    try:
        await _subscribe(command.name, False, user)
    except NoSuchMailbox:
        return Ok("It is no longer there")
    return Ok("Unsubscribed")


async def _subscribe(name: str, subscribed: bool, user: User) -> None:
    found = await user.find(name)
    if found.account == user.account:
        await user.store.write(mailboxes.subscribe, user.account, found.name, subscribed)
        return
    if subscribed:
        found.need(Right.LOOKUP)
        if not found.name:  # a group's root is no mailbox
            raise NoSuchMailbox(name)
    await user.store.write(subscribe_shared, user.account, found.account, found.number, subscribed)


async def _tell_name(name: str, supplied: str | None, user: User) -> None:
    """How a mailbox is called here that the peer named otherwise; RFC 9051 6.3.9.7."""
    if supplied is not None and user.dialect.rev2:
        with suppress(NoSuchMailbox):
            user.output.write(await named_line(await user.find(name), supplied, user, subscribed=True))
