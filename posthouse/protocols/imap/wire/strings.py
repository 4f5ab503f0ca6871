"""Strings as responses carry them; RFC 9051 4.3 and 9 (astring, quoted, literal)."""

from __future__ import annotations

import re

from posthouse.formats.imap.mutf7 import encode as encode_mutf7

_ATOM = re.compile(rb'[^\x00-\x20(){%*"\\\]\x7f-\xff]+')
_QUOTABLE = re.compile(rb"[^\x00\r\n\x80-\xff]*")
_SPECIAL = re.compile(rb'(["\\])')
_LONGEST_QUOTED = 4096  # clients' line buffers are small; what is longer goes as a literal


def string(octets: bytes) -> bytes:
    """Quoted where that can carry it, else a literal."""
    if len(octets) > _LONGEST_QUOTED or _QUOTABLE.fullmatch(octets) is None:
        return b"{%d}\r\n%b" % (len(octets), octets)
    return b'"%b"' % _SPECIAL.sub(rb"\\\1", octets)


def nstring(octets: bytes | None) -> bytes:
    """`string`, or NIL for None."""
    return b"NIL" if octets is None else string(octets)


def astring(octets: bytes) -> bytes:
    """An atom where that can carry it, else `string`. NIL is quoted, so that none takes it for nothing."""
    if _ATOM.fullmatch(octets) is None or octets.upper() == b"NIL":
        return string(octets)
    return octets


def mailbox(name: str, *, utf8: bool = False) -> bytes:
    """A mailbox name: modified UTF-7 (RFC 3501 5.1.3), or UTF-8 in quotes for a peer that enabled it (RFC 6855 3)."""
    if not utf8:
        return astring(encode_mutf7(name))
    octets = name.encode("utf-8", "replace")
    if octets.isascii():
        return astring(octets)
    return b'"%b"' % _SPECIAL.sub(rb"\\\1", octets)
