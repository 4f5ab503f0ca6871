"""What SEARCH can ask for beside the keys of core/mail/criteria: keys that mean something to one session only.

RFC 9051 6.4.4, RFC 7162 3.1.5 (MODSEQ).
"""

from __future__ import annotations

import enum

from posthouse.core.mail.criteria.keys import Bound
from posthouse.protocols.imap.wire.sequence import SequenceSet


class IsRecent(Bound, frozen=True, gc=False):
    """RECENT and OLD (RFC 3501 6.4.4); NEW is And(IsRecent(True), HasFlag(SEEN, False))."""

    recent: bool


class Numbers(Bound, frozen=True, gc=False):
    """A sequence set among keys: messages by number."""

    sequence: SequenceSet


class Uids(Bound, frozen=True, gc=False):
    """UID: messages by UID."""

    sequence: SequenceSet


class ModSeq(Bound, frozen=True, gc=False):
    """MODSEQ: changed at this modseq or later; the entry name is read and ignored, as RFC 7162 3.1.5 allows."""

    modseq: int


class Return(enum.IntFlag):
    """What ESEARCH is asked for; RFC 9051 6.4.4 (search-return-opt), RFC 9394 3.1 (PARTIAL), RFC 6203 4 (RELEVANCY)."""

    MIN = 1
    MAX = 2
    ALL = 4
    COUNT = 8
    SAVE = 16
    PARTIAL = 32
    RELEVANCY = 64
