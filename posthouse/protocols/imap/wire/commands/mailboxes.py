"""Commands that open, close, make and name mailboxes; RFC 9051 6.3."""

from __future__ import annotations

import msgspec

from posthouse.protocols.imap.wire.commands.command import Command
from posthouse.protocols.imap.wire.sequence import SequenceSet


class QResync(msgspec.Struct, frozen=True, gc=False):
    """SELECT's QRESYNC parameter; RFC 7162 3.2.5. `known_numbers` match `known_number_uids` one to one."""

    uid_validity: int
    modseq: int
    known_uids: SequenceSet | None = None
    known_numbers: SequenceSet | None = None
    known_number_uids: SequenceSet | None = None


class Select(Command, frozen=True):
    """SELECT; RFC 9051 6.3.2, RFC 7162 3.1.8 (CONDSTORE).

    `supplied` is the name as the peer wrote it, where that was no Net-Unicode.
    """

    name: str
    condstore: bool = False
    qresync: QResync | None = None
    supplied: str | None = None


class Examine(Command, frozen=True):
    """EXAMINE; RFC 9051 6.3.3."""

    name: str
    condstore: bool = False
    qresync: QResync | None = None
    supplied: str | None = None


class Close(Command, frozen=True):
    """CLOSE; RFC 9051 6.4.1."""


class Unselect(Command, frozen=True):
    """UNSELECT; RFC 9051 6.4.2."""


class Create(Command, frozen=True):
    r"""CREATE; RFC 9051 6.3.4, RFC 6154 3 (USE). `use` holds roles: "sent" for \Sent, and so on.

    A "/" at the end of the name is still there: it announces names under it. `supplied` is as in SELECT.
    """

    name: str
    use: tuple[str, ...] = ()
    supplied: str | None = None


class Delete(Command, frozen=True):
    """DELETE; RFC 9051 6.3.5."""

    name: str
    supplied: str | None = None


class Rename(Command, frozen=True):
    """RENAME; RFC 9051 6.3.6. `supplied` is `old` as the peer wrote it, where one of the two was no Net-Unicode."""

    old: str
    new: str
    supplied: str | None = None


class Subscribe(Command, frozen=True):
    """SUBSCRIBE; RFC 9051 6.3.7."""

    name: str
    supplied: str | None = None


class Unsubscribe(Command, frozen=True):
    """UNSUBSCRIBE; RFC 9051 6.3.8."""

    name: str
