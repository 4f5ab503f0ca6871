"""USER and PASS, AUTH, and APOP, which is refused; RFC 1939 7, RFC 5034, RFC 3206."""

from __future__ import annotations

import binascii
from functools import partial
from typing import TYPE_CHECKING

from posthouse.core.authentication.authenticator import Login
from posthouse.core.authentication.errors import AuthenticationRefused
from posthouse.core.authentication.exchange import go_through
from posthouse.core.authentication.sasl import start
from posthouse.protocols.pop3.capabilities import offered
from posthouse.protocols.pop3.errors import PERMANENT, TOO_SOON, Refusal, Senseless
from posthouse.protocols.pop3.wire import reply
from posthouse.protocols.pop3.wire.commands import Apop, Auth, Pass, User
from posthouse.protocols.pop3.wire.grammar import read_response

if TYPE_CHECKING:
    from posthouse.protocols.pop3.session import Session


async def user(command: User, session: Session) -> bytes:
    """Who logs in; whether there is such an account is not told."""
    session.refuse_logged_in()
    _refuse_plain_text(session)
    session.name = command.name
    return session.speech.ok("And the password?")


async def pass_(command: Pass, session: Session) -> bytes:
    """The password in the clear."""
    session.refuse_logged_in()
    _refuse_plain_text(session)
    if session.name is None:
        raise Senseless("USER comes first")
    name, session.name = session.name, None
    try:
        peer_host = session.channel.peer.host
        found = await session.contracts.authenticator.check_password(name, command.password, peer_host)
    except AuthenticationRefused:
        session.count_failed_login()
        raise
    return await _enter(found, session)


async def apop(command: Apop, session: Session) -> bytes:
    """It would need passwords that can be read, and MD5; RFC 1939 7 leaves it to the server."""
    session.refuse_logged_in()
    raise Refusal("APOP is not offered: use SASL", PERMANENT)


async def auth(command: Auth, session: Session) -> bytes:
    """A SASL exchange; RFC 5034 4. Alone it lists the mechanisms, as older clients ask."""
    session.refuse_logged_in()
    usable = offered(session.channel, tokens=session.contracts.authenticator.tokens is not None)
    if command.mechanism is None:
        return session.speech.several("These can be used", usable)
    if command.mechanism not in usable:
        raise Refusal("That mechanism cannot be used here", PERMANENT)
    channel = session.channel
    mechanism = start(command.mechanism, session.contracts.authenticator, channel.peer.host, channel)
    try:
        found = await go_through(mechanism, command.initial, partial(_ask, session))
    except AuthenticationRefused:
        session.count_failed_login()
        raise
    return await _enter(found, session)


async def _ask(session: Session, challenge: bytes) -> bytes:
    session.channel.write(reply.challenge(binascii.b2a_base64(challenge, newline=False).decode("ascii")))
    response = read_response(await session.read_line())
    if response is None:
        raise Senseless("Cancelled as you wish")
    return response


def _refuse_plain_text(session: Session) -> None:
    if not session.channel.peer.may_send_password:
        raise Refusal("Passwords are taken over TLS only", PERMANENT)


async def _enter(found: Login, session: Session) -> bytes:
    contracts = session.contracts
    delay = contracts.settings.login_delay_seconds
    if delay and await contracts.registry.hit(f"pop3 login/{found.account}", delay) > 1:
        raise Refusal("You were here a moment ago", TOO_SOON)  # RFC 2449 8.1.1
    drop = await session.enter(found)
    return session.speech.ok("{} messages ({} octets)", drop.count, drop.octets)
