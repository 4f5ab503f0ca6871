"""APPEND, whose messages `Incoming` has taken; RFC 9051 6.3.12, RFC 3502 (MULTIAPPEND), RFC 4315 (APPENDUID)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from posthouse.core.mail import messages
from posthouse.protocols.imap.commands.incoming import flags_and_times, placing, target
from posthouse.protocols.imap.commands.placed import appended
from posthouse.protocols.imap.contracts import Ok
from posthouse.protocols.imap.wire.commands.append import Append

if TYPE_CHECKING:
    from posthouse.protocols.imap.session import Session


async def append(command: Append, session: Session) -> Ok:
    """Place the messages that have come, all or none."""
    user = session.user
    assert user is not None
    with placing(session) as incoming:
        found = await target(command.name, user)
        placed = await user.store.write(
            messages.append,
            found.account,
            found.name,
            incoming.letters,
            *flags_and_times(command.messages, found, user),
        )
    code, brought = await appended(placed, found, user)
    return Ok("Stored", code, placed=brought)
