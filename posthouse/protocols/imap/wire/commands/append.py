"""Commands that bring a message; RFC 9051 6.3.12, RFC 8508."""

from __future__ import annotations

import msgspec

from posthouse.protocols.imap.wire.commands.command import Command
from posthouse.protocols.imap.wire.flags import Flags


class AppendMessage(msgspec.Struct, frozen=True, gc=False):
    """One message of APPEND: what stands before its octets.

    `internal_date` in ms since the epoch, None for now; `size` in octets; `literal8` for `~{n}` (RFC 3516 4.2);
    `utf8` for UTF8 (~{n}) (RFC 6855 4); `catenated` for one of parts, whose size nobody knows yet (RFC 4469).
    """

    flags: Flags
    internal_date: int | None
    size: int = 0
    literal8: bool = False
    utf8: bool = False
    catenated: bool = False


class Append(Command, frozen=True):
    """APPEND, when all its messages have come as AppendStart, AppendOctets and AppendEnd; RFC 9051 6.3.12, RFC 3502."""

    name: str
    messages: tuple[AppendMessage, ...]


class Replaced(msgspec.Struct, frozen=True, gc=False):
    """The message that REPLACE puts another in the place of: its number or UID, `STAR` for `*`; RFC 8508 3.1, 3.2."""

    number: int
    uid: bool


class Replace(Command, frozen=True):
    """REPLACE and UID REPLACE, when the message has come as in APPEND; RFC 8508."""

    name: str
    messages: tuple[AppendMessage, ...]
    replaced: Replaced
