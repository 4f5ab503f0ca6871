"""REPLACE and UID REPLACE: a message put in the place of another, both or neither; RFC 8508."""

from __future__ import annotations

from typing import TYPE_CHECKING

from posthouse.protocols.imap.commands import acting
from posthouse.protocols.imap.commands.incoming import flags_and_times, placing, target
from posthouse.protocols.imap.commands.placed import appended
from posthouse.protocols.imap.contracts import Ok
from posthouse.protocols.imap.wire.commands.append import Replace

if TYPE_CHECKING:
    from posthouse.protocols.imap.session import Session


async def replace(command: Replace, session: Session) -> Ok:
    """Place the message that has come and remove the other.

    APPENDUID stands before the EXPUNGE (RFC 8508 3.4), which catching up tells behind it.
    """
    user, view = session.user, session.view
    assert user is not None
    assert view is not None
    with placing(session) as incoming:
        found = await target(command.name, user)
        each = flags_and_times(command.messages, found, user)
        placed = await acting.replace(view, incoming.replaced, found, incoming.letters, *each)
    code, brought = await appended(placed, found, user)
    session.channel.write(session.dialect.say("*", "OK", "Stored", code))
    return Ok("Replaced", synced=True, placed=brought)
