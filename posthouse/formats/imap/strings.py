"""Strings as IMAP responses carry them: quoted, literal, NIL and atoms; RFC 9051 4.3, 4.5 and 9."""

from __future__ import annotations

import re

LONGEST_QUOTED = 4096  # octets; clients' line buffers are small, so what is longer goes as a literal

_PLAIN = re.compile(rb'[^\x00\r\n"\\\x80-\xff]*')
_ATOM = re.compile(rb'[^\x00-\x20(){%*"\\\]\x7f-\xff]+')
_UNQUOTABLE = re.compile(rb"[\r\n\x80-\xff]")


def quoted(octets: bytes) -> bytes:
    """A quoted string; the octets must be ones that it can carry (no NUL, CR, LF or 8-bit)."""
    return b'"' + octets.replace(b"\\", b"\\\\").replace(b'"', b'\\"') + b'"'


def literal(octets: bytes) -> bytes:
    """A literal; the octets must hold no NUL (RFC 9051 9, CHAR8)."""
    return b"{%d}\r\n%b" % (len(octets), octets)


def literal8(octets: bytes) -> bytes:
    """A literal of any octets; RFC 3516 4.4, RFC 9051 9."""
    return b"~{%d}\r\n%b" % (len(octets), octets)


def string(octets: bytes) -> bytes:
    """Quoted where that can carry it, else a literal. NULs are dropped: nothing but a literal8 may carry them."""
    if len(octets) <= LONGEST_QUOTED and _PLAIN.fullmatch(octets) is not None:
        return b'"' + octets + b'"'
    octets = octets.replace(b"\x00", b"")
    if len(octets) > LONGEST_QUOTED or _UNQUOTABLE.search(octets) is not None:
        return literal(octets)
    return quoted(octets)


def nstring(octets: bytes | None) -> bytes:
    """`string`, or NIL for None."""
    return b"NIL" if octets is None else string(octets)


def astring(octets: bytes) -> bytes:
    """An atom where that can carry it, else `string`. NIL is quoted, so that no peer takes it for nothing."""
    if _ATOM.fullmatch(octets) is None or octets.upper() == b"NIL":
        return string(octets)
    return octets
