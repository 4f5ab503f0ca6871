"""What a server offers in its answer to EHLO; RFC 5321 4.1.1.1 and the extensions' own."""

from __future__ import annotations

import re

from msgspec import Struct

from posthouse.protocols.smtp.relay.wire.reply import Reply

_NUMBER = re.compile(r"[0-9]{1,19}")


class Extensions(Struct, frozen=True):
    """The extensions that we use; none behind HELO.

    `size` and the limits are 0 where there is none; `deliver_by` is the shortest time in seconds, None without the
    extension.
    """

    pipelining: bool = False  # RFC 2920
    chunking: bool = False  # RFC 3030
    binary: bool = False  # RFC 3030
    eight_bit: bool = False  # RFC 6152
    utf8: bool = False  # RFC 6531
    dsn: bool = False  # RFC 3461
    starttls: bool = False  # RFC 3207
    require_tls: bool = False  # RFC 8689
    priority: bool = False  # RFC 6710
    has_size: bool = False  # RFC 1870
    size: int = 0
    deliver_by: int | None = None  # RFC 2852
    mechanisms: tuple[str, ...] = ()  # RFC 4954
    most_recipients: int = 0  # RCPTMAX, RFC 9422
    most_messages: int = 0  # MAILMAX, RFC 9422


def read_extensions(reply: Reply) -> Extensions:
    """The extensions in an answer to EHLO, whose first line is the server's name; what makes no sense is left out."""
    offered: dict[str, list[str]] = {}
    for line in reply.lines[1:]:
        # "AUTH=LOGIN" is how servers of old said it, beside or instead of the keyword
        words = line.upper().replace("AUTH=", "AUTH ", 1).split()
        if words:
            offered.setdefault(words[0], []).extend(words[1:])
    limits = dict(word.split("=", 1) for word in offered.get("LIMITS", []) if "=" in word)
    by = offered.get("DELIVERBY")
    return Extensions(
        pipelining="PIPELINING" in offered,
        chunking="CHUNKING" in offered,
        binary="BINARYMIME" in offered and "CHUNKING" in offered,
        eight_bit="8BITMIME" in offered,
        utf8="SMTPUTF8" in offered,
        dsn="DSN" in offered,
        starttls="STARTTLS" in offered,
        require_tls="REQUIRETLS" in offered,
        priority="MT-PRIORITY" in offered,
        has_size="SIZE" in offered,
        size=_number("".join(offered.get("SIZE", [])[:1])),
        deliver_by=None if by is None else _number("".join(by[:1])),
        mechanisms=tuple(dict.fromkeys(offered.get("AUTH", []))),
        most_recipients=_number(limits.get("RCPTMAX", "")),
        most_messages=_number(limits.get("MAILMAX", "")),
    )


def _number(word: str) -> int:
    return int(word) if _NUMBER.fullmatch(word) is not None else 0
