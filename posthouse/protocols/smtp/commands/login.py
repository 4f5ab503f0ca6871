"""AUTH; RFC 4954."""

from __future__ import annotations

import binascii
from functools import partial
from typing import TYPE_CHECKING

from posthouse.core.authentication.errors import AuthenticationRefused
from posthouse.core.authentication.exchange import go_through
from posthouse.core.authentication.sasl import mechanisms, start
from posthouse.protocols.smtp.wire.commands import Auth
from posthouse.protocols.smtp.wire.grammar import read_response
from posthouse.protocols.smtp.wire.reply import Reply, SmtpRefusal
from posthouse.storage.contract import StoreUnavailable

if TYPE_CHECKING:
    from posthouse.protocols.smtp.session import Session


async def auth(command: Auth, session: Session) -> Reply:
    """A SASL exchange."""
    peer = session.channel.peer
    if not session.contracts.role.submission:
        raise SmtpRefusal(502, "5.5.1", "Nobody logs in here")
    if session.helo is None or not session.helo.extended:
        raise SmtpRefusal(503, "5.5.1", "Say EHLO first")
    if session.login is not None or session.transaction is not None:
        raise SmtpRefusal(503, "5.5.1", "It is too late for that")  # RFC 4954 4
    bound, tokens = session.channel.can_bind, session.contracts.authenticator.tokens is not None
    if command.mechanism not in mechanisms(clear=True, bound=bound, tokens=tokens):
        raise SmtpRefusal(504, "5.5.4", "That mechanism is not known here")
    if command.mechanism not in mechanisms(clear=peer.may_send_password, bound=bound, tokens=tokens):
        raise SmtpRefusal(538, "5.7.11", "Passwords are taken over TLS only")
    mechanism = start(command.mechanism, session.contracts.authenticator, peer.host, session.channel)
    try:
        session.login = await go_through(mechanism, command.initial, partial(_ask, session))
    except AuthenticationRefused:
        session.count_failed_login()
        raise
    except StoreUnavailable:
        raise SmtpRefusal(454, "4.7.0", "Nobody can log in now, try later") from None
    return Reply(235, "2.7.0", "Logged in")


async def _ask(session: Session, challenge: bytes) -> bytes:
    encoded = binascii.b2a_base64(challenge, newline=False).decode("ascii")
    session.channel.write(Reply(334, None, encoded).encode())
    response = read_response(await session.read_line())
    if response is None:
        raise SmtpRefusal(501, "5.0.0", "Cancelled as you wish")
    return response
