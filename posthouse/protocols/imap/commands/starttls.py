"""STARTTLS; RFC 9051 6.2.1."""

from __future__ import annotations

from typing import TYPE_CHECKING

from posthouse.protocols.imap.errors import Bad
from posthouse.protocols.imap.wire.commands.session import StartTls
from posthouse.protocols.texts.languages import DEFAULT, LANGUAGES

if TYPE_CHECKING:
    from posthouse.protocols.imap.session import Session


async def starttls(command: StartTls, session: Session) -> None:
    """Begin TLS behind the answer."""
    if session.channel.peer.tls:
        raise Bad("TLS has begun already")
    if session.user is not None:
        raise Bad("STARTTLS comes before LOGIN")
    if not session.channel.can_start_tls:
        raise Bad("There is no TLS here")
    session.channel.write(session.dialect.say(command.tag, "OK", "Begin TLS now"))
    # what was sent behind the command in plain text may have been put there by another (RFC 9051 6.2.1)
    session.decoder.discard()
    # and so may a LANGUAGE, which clients must send again (RFC 5255 3.1)
    session.dialect.texts = LANGUAGES[DEFAULT]
    session.channel.start_tls()
