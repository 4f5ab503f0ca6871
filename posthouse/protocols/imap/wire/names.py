"""Mailbox names between the wire and Unicode; RFC 9051 5.1, RFC 3501 5.1.3 (modified UTF-7), RFC 6855 3 (UTF-8)."""

from __future__ import annotations

import unicodedata

from posthouse.formats.imap import mutf7
from posthouse.formats.imap.strings import astring, quoted


def decode_name(octets: bytes, *, utf8: bool) -> str:
    """The name in NFC, INBOX in capitals however it was written; raises ValueError."""
    name = octets.decode("utf-8") if utf8 else mutf7.decode(octets)
    if not name.isascii():
        name = unicodedata.normalize("NFC", name)  # RFC 9051 5.1: Net-Unicode
    # RFC 9051 5.1: every spelling of INBOX is INBOX; what is under it follows, else it would have no parent
    if name[:5].upper() == "INBOX" and (len(name) == 5 or name[5] == "/"):
        return "INBOX" + name[5:]
    return name


def encode_name(name: str, *, utf8: bool = False) -> bytes:
    """The name as astring: in modified UTF-7, or in UTF-8 and quotes for a peer that enabled it."""
    if not utf8:
        return astring(mutf7.encode(name))
    octets = name.encode("utf-8")
    # only quoted strings may hold UTF-8, but they cannot hold the end of a line
    return quoted(octets) if name.isprintable() and not name.isascii() else astring(octets)
