"""EHLO, HELO, LHLO, STARTTLS, RSET, NOOP, HELP, VRFY, QUIT; RFC 5321 4.1.1, RFC 2033 4.1, RFC 3207 4."""

from __future__ import annotations

import datetime
from functools import lru_cache
from typing import TYPE_CHECKING

from posthouse.core.authentication.sasl import mechanisms
from posthouse.protocols.smtp.wire.commands import Ehlo, Help, Lhlo, Noop, Quit, Rset, StartTls, Vrfy
from posthouse.protocols.smtp.wire.grammar import READERS
from posthouse.protocols.smtp.wire.reply import Reply, SmtpRefusal
from posthouse.protocols.smtp.wire.xclient import ATTRIBUTES

if TYPE_CHECKING:
    from posthouse.protocols.smtp.session import Session


async def ehlo(command: Ehlo, session: Session) -> Reply | None:
    """Say who is here and what can be asked."""
    if session.contracts.role.lmtp:
        raise SmtpRefusal(500, "5.5.1", "This is LMTP, say LHLO")  # RFC 2033 4.1
    if session.is_hasty:
        session.turn_out()
        return None
    return _greet(command, session)


async def lhlo(command: Lhlo, session: Session) -> Reply:
    """The same for LMTP."""
    if not session.contracts.role.lmtp:
        raise SmtpRefusal(500, "5.5.1", "This is SMTP, say EHLO")
    return _greet(Ehlo(command.name, extended=True), session)


def _greet(command: Ehlo, session: Session) -> Reply:
    session.reset()  # RFC 5321 4.1.4
    session.helo = command
    contracts = session.contracts
    if not command.extended:
        return Reply(250, None, contracts.hostname)
    settings, channel = contracts.settings, session.channel
    return _welcome(
        contracts.hostname,
        (settings.message_octets, settings.recipients),
        is_trusted=contracts.role.is_trusted,
        tls=channel.peer.tls,
        more=_by_circumstances(session),
    )


@lru_cache(maxsize=64)  # of a listener there are few
def _welcome(hostname: str, most: tuple[int, int], *, is_trusted: bool, tls: bool, more: tuple[str, ...]) -> Reply:
    """The answer to EHLO; `most` are octets and recipients of a message."""
    names = [
        "PIPELINING",  # RFC 2920
        "CHUNKING",  # RFC 3030
        "BINARYMIME",
        "8BITMIME",  # RFC 6152
        "SMTPUTF8",  # RFC 6531
        "ENHANCEDSTATUSCODES",  # RFC 2034
        f"SIZE {most[0]}",  # RFC 1870
        f"LIMITS RCPTMAX={most[1]}",  # RFC 9422
        "DSN",  # RFC 3461
        "DELIVERBY",  # RFC 2852
    ]
    if tls:
        names.append("REQUIRETLS")  # RFC 8689 2
    if is_trusted:
        names.append("MT-PRIORITY")  # RFC 6710: strangers set none
    return Reply(250, None, hostname, (*names, *more))


def _by_circumstances(session: Session) -> tuple[str, ...]:
    """What is offered to some, or at some times."""
    contracts, channel = session.contracts, session.channel
    names = []
    if contracts.role.submission and contracts.queue.hold_seconds:
        names.append(_future_release(contracts.queue.hold_seconds, contracts.now()))
    if session.may_speak_for_others:
        names.append(f"XCLIENT {' '.join(ATTRIBUTES)}")
    if channel.can_start_tls:
        names.append("STARTTLS")
    if contracts.role.submission and session.login is None:
        tokens = contracts.authenticator.tokens is not None
        offered = mechanisms(clear=channel.peer.may_send_password, bound=channel.can_bind, tokens=tokens)
        names.append(f"AUTH {' '.join(offered)}")
    return tuple(names)


def _future_release(seconds: int, now: int) -> str:
    """How far ahead mail may be held, and until when; RFC 4865 3."""
    until = datetime.datetime.fromtimestamp(now / 1000 + seconds, datetime.UTC)
    return f"FUTURERELEASE {seconds} {until:%Y-%m-%dT%H:%M:%SZ}"


async def starttls(_: StartTls, session: Session) -> None:
    """Begin TLS behind the reply; all that was said before is forgotten (RFC 3207 4.2), and so is what stands behind.

    A stranger who sends on in plain text is turned away, for nothing may stand behind STARTTLS.
    """
    if session.channel.peer.tls:
        raise SmtpRefusal(503, "5.5.1", "TLS has begun already")
    if not session.channel.can_start_tls:
        raise SmtpRefusal(502, "5.5.1", "There is no TLS here")
    if session.is_hasty:
        session.turn_out()
        return
    session.reset()
    session.helo = None
    session.login = None
    session.channel.write(Reply(220, "2.0.0", "Begin TLS now").encode())
    # what was sent behind the command in plain text may have been put there by another
    session.decoder.discard()
    session.channel.start_tls()


async def rset(_: Rset, session: Session) -> Reply:
    """Forget the transaction."""
    session.reset()
    return Reply(250, "2.0.0", "Forgotten")


async def noop(_: Noop, session: Session) -> Reply:
    """Nothing."""
    return Reply(250, "2.0.0", "Nothing done")


async def help_(_: Help, session: Session) -> Reply:
    """What there is."""
    return Reply(214, "2.0.0", "There are:", (" ".join(verb for verb in READERS if verb != "XCLIENT"),))


async def vrfy(_: Vrfy, session: Session) -> Reply:
    """Tell nobody who is here; RFC 5321 3.5.3, 7.3."""
    return Reply(252, "2.5.2", "Send a message and see")


async def quit_(_: Quit, session: Session) -> Reply:
    """Good-bye."""
    session.ended = True
    return Reply(221, "2.0.0", "Good-bye")
