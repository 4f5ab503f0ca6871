"""Commands as frozen objects; RFC 5321 4.1.1, RFC 2033 4.1, RFC 3207, RFC 4954."""

from __future__ import annotations

import msgspec


class Ehlo(msgspec.Struct, frozen=True):
    """EHLO, or HELO when not `extended`; `name` is what the client calls itself."""

    name: str
    extended: bool


class Lhlo(msgspec.Struct, frozen=True):
    """LHLO; RFC 2033 4.1."""

    name: str


class Mail(msgspec.Struct, frozen=True):
    """MAIL FROM; `sender` is "" for the null path. `size` is what the client says of the message, in octets."""

    sender: str
    size: int = 0
    eight_bit: bool = False
    utf8: bool = False


class Rcpt(msgspec.Struct, frozen=True):
    """RCPT TO; "postmaster" may stand without a domain (RFC 5321 4.1.1.3)."""

    recipient: str


class DataCommand(msgspec.Struct, frozen=True):
    """DATA."""


class Bdat(msgspec.Struct, frozen=True):
    """BDAT, with so many octets of the message behind it; RFC 3030 2."""

    size: int
    last: bool


class Rset(msgspec.Struct, frozen=True):
    """RSET."""


class Noop(msgspec.Struct, frozen=True):
    """NOOP."""


class Help(msgspec.Struct, frozen=True):
    """HELP."""


class Vrfy(msgspec.Struct, frozen=True):
    """VRFY."""


class Quit(msgspec.Struct, frozen=True):
    """QUIT."""


class StartTls(msgspec.Struct, frozen=True):
    """STARTTLS."""


class Auth(msgspec.Struct, frozen=True):
    """AUTH; `initial` is None without an initial response, b"" for an empty one."""

    mechanism: str
    initial: bytes | None = None


Command = Ehlo | Lhlo | Mail | Rcpt | DataCommand | Bdat | Rset | Noop | Help | Vrfy | Quit | StartTls | Auth
