"""Commands that list mailboxes and tell their counters; RFC 9051 6.3.9 to 6.3.11."""

from __future__ import annotations

import enum

from posthouse.protocols.imap.wire.commands.command import Command
from posthouse.protocols.imap.wire.commands.metadata import MetadataWanted


class StatusItem(enum.Enum):
    """What STATUS can ask; the value is the name in the response.

    RFC 9051 6.3.11, RFC 7162, RFC 7889, RFC 8474, RFC 9208 4.1.4.
    """

    MESSAGES = b"MESSAGES"
    RECENT = b"RECENT"
    UIDNEXT = b"UIDNEXT"
    UIDVALIDITY = b"UIDVALIDITY"
    UNSEEN = b"UNSEEN"
    DELETED = b"DELETED"
    SIZE = b"SIZE"
    HIGHESTMODSEQ = b"HIGHESTMODSEQ"
    APPENDLIMIT = b"APPENDLIMIT"
    MAILBOXID = b"MAILBOXID"
    DELETED_STORAGE = b"DELETED-STORAGE"


class ListSelect(enum.IntFlag):
    """LIST's selection options; RFC 9051 6.3.9.1, RFC 6154 2."""

    SUBSCRIBED = 1
    REMOTE = 2
    RECURSIVEMATCH = 4
    SPECIAL_USE = 8


class ListReturn(enum.IntFlag):
    """LIST's return options; RFC 9051 6.3.9.2, RFC 6154 2, RFC 8440."""

    SUBSCRIBED = 1
    CHILDREN = 2
    SPECIAL_USE = 4
    MYRIGHTS = 8


class List(Command, frozen=True):
    """LIST; RFC 9051 6.3.9. `patterns` may hold `*` and `%`.

    `status` names what to give of each mailbox (RFC 5819), `metadata` which annotations (RFC 9590). `extended` tells
    the extended form, where an empty pattern matches nothing instead of asking for the hierarchy delimiter.
    """

    reference: str
    patterns: tuple[str, ...]
    select: ListSelect = ListSelect(0)
    returns: ListReturn = ListReturn(0)
    status: tuple[StatusItem, ...] = ()
    extended: bool = False
    metadata: MetadataWanted | None = None


class Lsub(Command, frozen=True):
    """LSUB; RFC 3501 6.3.9."""

    reference: str
    pattern: str


class Namespace(Command, frozen=True):
    """NAMESPACE; RFC 9051 6.3.10."""


class Status(Command, frozen=True):
    """STATUS; RFC 9051 6.3.11. Each item once."""

    name: str
    items: tuple[StatusItem, ...]
