"""What CAPABILITY says in each state; RFC 9051 6.1.1. Only what works stands here."""

from __future__ import annotations

from posthouse.core.authentication.sasl import mechanisms
from posthouse.protocols.imap.settings import ImapSettings
from posthouse.protocols.sessions import Channel

ALWAYS = ("IMAP4rev1", "IMAP4rev2", "LITERAL+", "SASL-IR", "ID", "ENABLE", "LANGUAGE")
LOGGED_IN = (
    "ACL",
    "BINARY",
    "CATENATE",
    "CHILDREN",
    "CONDSTORE",
    "CREATE-SPECIAL-USE",
    "ESEARCH",
    "ESORT",
    "I18NLEVEL=2",
    "IDLE",
    "INPROGRESS",
    "LIST-EXTENDED",
    "LIST-METADATA",
    "LIST-MYRIGHTS",
    "LIST-STATUS",
    "METADATA",
    "MOVE",
    "MULTIAPPEND",
    "MULTISEARCH",
    "NAMESPACE",
    "NOTIFY",
    "OBJECTID",
    "PARTIAL",
    "PREVIEW",
    "QRESYNC",
    "QUOTA",
    "QUOTA=RES-MESSAGE",
    "QUOTA=RES-STORAGE",
    "REPLACE",
    "RIGHTS=kxte",
    "SAVEDATE",
    "SEARCH=FUZZY",
    "SEARCHRES",
    "SORT",
    "SORT=DISPLAY",
    "SPECIAL-USE",
    "STATUS=SIZE",
    "THREAD=ORDEREDSUBJECT",
    "THREAD=REFERENCES",
    "THREAD=REFS",
    "UIDBATCHES",
    "UIDONLY",
    "UIDPLUS",
    "UNSELECT",
    "UTF8=ACCEPT",
    "WITHIN",
)


def capabilities(channel: Channel, settings: ImapSettings, *, logged_in: bool, tokens: bool = False) -> list[str]:
    """The names, in the order they are shown."""
    names = list(ALWAYS)
    if logged_in:
        if settings.compression.level and not channel.is_compressed:
            names.append("COMPRESS=DEFLATE")
        if settings.unauthenticate:
            names.append("UNAUTHENTICATE")
        return [
            *names,
            *LOGGED_IN,
            f"APPENDLIMIT={settings.message_octets}",
            f"MESSAGELIMIT={settings.changed_messages}",
        ]
    peer = channel.peer
    if channel.can_start_tls:
        names.append("STARTTLS")
    offered = mechanisms(clear=peer.may_send_password, bound=channel.can_bind, tokens=tokens)
    names += [f"AUTH={name}" for name in offered]
    if not peer.may_send_password:
        names.append("LOGINDISABLED")
    return names
