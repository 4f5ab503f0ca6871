"""COPY and MOVE with their UID forms; RFC 9051 6.4.7, 6.4.8, RFC 6851, RFC 4315 (COPYUID)."""

from __future__ import annotations

from posthouse.core.mail.errors import NoSuchMailbox
from posthouse.core.sharing.rights import Right
from posthouse.protocols.imap.commands import acting
from posthouse.protocols.imap.commands.expunge import refuse_read_only
from posthouse.protocols.imap.commands.incoming import no_target
from posthouse.protocols.imap.commands.limiting import newest_of
from posthouse.protocols.imap.commands.placed import copied
from posthouse.protocols.imap.contracts import Ok, Placed, User
from posthouse.protocols.imap.errors import No
from posthouse.protocols.imap.view import View
from posthouse.protocols.imap.wire.commands.messages import Copy, Move


async def copy(command: Copy, view: View, user: User) -> Ok:
    """Show the messages in another mailbox too."""
    code, placed, _ = await _transfer(command, view, user)
    return Ok("Copied", code, placed=placed)


async def move(command: Move, view: View, user: User) -> Ok:
    """Take the messages to another mailbox.

    COPYUID stands before the EXPUNGE responses (RFC 6851 4.3), which catching up tells behind it.
    """
    refuse_read_only(view)
    code, placed, limited = await _transfer(command, view, user)
    if code is not None:
        user.output.write(user.dialect.say("*", "OK", "Moved", code))
    return Ok("Done", synced=True, limited=limited, placed=placed)


async def _transfer(
    command: Copy | Move, view: View, user: User
) -> tuple[bytes | None, tuple[Placed, ...], bytes | None]:
    """The COPYUID code, what was placed, and the code of a limit."""
    moves = isinstance(command, Move)
    if moves:
        view.need(Right.DELETE | Right.EXPUNGE)  # RFC 6851 3.3: as if each were marked and expunged
    ranges = await view.uid_ranges(command.sequence, uid=command.uid)
    ranges, limited = await newest_of(ranges, view, user.contracts.settings.changed_messages)
    if limited is not None and not moves:
        raise No("So many messages cannot be copied at once", limited.decode())  # all or none: RFC 9051 6.4.7
    try:
        found = await user.find(command.name)
        found.need(Right.INSERT)
        done = await acting.copy_or_move(view, ranges, found, user.now(), moves=moves)
    except NoSuchMailbox:
        raise no_target() from None
    if ranges and not done.source:
        raise No("Others have removed them", "EXPUNGEISSUED")  # RFC 2180 4.4: nothing pretends to be copied
    return *await copied(done, found, user), limited
