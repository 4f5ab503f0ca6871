"""Commands that read and change messages of the open mailbox; RFC 9051 6.4."""

from __future__ import annotations

import enum

from posthouse.protocols.imap.wire.commands.command import Command
from posthouse.protocols.imap.wire.fetch import FetchAttribute
from posthouse.protocols.imap.wire.flags import Flags
from posthouse.protocols.imap.wire.sequence import SequenceSet


class Expunge(Command, frozen=True):
    """EXPUNGE; RFC 9051 6.4.3."""


class UidExpunge(Command, frozen=True):
    """UID EXPUNGE; RFC 9051 6.4.9."""

    sequence: SequenceSet


class Fetch(Command, frozen=True):
    """FETCH and UID FETCH; RFC 9051 6.4.5, RFC 7162 3.1.4.1 and 3.2.6, RFC 9394 3.3.

    `attributes` holds each once; UID is among them when `uid` is true, MODSEQ when `changed_since` is given.
    """

    sequence: SequenceSet
    attributes: tuple[FetchAttribute, ...]
    uid: bool = False
    changed_since: int | None = None
    vanished: bool = False
    partial: tuple[int, int] | None = None


class StoreMode(enum.Enum):
    """FLAGS, +FLAGS and -FLAGS; the values are those of `core.mail`'s FlagChange.mode."""

    REPLACE = "replace"
    ADD = "add"
    REMOVE = "remove"


class Store(Command, frozen=True):
    """STORE and UID STORE; RFC 9051 6.4.6, RFC 7162 3.1.3 (UNCHANGEDSINCE)."""

    sequence: SequenceSet
    mode: StoreMode
    flags: Flags
    silent: bool = False
    uid: bool = False
    unchanged_since: int | None = None


class Copy(Command, frozen=True):
    """COPY and UID COPY; RFC 9051 6.4.7."""

    sequence: SequenceSet
    name: str
    uid: bool = False


class Move(Command, frozen=True):
    """MOVE and UID MOVE; RFC 9051 6.4.8."""

    sequence: SequenceSet
    name: str
    uid: bool = False
