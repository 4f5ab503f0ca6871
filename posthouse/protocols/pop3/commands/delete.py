"""DELE and RSET; RFC 1939 5. Nothing goes before QUIT."""

from __future__ import annotations

from posthouse.protocols.pop3.commands.listing import position
from posthouse.protocols.pop3.contracts import User
from posthouse.protocols.pop3.wire.commands import Dele, Rset


async def dele(command: Dele, user: User) -> bytes:
    """Mark a message, that it goes when the session ends."""
    user.drop.delete(position(command.number, user.drop))
    return user.speech.ok("It will go")


async def rset(command: Rset, user: User) -> bytes:
    """Unmark all."""
    user.drop.reset()
    return user.speech.ok("{} messages ({} octets)", user.drop.count, user.drop.octets)
