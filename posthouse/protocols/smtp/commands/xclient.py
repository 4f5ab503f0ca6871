"""XCLIENT: a trusted server speaks for its client (Postfix, XCLIENT_README)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from posthouse.core.authentication.authenticator import Login
from posthouse.protocols.smtp.wire.commands import Ehlo, Xclient
from posthouse.protocols.smtp.wire.reply import Reply, SmtpRefusal

if TYPE_CHECKING:
    from posthouse.protocols.smtp.session import Session


async def xclient(command: Xclient, session: Session) -> Reply:
    """Take the peer for whom it says; the session begins anew."""
    contracts = session.contracts
    if not session.may_speak_for_others:
        raise SmtpRefusal(550, "5.7.0", "You may not speak for others")
    if session.transaction is not None:
        raise SmtpRefusal(503, "5.5.1", "There is a sender already")
    session.reset()
    session.helo = None
    session.login = None
    session.client_name = command.name or ""
    if command.address is not None:
        session.channel.speak_for(command.address, command.port or 0)
    if command.helo is not None:
        session.helo = Ehlo(command.helo, extended=command.protocol != "SMTP")
    if command.login is not None and contracts.role.submission:
        session.login = await _login(command.login, session)
    return Reply(220, None, f"{contracts.hostname} {contracts.role.protocol} Posthouse")


async def _login(name: str, session: Session) -> Login:
    """Who logged in over there."""
    authenticator = session.contracts.authenticator
    found = await authenticator.find(name)
    if found is None:
        raise SmtpRefusal(535, "5.7.8", "There is no such account")
    return authenticator.admit(found, (await authenticator.credentials(found.account)).epoch)
