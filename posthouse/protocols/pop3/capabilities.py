"""What CAPA says in each state; RFC 2449 5. Only what works stands here."""

from __future__ import annotations

import posthouse
from posthouse.core.authentication.sasl import mechanisms
from posthouse.protocols.pop3.settings import Pop3Settings
from posthouse.protocols.sessions import Channel

ALWAYS = ("TOP", "UIDL", "RESP-CODES", "AUTH-RESP-CODE", "PIPELINING", "LANG", "UTF8 USER")


def capabilities(channel: Channel, settings: Pop3Settings, *, logged_in: bool, tokens: bool) -> list[str]:
    """The lines, in the order they are shown."""
    lines = [*ALWAYS, f"EXPIRE {'NEVER' if settings.expire_days < 0 else settings.expire_days}"]
    if settings.login_delay_seconds:
        lines.append(f"LOGIN-DELAY {settings.login_delay_seconds}")
    # RFC 2449 5: what is there before the login is announced behind it, too
    peer = channel.peer
    if channel.can_start_tls:
        lines.append("STLS")
    if peer.may_send_password:
        lines.append("USER")
    lines.append(" ".join(["SASL", *offered(channel, tokens=tokens)]))
    # the version is nobody else's business
    return [*lines, f"IMPLEMENTATION Posthouse-{posthouse.__version__}" if logged_in else "IMPLEMENTATION Posthouse"]


def offered(channel: Channel, *, tokens: bool) -> list[str]:
    """The SASL mechanisms that can be used on this connection."""
    return mechanisms(clear=channel.peer.may_send_password, bound=channel.can_bind, tokens=tokens)
