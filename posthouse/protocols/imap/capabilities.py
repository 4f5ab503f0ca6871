"""What CAPABILITY says in each state; RFC 9051 6.1.1. Only what works stands here."""

from __future__ import annotations

from posthouse.protocols.connection import Peer
from posthouse.protocols.imap.settings import ImapSettings

ALWAYS = ("IMAP4rev1", "LITERAL+", "SASL-IR", "ID", "ENABLE")
LOGGED_IN = (
    "CHILDREN",
    "CREATE-SPECIAL-USE",
    "ESEARCH",
    "IDLE",
    "LIST-EXTENDED",
    "LIST-STATUS",
    "MOVE",
    "MULTIAPPEND",
    "NAMESPACE",
    "OBJECTID",
    "PREVIEW",
    "SAVEDATE",
    "SEARCHRES",
    "SPECIAL-USE",
    "STATUS=SIZE",
    "UIDPLUS",
    "UNSELECT",
    "WITHIN",
)
MECHANISMS = ("SCRAM-SHA-256", "PLAIN", "LOGIN")
PLAIN_TEXT = frozenset({"PLAIN", "LOGIN"})


def capabilities(peer: Peer, settings: ImapSettings, *, can_start_tls: bool, logged_in: bool) -> list[str]:
    """The names, in the order they are shown."""
    names = list(ALWAYS)
    if logged_in:
        return [*names, *LOGGED_IN, f"APPENDLIMIT={settings.message_octets}"]
    if can_start_tls:
        names.append("STARTTLS")
    names += [f"AUTH={name}" for name in allowed_mechanisms(peer)]
    if not may_send_password(peer):
        names.append("LOGINDISABLED")
    return names


def allowed_mechanisms(peer: Peer) -> list[str]:
    """SASL mechanisms that may be used on this connection."""
    return [name for name in MECHANISMS if name not in PLAIN_TEXT or may_send_password(peer)]


def may_send_password(peer: Peer) -> bool:
    """True where nobody can listen: over TLS, or from this machine (RFC 9051 11.1)."""
    return peer.tls or peer.is_loopback
