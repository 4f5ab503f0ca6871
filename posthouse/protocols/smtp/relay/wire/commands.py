"""Commands as octets; RFC 5321 4.1.1, RFC 3030, RFC 3461, RFC 4954."""

from __future__ import annotations

import base64
import re

_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_UNQUOTED = re.compile(r'(?:"(?:[^"\\]|\\.)*"|[^"\s<>])*')


class Unsendable(Exception):
    """An address or a word that would break out of its command."""


def command(*words: str) -> bytes:
    """A command line of these words; raises Unsendable."""
    line = " ".join(words)
    if _CONTROL.search(line) is not None:
        raise Unsendable("a command has no control characters")
    return line.encode() + b"\r\n"


def path(address: str) -> str:
    """An address between angle brackets, "" for the null path; raises Unsendable."""
    if _UNQUOTED.fullmatch(address) is None:
        raise Unsendable(f"{address!r} cannot stand between angle brackets")
    return f"<{address}>"


def bdat(size: int) -> bytes:
    """BDAT before the last so many octets of a message; RFC 3030 2."""
    return b"BDAT %d LAST\r\n" % size


def response(octets: bytes) -> bytes:
    """One response of an AUTH exchange; RFC 4954 4."""
    return base64.b64encode(octets) + b"\r\n"


def xtext(text: str) -> str:
    """RFC 3461 4: every octet but visible ASCII, and "+" and "=", as +XX."""
    return "".join(
        chr(octet) if 33 <= octet <= 126 and octet not in b"+=" else f"+{octet:02X}" for octet in text.encode()
    )


def original_recipient(original: str) -> str:
    """The value of ORCPT, of "rfc822;ann@example.net"; RFC 3461 4.2. "utf-8" has an escape of its own (RFC 6533 3)."""
    kind, _, address = original.partition(";")
    if kind.lower() != "utf-8":
        return f"{kind};{xtext(address)}"
    escaped = "".join(
        character if 33 <= ord(character) <= 126 and character not in "+=\\" else f"\\x{{{ord(character):X}}}"
        for character in address
    )
    return f"{kind};{escaped}"
