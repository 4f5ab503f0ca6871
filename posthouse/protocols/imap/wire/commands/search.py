"""Commands that find messages; RFC 9051 6.4.4, RFC 5256, RFC 7377, RFC 10022."""

from __future__ import annotations

import enum

import msgspec

from posthouse.core.mail.criteria.keys import SearchKey
from posthouse.protocols.imap.wire.commands.command import Command
from posthouse.protocols.imap.wire.search import Return
from posthouse.protocols.imap.wire.sort import Criterion, Threading


class Search(Command, frozen=True):
    """SEARCH and UID SEARCH; RFC 9051 6.4.4.

    `returns` is None without RETURN (RFC 3501's SEARCH response is meant then, unless the session is IMAP4rev2);
    RETURN () is Return.ALL. `partial` is the PARTIAL range (RFC 9394 3.1): both ends from 1, or both negative to
    count from the end. `charset` in capitals; `key` is decoded already.
    """

    key: SearchKey
    uid: bool = False
    returns: Return | None = None
    partial: tuple[int, int] | None = None
    charset: str | None = None


class SourceKind(enum.Enum):
    """Which mailboxes ESEARCH searches; RFC 5465 6, RFC 7377 2.2."""

    SELECTED = b"SELECTED"
    INBOXES = b"INBOXES"
    PERSONAL = b"PERSONAL"
    SUBSCRIBED = b"SUBSCRIBED"
    SUBTREE = b"SUBTREE"
    SUBTREE_ONE = b"SUBTREE-ONE"
    MAILBOXES = b"MAILBOXES"


class Source(msgspec.Struct, frozen=True, gc=False):
    """A source of ESEARCH; `names` of the last three kinds."""

    kind: SourceKind
    names: tuple[str, ...] = ()


class MultiSearch(Command, frozen=True):
    """ESEARCH; RFC 7377 2.1. Without IN the selected mailbox is the source; the rest is as in Search."""

    sources: tuple[Source, ...]
    key: SearchKey
    returns: Return = Return.ALL
    partial: tuple[int, int] | None = None
    charset: str | None = None

    @property
    def uid(self) -> bool:
        """Results are UIDs always."""
        return True


class Sort(Command, frozen=True):
    """SORT and UID SORT; RFC 5256 3, RFC 5267 3. `returns` is None without RETURN; the rest is as in Search."""

    criteria: tuple[Criterion, ...]
    key: SearchKey
    uid: bool = False
    returns: Return | None = None
    partial: tuple[int, int] | None = None
    charset: str = "UTF-8"


class Thread(Command, frozen=True):
    """THREAD and UID THREAD; RFC 5256 3."""

    algorithm: Threading
    key: SearchKey
    uid: bool = False
    charset: str = "UTF-8"


class UidBatches(Command, frozen=True):
    """UIDBATCHES; RFC 10022 3.1. `size` in messages; `batches` (first, last) counts them from 1, None for all."""

    size: int
    batches: tuple[int, int] | None = None
