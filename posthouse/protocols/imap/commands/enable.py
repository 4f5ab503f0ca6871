"""ENABLE; RFC 9051 6.3.1, RFC 5161."""

from __future__ import annotations

from typing import TYPE_CHECKING

from posthouse.protocols.imap.contracts import Ok
from posthouse.protocols.imap.errors import Bad
from posthouse.protocols.imap.wire import encoder
from posthouse.protocols.imap.wire.commands.session import Enable

if TYPE_CHECKING:
    from posthouse.protocols.imap.session import Session


async def enable(command: Enable, session: Session) -> Ok:
    """Turn on what the peer asks for and we know; what we do not know is passed over (RFC 5161 3.1)."""
    if session.user is None:
        raise Bad("Log in first")
    dialect, view = session.dialect, session.view
    knew_modseqs = dialect.condstore
    turned_on = [dialect.enable(name) for name in command.capabilities]
    session.channel.write(encoder.enabled([name for name in turned_on if name]))
    session.decoder.utf8 = dialect.utf8
    if view is not None:
        if dialect.rev2:
            view.forget_recent()
        if dialect.condstore and not knew_modseqs:
            view.tell_synced(session.channel)  # RFC 7162 3.1
    return Ok("Done")
