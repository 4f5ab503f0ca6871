"""COPY and MOVE with their UID forms; RFC 9051 6.4.7, 6.4.8, RFC 6851, RFC 4315 (COPYUID)."""

from __future__ import annotations

from posthouse.core.mail import messages
from posthouse.core.mail.errors import NoSuchMailbox
from posthouse.core.mail.messages import Copied
from posthouse.protocols.imap.commands.expunge import refuse_read_only
from posthouse.protocols.imap.commands.incoming import no_target
from posthouse.protocols.imap.commands.numbers import check_numbers
from posthouse.protocols.imap.contracts import Ok, User
from posthouse.protocols.imap.view import View
from posthouse.protocols.imap.wire import encoder
from posthouse.protocols.imap.wire.commands import Copy, Move


async def copy(command: Copy, view: View, user: User) -> Ok:
    """Show the messages in another mailbox too."""
    copied = await _transfer(command, view, user)
    return Ok("Copied", copy_uid(copied))


async def move(command: Move, view: View, user: User) -> Ok:
    """Take the messages to another mailbox.

    COPYUID stands before the EXPUNGE responses (RFC 6851 4.3), which catching up tells behind it.
    """
    refuse_read_only(view)
    code = copy_uid(await _transfer(command, view, user))
    if code is not None:
        user.output.write(encoder.status_line("*", "OK", "Moved", code))
    return Ok("Done", synced=True)


async def _transfer(command: Copy | Move, view: View, user: User) -> Copied:
    check_numbers(command.sequence, view, uid=command.uid)
    ranges = await view.uid_ranges(command.sequence, uid=command.uid)
    operation = messages.move if isinstance(command, Move) else messages.copy
    try:
        found = await user.find(command.name)
        return await user.store.write(operation, found.account, view.mailbox, ranges, found.name, user.now())
    except NoSuchMailbox:
        raise no_target() from None


def copy_uid(copied: Copied) -> bytes | None:
    """The COPYUID code; None when nothing was there to copy."""
    if not copied.source:
        return None
    return encoder.copy_uid(copied.uid_validity, copied.source, copied.target)
