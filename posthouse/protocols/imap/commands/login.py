"""LOGIN, AUTHENTICATE, UNAUTHENTICATE; RFC 9051 6.2.2, 6.2.3, RFC 4959 (SASL-IR), RFC 8437."""

from __future__ import annotations

import binascii
from functools import partial
from typing import TYPE_CHECKING

from posthouse.core.authentication.authenticator import Login as LoggedIn
from posthouse.core.authentication.errors import AuthenticationRefused, BadExchange
from posthouse.core.authentication.exchange import go_through
from posthouse.core.authentication.sasl import mechanisms, start
from posthouse.protocols.imap.contracts import Ok, User
from posthouse.protocols.imap.errors import Bad, No
from posthouse.protocols.imap.wire import encoder
from posthouse.protocols.imap.wire.commands.session import Authenticate, Login, Unauthenticate

if TYPE_CHECKING:
    from posthouse.protocols.imap.session import Session


async def login(command: Login, session: Session) -> Ok:
    """Name and password in the clear; RFC 9051 6.2.3."""
    _refuse_second_login(session)
    peer = session.channel.peer
    if not peer.may_send_password:
        raise No("Passwords are taken over TLS only", "PRIVACYREQUIRED")  # RFC 9051 11.1, RFC 5530
    try:
        found = await session.contracts.authenticator.check_password(command.name, command.password, peer.host)
    except AuthenticationRefused:
        session.count_failed_login()
        raise
    return _enter(found, session)


async def authenticate(command: Authenticate, session: Session) -> Ok:
    """A SASL exchange; RFC 9051 6.2.2."""
    _refuse_second_login(session)
    peer = session.channel.peer
    tokens, bound = session.contracts.authenticator.tokens is not None, session.channel.can_bind
    if command.mechanism not in mechanisms(clear=True, bound=bound, tokens=tokens):
        raise No("That mechanism cannot be used here", "CANNOT")
    if command.mechanism not in mechanisms(clear=peer.may_send_password, bound=bound, tokens=tokens):
        raise No("Passwords are taken over TLS only", "PRIVACYREQUIRED")  # RFC 5530 3
    mechanism = start(command.mechanism, session.contracts.authenticator, peer.host, session.channel)
    try:
        found = await go_through(mechanism, command.initial, partial(_ask, session))
    except BadExchange as error:
        session.count_failed_login()
        raise Bad("The exchange failed: {}", None, error) from None
    except AuthenticationRefused:
        session.count_failed_login()
        raise
    return _enter(found, session)


async def unauthenticate(command: Unauthenticate, session: Session) -> None:
    """Be nobody again, for another login on this connection; RFC 8437. The answer is the last that is compressed."""
    if not session.contracts.settings.unauthenticate:
        raise Bad("UNAUTHENTICATE is not offered")
    if session.user is None:
        raise Bad("Log in first")
    session.forget_user()
    said = session.dialect.say(command.tag, "OK", "Log in as whom you like", session.capability_code())
    session.channel.write(said)
    session.channel.stop_compression()


async def _ask(session: Session, challenge: bytes) -> bytes:
    session.channel.write(encoder.continuation(binascii.b2a_base64(challenge, newline=False).decode("ascii")))
    line = await session.read_line()
    if line == b"*":
        raise Bad("Cancelled as you wish")  # RFC 9051 6.2.2
    try:
        return binascii.a2b_base64(line, strict_mode=True)
    except binascii.Error:
        raise Bad("Expected base64") from None


def _refuse_second_login(session: Session) -> None:
    if session.user is not None:
        raise Bad("You have logged in already")


def _enter(found: LoggedIn, session: Session) -> Ok:
    contracts = session.contracts
    session.user = User(found.account, found.address, contracts.store, session.channel, contracts, session.dialect)
    session.channel.set_timeout(contracts.settings.timeout_seconds)
    session.watch_login(found)
    return Ok("Logged in", session.capability_code())
