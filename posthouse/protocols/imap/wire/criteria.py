"""Search keys as text that stands alone, as a search folder's criteria are written: RFC 9051 6.4.4, in UTF-8.

What is read here may be written otherwise; what is written is read as the same.
"""

from __future__ import annotations

from posthouse.core.mail.criteria.keys import (
    All,
    And,
    Body,
    Day,
    EmailId,
    EnvelopeField,
    Fuzzy,
    HasFlag,
    HasKeyword,
    Header,
    Larger,
    Not,
    Older,
    Or,
    SaveDateSupported,
    SearchKey,
    Smaller,
    Text,
    ThreadId,
    Younger,
)
from posthouse.formats.imap.strings import literal, quoted
from posthouse.protocols.imap.wire.limits import WireLimits
from posthouse.protocols.imap.wire.reader import Expected, Incomplete, Reader
from posthouse.protocols.imap.wire.search_grammar import SIMPLE, Keys

_FLAGS = {key: name for name, key in SIMPLE.items() if isinstance(key, HasFlag)}
_DAYS = {"received": b"", "sent": b"SENT", "saved": b"SAVED"}
_MONTHS = (b"Jan", b"Feb", b"Mar", b"Apr", b"May", b"Jun", b"Jul", b"Aug", b"Sep", b"Oct", b"Nov", b"Dec")


class BadCriteria(Exception):
    """args: what was expected."""


def read_criteria(octets: bytes, limits: WireLimits) -> SearchKey:
    """The keys that stand there; raises BadCriteria."""
    try:
        return Keys(Reader(octets.strip(), limits, utf8=True), "utf-8").program()
    except Expected as expected:
        raise BadCriteria(expected.what) from None
    except Incomplete:
        raise BadCriteria("a literal ends too early") from None


def criteria_text(key: SearchKey) -> bytes:
    """How those keys are written."""
    if isinstance(key, And):
        return b" ".join([_written(child) for child in key.keys])
    return _written(key)


def _written(key: SearchKey) -> bytes:
    match key:
        case And():
            return b"(" + criteria_text(key) + b")"
        case Or(left, right):
            return b"OR " + _written(left) + b" " + _written(right)
        case Not(child):
            return b"NOT " + _written(child)
        case Fuzzy(child):
            return b"FUZZY " + _written(child)
        case All():
            return b"ALL"
        case SaveDateSupported():
            return b"SAVEDATESUPPORTED"
        case HasFlag():
            return _FLAGS[key]
        case HasKeyword(keyword, present):
            return (b"KEYWORD " if present else b"UNKEYWORD ") + keyword.encode("ascii")
    return _leaf(key)


def _leaf(key: SearchKey) -> bytes:
    match key:
        case Header(name, text):
            return b"HEADER " + _string(name) + b" " + _string(text)
        case EnvelopeField(field, text):
            return field.upper().encode("ascii") + b" " + _string(text)
        case Body(text):
            return b"BODY " + _string(text)
        case Text(text):
            return b"TEXT " + _string(text)
        case Day(of, when, day):
            written = b"%d-%b-%04d" % (day.day, _MONTHS[day.month - 1], day.year)
            return _DAYS[of] + when.upper().encode("ascii") + b" " + written
        case Larger(number):
            return b"LARGER %d" % number
        case Smaller(number):
            return b"SMALLER %d" % number
        case Older(number):
            return b"OLDER %d" % number
        case Younger(number):
            return b"YOUNGER %d" % number
        case EmailId(id_):
            return b"EMAILID " + _string(id_)
        case ThreadId(id_):
            return b"THREADID " + _string(id_)
    raise ValueError(key)


def _string(text: str) -> bytes:
    octets = text.encode()
    return literal(octets) if any(octet in octets for octet in b"\r\n") else quoted(octets)
