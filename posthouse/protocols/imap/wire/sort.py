"""What SORT sorts by and THREAD threads by; RFC 5256 3, RFC 5957 3, RFC 6203 5, draft-ietf-morg-inthread."""

from __future__ import annotations

import enum

import msgspec


class SortKey(enum.Enum):
    """A sort key; the value is its name."""

    ARRIVAL = b"ARRIVAL"
    CC = b"CC"
    DATE = b"DATE"
    FROM = b"FROM"
    SIZE = b"SIZE"
    SUBJECT = b"SUBJECT"
    TO = b"TO"
    DISPLAYFROM = b"DISPLAYFROM"
    DISPLAYTO = b"DISPLAYTO"
    RELEVANCY = b"RELEVANCY"


class Criterion(msgspec.Struct, frozen=True, gc=False):
    """A sort key, and whether REVERSE stands before it."""

    key: SortKey
    reverse: bool = False


class Threading(enum.Enum):
    """A way of threading; the value is its name."""

    ORDEREDSUBJECT = b"ORDEREDSUBJECT"
    REFERENCES = b"REFERENCES"
    REFS = b"REFS"
