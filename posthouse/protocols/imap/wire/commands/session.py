"""Commands of the session itself, in whatever state; RFC 9051 6.1 and 6.2, and the extensions named at each."""

from __future__ import annotations

from posthouse.protocols.imap.wire.commands.command import Command
from posthouse.protocols.imap.wire.notify import NotifyGroup


class Capability(Command, frozen=True):
    """CAPABILITY; RFC 9051 6.1.1."""


class Noop(Command, frozen=True):
    """NOOP; RFC 9051 6.1.2."""


class Check(Command, frozen=True):
    """CHECK; RFC 3501 6.4.1."""


class Logout(Command, frozen=True):
    """LOGOUT; RFC 9051 6.1.3."""


class Id(Command, frozen=True):
    """ID; RFC 2971. Field names in lower case; empty for ID NIL."""

    fields: tuple[tuple[str, str | None], ...]


class StartTls(Command, frozen=True):
    """STARTTLS; RFC 9051 6.2.1. The session calls `Decoder.discard` before it begins TLS."""


class Login(Command, frozen=True):
    """LOGIN; RFC 9051 6.2.3."""

    name: str
    password: str


class Authenticate(Command, frozen=True):
    """AUTHENTICATE; RFC 9051 6.2.2. `mechanism` in capitals; `initial` is decoded, None when absent (RFC 4959).

    The session reads further responses with `Decoder.next_line`.
    """

    mechanism: str
    initial: bytes | None


class Unauthenticate(Command, frozen=True):
    """UNAUTHENTICATE; RFC 8437."""


class Language(Command, frozen=True):
    """LANGUAGE; RFC 5255 3.3. Language ranges in lower case, as many as were given."""

    ranges: tuple[str, ...]


class Comparator(Command, frozen=True):
    """COMPARATOR; RFC 5255 4.7. Patterns of collations in lower case, as many as were given."""

    wanted: tuple[str, ...]


class Enable(Command, frozen=True):
    """ENABLE; RFC 9051 6.3.1. Capabilities in capitals."""

    capabilities: tuple[str, ...]


class Compress(Command, frozen=True):
    """COMPRESS; RFC 4978 3. `algorithm` in capitals."""

    algorithm: str


class Notify(Command, frozen=True):
    """NOTIFY; RFC 5465 3.1. Without groups it is NOTIFY NONE; `status` asks for STATUS of what is watched."""

    groups: tuple[NotifyGroup, ...]
    status: bool = False


class Idle(Command, frozen=True):
    """IDLE; RFC 9051 6.3.13. The session reads DONE with `Decoder.next_line`."""
