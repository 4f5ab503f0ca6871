"""Commands as frozen objects; RFC 5321 4.1.1, RFC 2033 4.1, RFC 3207, RFC 4954."""

from __future__ import annotations

from typing import Literal

import msgspec

from posthouse.protocols.smtp.wire.parameters import DeliverBy, Notify


class Ehlo(msgspec.Struct, frozen=True):
    """EHLO, or HELO when not `extended`; `name` is what the client calls itself."""

    name: str
    extended: bool


class Lhlo(msgspec.Struct, frozen=True):
    """LHLO; RFC 2033 4.1."""

    name: str


class Mail(msgspec.Struct, frozen=True):
    """MAIL FROM; `sender` is "" for the null path. `size` is what the client says of the message, in octets.

    `hold_for` in seconds and `hold_until` in ms since the epoch are 0 without a wish (RFC 4865).
    """

    sender: str
    size: int = 0
    body: Literal["7BIT", "8BITMIME", "BINARYMIME"] = "7BIT"
    utf8: bool = False
    ret: Literal["", "FULL", "HDRS"] = ""
    envelope_id: str = ""
    require_tls: bool = False
    hold_for: int = 0
    hold_until: int = 0
    deliver_by: DeliverBy | None = None
    priority: int = 0


class Rcpt(msgspec.Struct, frozen=True):
    """RCPT TO; "postmaster" may stand without a domain (RFC 5321 4.1.1.3).

    `notify` is () without a wish, `original` is ORCPT's type and address, decoded (RFC 3461 4.1, 4.2).
    """

    recipient: str
    notify: tuple[Notify, ...] = ()
    original: str = ""


class DataCommand(msgspec.Struct, frozen=True):
    """DATA."""


class Xclient(msgspec.Struct, frozen=True):
    """XCLIENT: what a server says of its client; None where it says nothing or does not know."""

    name: str | None = None
    address: str | None = None
    port: int | None = None
    protocol: str | None = None
    helo: str | None = None
    login: str | None = None


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


Command = Ehlo | Lhlo | Mail | Rcpt | DataCommand | Bdat | Rset | Noop | Help | Vrfy | Quit | StartTls | Auth | Xclient
