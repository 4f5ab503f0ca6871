"""CAPA, QUIT, NOOP, UTF8, LANG, STLS: what looks at the connection; RFC 1939, RFC 2449, RFC 2595, RFC 6856."""

from __future__ import annotations

from typing import TYPE_CHECKING

from posthouse.protocols.pop3.capabilities import capabilities
from posthouse.protocols.pop3.errors import Senseless
from posthouse.protocols.pop3.wire import reply
from posthouse.protocols.pop3.wire.commands import Capa, Lang, Noop, Quit, Stls, Utf8
from posthouse.protocols.texts.languages import DEFAULT, NAMES, spoken

if TYPE_CHECKING:
    from posthouse.protocols.pop3.session import Session


async def capa(command: Capa, session: Session) -> bytes:
    """What the server can do now; RFC 2449 5."""
    contracts = session.contracts
    tokens = contracts.authenticator.tokens is not None
    lines = capabilities(session.channel, contracts.settings, logged_in=session.user is not None, tokens=tokens)
    return session.speech.several("This is what can be done", lines)


async def quit_(command: Quit, session: Session) -> bytes:
    """End the session, and with it go the messages that were deleted; RFC 1939 4 and 6."""
    try:
        await session.update()
    finally:
        session.ends = True  # whether they could go or not
        await session.unlock()
    return session.speech.ok("See you")


async def noop(command: Noop, session: Session) -> bytes:
    """Nothing; RFC 1939 5."""
    session.logged_in()
    return session.speech.ok("Done")


async def utf8(command: Utf8, session: Session) -> bytes:
    """Messages may come as they are, with UTF-8 in their headers; RFC 6856 2.1."""
    session.refuse_logged_in()
    session.utf8 = True
    return session.speech.ok("UTF-8 it is")


async def lang(command: Lang, session: Session) -> bytes:
    """The languages, or which to speak from now on; RFC 6856 3."""
    if command.tag is None:
        return session.speech.several("These can be spoken", [f"{tag} {name}" for tag, name in NAMES.items()])
    found = "en" if command.tag == "*" else spoken(command.tag)
    if found is None:
        raise Senseless("That language is not spoken here")
    session.speech.choose(found)
    return reply.ok(f"{found} {NAMES[found]}")


async def stls(command: Stls, session: Session) -> None:
    """Begin TLS behind the answer; RFC 2595 4."""
    session.refuse_logged_in()
    if session.channel.peer.tls:
        raise Senseless("TLS has begun already")
    if session.utf8:
        raise Senseless("STLS comes before UTF8")  # RFC 6856 2.1
    if not session.channel.can_start_tls:
        raise Senseless("There is no TLS here")
    session.channel.write(session.speech.ok("Begin TLS now"))
    # what was sent behind the command in plain text may have been put there by another
    session.decoder.discard()
    session.name = None
    session.speech.choose(DEFAULT)
    session.channel.start_tls()
