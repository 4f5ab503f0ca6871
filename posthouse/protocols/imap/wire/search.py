"""Search keys as a tree; RFC 9051 6.4.4, RFC 5032, RFC 6203 (FUZZY), RFC 7162 3.1.5 (MODSEQ), RFC 8474, RFC 8514.

Text is decoded by the command's charset; how it is compared is the searcher's business.
"""

from __future__ import annotations

import datetime
import enum
from typing import Literal

import msgspec

from posthouse.protocols.imap.wire.sequence import SequenceSet


class All(msgspec.Struct, frozen=True, gc=False):
    """ALL: every message."""


class And(msgspec.Struct, frozen=True, gc=False):
    """Keys beside each other; at least two."""

    keys: tuple[SearchKey, ...]


class Or(msgspec.Struct, frozen=True, gc=False):
    """OR."""

    left: SearchKey
    right: SearchKey


class Not(msgspec.Struct, frozen=True, gc=False):
    """NOT."""

    key: SearchKey


class HasFlag(msgspec.Struct, frozen=True, gc=False):
    """ANSWERED, UNSEEN and so on: the system flag of this bit (wire/flags.py) is there, or not."""

    flag: int
    present: bool


class HasKeyword(msgspec.Struct, frozen=True, gc=False):
    """KEYWORD and UNKEYWORD; keywords compare without regard to case."""

    keyword: str
    present: bool


class IsRecent(msgspec.Struct, frozen=True, gc=False):
    """RECENT and OLD (RFC 3501 6.4.4); NEW is And(IsRecent(True), HasFlag(SEEN, False))."""

    recent: bool


class Header(msgspec.Struct, frozen=True, gc=False):
    """HEADER: a field of this name (lower case) whose text contains `text`; an empty `text` asks for the field."""

    name: str
    text: str


class EnvelopeField(msgspec.Struct, frozen=True, gc=False):
    """FROM, TO, CC, BCC, SUBJECT: that field's text contains `text`."""

    field: Literal["from", "to", "cc", "bcc", "subject"]
    text: str


class Body(msgspec.Struct, frozen=True, gc=False):
    """BODY: the body contains `text`."""

    text: str


class Text(msgspec.Struct, frozen=True, gc=False):
    """TEXT: header or body contains `text`."""

    text: str


class Fuzzy(msgspec.Struct, frozen=True, gc=False):
    """FUZZY before a key that looks for text: something like it is enough; RFC 6203 3."""

    key: EnvelopeField | Body | Text


class Day(msgspec.Struct, frozen=True, gc=False):
    """BEFORE, ON, SINCE (received: the internal date), SENT... (the Date field), SAVED... (RFC 8514 4.3).

    Days are compared without regard to time and zone; `before` excludes the day, `since` includes it.
    """

    of: Literal["received", "sent", "saved"]
    when: Literal["before", "on", "since"]
    day: datetime.date


class SaveDateSupported(msgspec.Struct, frozen=True, gc=False):
    """SAVEDATESUPPORTED: all messages, since the store keeps when each was saved; RFC 8514 4.3."""


class Larger(msgspec.Struct, frozen=True, gc=False):
    """LARGER: more octets than this."""

    octets: int


class Smaller(msgspec.Struct, frozen=True, gc=False):
    """SMALLER: fewer octets than this."""

    octets: int


class Older(msgspec.Struct, frozen=True, gc=False):
    """OLDER: the internal date is at least so many seconds ago; RFC 5032."""

    seconds: int


class Younger(msgspec.Struct, frozen=True, gc=False):
    """YOUNGER: the internal date is at most so many seconds ago; RFC 5032."""

    seconds: int


class Numbers(msgspec.Struct, frozen=True, gc=False):
    """A sequence set among keys: messages by number."""

    sequence: SequenceSet


class Uids(msgspec.Struct, frozen=True, gc=False):
    """UID: messages by UID."""

    sequence: SequenceSet


class ModSeq(msgspec.Struct, frozen=True, gc=False):
    """MODSEQ: changed at this modseq or later; the entry name is read and ignored, as RFC 7162 3.1.5 allows."""

    modseq: int


class EmailId(msgspec.Struct, frozen=True, gc=False):
    """EMAILID; RFC 8474 6."""

    id: str


class ThreadId(msgspec.Struct, frozen=True, gc=False):
    """THREADID; RFC 8474 6."""

    id: str


SearchKey = (
    All
    | And
    | Or
    | Not
    | HasFlag
    | HasKeyword
    | IsRecent
    | Header
    | EnvelopeField
    | Body
    | Text
    | Fuzzy
    | Day
    | SaveDateSupported
    | Larger
    | Smaller
    | Older
    | Younger
    | Numbers
    | Uids
    | ModSeq
    | EmailId
    | ThreadId
)


def holds(key: SearchKey, kind: type[SearchKey]) -> bool:
    """True when a key of that kind stands somewhere in the tree."""
    match key:
        case And(children):
            return any(holds(child, kind) for child in children)
        case Or(left, right):
            return holds(left, kind) or holds(right, kind)
        case Not(child) | Fuzzy(child):
            return holds(child, kind)
    return isinstance(key, kind)


class Return(enum.IntFlag):
    """What ESEARCH is asked for; RFC 9051 6.4.4 (search-return-opt), RFC 9394 3.1 (PARTIAL), RFC 6203 4 (RELEVANCY)."""

    MIN = 1
    MAX = 2
    ALL = 4
    COUNT = 8
    SAVE = 16
    PARTIAL = 32
    RELEVANCY = 64
