"""Search keys that hold others, put together as they are read; RFC 9051 6.4.4.

Programs write an OR of many keys as ORs in one another, as deep as the keys are many (imap_tools does). Here no call
stands in another for them, and of all alternatives a tree is made that is as flat as it can be.
"""

from __future__ import annotations

import msgspec

from posthouse.core.mail.criteria.keys import (
    And,
    Body,
    EnvelopeField,
    Fuzzy,
    Header,
    Not,
    Or,
    SearchKey,
    Text,
)
from posthouse.protocols.imap.wire.reader import Reader

OPENING = frozenset({b"OR", b"NOT", b"FUZZY"})
LIST = b"("


class Grown(msgspec.Struct, frozen=True):
    """A key that is read: its alternatives, one where it is no OR, and how deep the deepest of them is."""

    alternatives: list[SearchKey]
    deepest: int = 0

    @property
    def key(self) -> SearchKey:
        """The key itself."""
        return either_of(self.alternatives)

    @property
    def depth(self) -> int:
        """How many keys stand in one another."""
        return self.deepest + (len(self.alternatives) - 1).bit_length()


class Branch:
    """A key that is being read, with the keys in it so far."""

    __slots__ = ("_grown", "_kind", "_to_come")

    def __init__(self, kind: bytes) -> None:
        """`kind` is one of OPENING, or LIST."""
        self._kind = kind
        self._to_come = 2 if kind == b"OR" else 1
        self._grown: list[Grown] = []

    def add(self, grown: Grown, reader: Reader) -> bool:
        """Take the next key in it and read what stands behind that; True where one more follows."""
        self._grown.append(grown)
        if self._kind == LIST:
            if reader.skip(b")"):
                return False
        else:
            self._to_come -= 1
            if not self._to_come:
                return False
        reader.sp()
        return True

    def grown(self) -> Grown:
        """The whole of it."""
        first = self._grown[0]
        if self._kind == b"OR":
            alternatives = first.alternatives
            alternatives.extend(self._grown[1].alternatives)
            return Grown(alternatives, max(first.deepest, self._grown[1].deepest))
        if self._kind == b"NOT":
            return Grown([Not(first.key)], first.depth + 1)
        if self._kind == b"FUZZY":
            return Grown([_softened(key) for key in first.alternatives], first.deepest)
        if len(self._grown) == 1:
            return first
        return Grown([And(tuple([one.key for one in self._grown]))], 1 + max(one.depth for one in self._grown))


def either_of(keys: list[SearchKey]) -> SearchKey:
    """OR of keys, at least one."""
    if len(keys) == 1:
        return keys[0]
    middle = (len(keys) + 1) // 2
    return Or(either_of(keys[:middle]), either_of(keys[middle:]))


def _softened(key: SearchKey) -> SearchKey:
    """FUZZY of a key; RFC 6203 6. What looks for no text matches as ever."""
    match key:
        case EnvelopeField() | Body() | Text():
            return Fuzzy(key)
        case Header("from" | "to" | "cc" | "bcc" | "subject" as name, text):
            return Fuzzy(EnvelopeField(name, text))
        case And(children):
            return And(tuple([_softened(child) for child in children]))
        case Or(left, right):
            return Or(_softened(left), _softened(right))
        case Not(child):
            return Not(_softened(child))
    return key
