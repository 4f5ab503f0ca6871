"""Search keys as a tree; RFC 9051 6.4.4, RFC 5032, RFC 6203 (FUZZY), RFC 8474, RFC 8514.

They are kept, too (core/search_folders): what is added here is known by its tag and has to stay readable.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from typing import Literal

import msgspec

MOST_WORDS = 20


class All(msgspec.Struct, frozen=True, gc=False, tag=str.lower):
    """ALL: every message."""


class And(msgspec.Struct, frozen=True, gc=False, tag=str.lower):
    """Keys beside each other; at least two."""

    keys: tuple[SearchKey, ...]


class Or(msgspec.Struct, frozen=True, gc=False, tag=str.lower):
    """OR."""

    left: SearchKey
    right: SearchKey


class Not(msgspec.Struct, frozen=True, gc=False, tag=str.lower):
    """NOT."""

    key: SearchKey


class HasFlag(msgspec.Struct, frozen=True, gc=False, tag=str.lower):
    """ANSWERED, UNSEEN and so on: the system flag of this bit (wire/flags.py) is there, or not."""

    flag: int
    present: bool


class HasKeyword(msgspec.Struct, frozen=True, gc=False, tag=str.lower):
    """KEYWORD and UNKEYWORD; keywords compare without regard to case."""

    keyword: str
    present: bool


class Header(msgspec.Struct, frozen=True, gc=False, tag=str.lower):
    """HEADER: a field of this name (lower case) whose text contains `text`; an empty `text` asks for the field."""

    name: str
    text: str


class EnvelopeField(msgspec.Struct, frozen=True, gc=False, tag=str.lower):
    """FROM, TO, CC, BCC, SUBJECT: that field's text contains `text`."""

    field: Literal["from", "to", "cc", "bcc", "subject"]
    text: str


class Body(msgspec.Struct, frozen=True, gc=False, tag=str.lower):
    """BODY: the body contains `text`."""

    text: str


class Text(msgspec.Struct, frozen=True, gc=False, tag=str.lower):
    """TEXT: header or body contains `text`."""

    text: str


class Fuzzy(msgspec.Struct, frozen=True, gc=False, tag=str.lower):
    """FUZZY before a key that looks for text: something like it is enough; RFC 6203 3."""

    key: EnvelopeField | Body | Text


class Day(msgspec.Struct, frozen=True, gc=False, tag=str.lower):
    """BEFORE, ON, SINCE (received: the internal date), SENT... (the Date field), SAVED... (RFC 8514 4.3).

    Days are compared without regard to time and zone; `before` excludes the day, `since` includes it.
    """

    of: Literal["received", "sent", "saved"]
    when: Literal["before", "on", "since"]
    day: datetime.date


class SaveDateSupported(msgspec.Struct, frozen=True, gc=False, tag=str.lower):
    """SAVEDATESUPPORTED: all messages, since the store keeps when each was saved; RFC 8514 4.3."""


class Larger(msgspec.Struct, frozen=True, gc=False, tag=str.lower):
    """LARGER: more octets than this."""

    octets: int


class Smaller(msgspec.Struct, frozen=True, gc=False, tag=str.lower):
    """SMALLER: fewer octets than this."""

    octets: int


class Older(msgspec.Struct, frozen=True, gc=False, tag=str.lower):
    """OLDER: the internal date is at least so many seconds ago; RFC 5032."""

    seconds: int


class Younger(msgspec.Struct, frozen=True, gc=False, tag=str.lower):
    """YOUNGER: the internal date is at most so many seconds ago; RFC 5032."""

    seconds: int


class EmailId(msgspec.Struct, frozen=True, gc=False, tag=str.lower):
    """EMAILID; RFC 8474 6."""

    id: str


class ThreadId(msgspec.Struct, frozen=True, gc=False, tag=str.lower):
    """THREADID; RFC 8474 6."""

    id: str


class Bound(msgspec.Struct, frozen=True, gc=False, tag=str.lower):
    """A key that means something to one session with one mailbox only, such as message numbers; never kept."""


SearchKey = (
    All
    | And
    | Or
    | Not
    | HasFlag
    | HasKeyword
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
    | EmailId
    | ThreadId
    | Bound
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


def leaves(key: SearchKey) -> Iterator[SearchKey]:
    """The keys that hold no others."""
    match key:
        case And(children):
            for child in children:
                yield from leaves(child)
        case Or(left, right):
            yield from leaves(left)
            yield from leaves(right)
        case Not(child):
            yield from leaves(child)
        case _:
            yield key


def in_words(fuzzy: Fuzzy) -> SearchKey:
    """A key that asks for all of the words as they are."""
    words = fuzzy.key.text.split()[:MOST_WORDS]
    if len(words) < 2:
        return fuzzy.key
    return And(tuple([_with_text(fuzzy.key, word) for word in words]))


def _with_text(key: EnvelopeField | Body | Text, text: str) -> SearchKey:
    match key:
        case EnvelopeField(field):
            return EnvelopeField(field, text)
        case Body():
            return Body(text)
    return Text(text)
