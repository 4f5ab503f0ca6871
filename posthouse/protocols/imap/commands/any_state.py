"""CAPABILITY, NOOP, CHECK, ID, LANGUAGE, LOGOUT; RFC 9051 6.1, RFC 3501 6.4.1, RFC 2971, RFC 5255."""

from __future__ import annotations

from typing import TYPE_CHECKING

import posthouse
from posthouse.protocols.imap.contracts import Ok
from posthouse.protocols.imap.errors import Bad, No
from posthouse.protocols.imap.wire import encoder
from posthouse.protocols.imap.wire.commands.session import Capability, Check, Id, Language, Logout, Noop
from posthouse.protocols.texts.languages import DEFAULT, LANGUAGES, spoken

if TYPE_CHECKING:
    from posthouse.protocols.imap.session import Session


async def capability(command: Capability, session: Session) -> Ok:
    """What the server can do now; RFC 9051 6.1.1."""
    session.channel.write(encoder.capability(session.capabilities()))
    return Ok("That is all")


async def noop(command: Noop, session: Session) -> Ok:
    """Nothing but what every command does: tell what changed; RFC 9051 6.1.2."""
    return Ok("Done")


async def check(command: Check, session: Session) -> Ok:
    """All is on disk already; RFC 3501 6.4.1."""
    if session.view is None:
        raise Bad("Select a mailbox first")
    return Ok("Done")


async def identify(command: Id, session: Session) -> Ok:
    """Who the server is; RFC 2971 3.1. The version is told to those who have logged in."""
    fields: list[tuple[str, str | None]] = [("name", "Posthouse")]
    if session.user is not None:
        fields.append(("version", posthouse.__version__))
    session.channel.write(encoder.id_(fields))
    return Ok("Pleased to meet you")


async def language(command: Language, session: Session) -> Ok:
    """In which language people are spoken to, or which there are; RFC 5255 3.3.

    From the LANGUAGE response on it is that one.
    """
    if not command.ranges:
        session.channel.write(encoder.languages(LANGUAGES))
        return Ok("That is all")
    for asked in command.ranges:
        found = DEFAULT if asked in ("default", "*") else spoken(asked)
        if found is not None:
            session.dialect.texts = LANGUAGES[found]
            session.channel.write(encoder.languages([found]))
            return Ok("So be it")
    raise No("There is none of these languages here")


async def logout(command: Logout, session: Session) -> None:
    """Say goodbye; RFC 9051 6.1.3."""
    session.channel.write(session.dialect.say("*", "BYE", "See you"))
    session.channel.write(session.dialect.say(command.tag, "OK", "Logged out"))
    session.end()
