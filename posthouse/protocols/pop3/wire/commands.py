"""The commands as objects; RFC 1939, RFC 2449, RFC 2595, RFC 5034, RFC 6856."""

from __future__ import annotations

import msgspec


class Capa(msgspec.Struct, frozen=True):
    """CAPA; RFC 2449 5."""


class Quit(msgspec.Struct, frozen=True):
    """QUIT; RFC 1939 4 and 6."""


class Noop(msgspec.Struct, frozen=True):
    """NOOP; RFC 1939 5."""


class Stls(msgspec.Struct, frozen=True):
    """STLS; RFC 2595 4."""


class Utf8(msgspec.Struct, frozen=True):
    """UTF8; RFC 6856 2.1."""


class Lang(msgspec.Struct, frozen=True):
    """LANG, with a language to speak from now on or none; RFC 6856 3."""

    tag: str | None


class User(msgspec.Struct, frozen=True):
    """USER; RFC 1939 7."""

    name: str


class Pass(msgspec.Struct, frozen=True):
    """PASS; RFC 1939 7."""

    password: str

    def __repr__(self) -> str:
        return "Pass()"  # no password in any log


class Apop(msgspec.Struct, frozen=True):
    """APOP; RFC 1939 7."""


class Auth(msgspec.Struct, frozen=True):
    """AUTH with its first response (None: none is given), or alone, which asks for the mechanisms; RFC 5034 4."""

    mechanism: str | None
    initial: bytes | None = None

    def __repr__(self) -> str:
        return f"Auth({self.mechanism})"


class Stat(msgspec.Struct, frozen=True):
    """STAT; RFC 1939 5."""


class List(msgspec.Struct, frozen=True):
    """LIST of one message or of all; RFC 1939 5."""

    number: int | None


class Uidl(msgspec.Struct, frozen=True):
    """UIDL of one message or of all; RFC 1939 7."""

    number: int | None


class Retr(msgspec.Struct, frozen=True):
    """RETR; RFC 1939 5."""

    number: int


class Top(msgspec.Struct, frozen=True):
    """TOP: the header and so many lines of the body; RFC 1939 7."""

    number: int
    lines: int


class Dele(msgspec.Struct, frozen=True):
    """DELE; RFC 1939 5."""

    number: int


class Rset(msgspec.Struct, frozen=True):
    """RSET; RFC 1939 5."""


Command = (
    Capa | Quit | Noop | Stls | Utf8 | Lang | User | Pass | Apop | Auth | Stat | List | Uidl | Retr | Top | Dele | Rset
)
