"""ORs of many keys, however they stand in one another."""

from __future__ import annotations

import pytest

from posthouse.core.mail.criteria import keys as s
from posthouse.protocols.imap.wire.limits import WireLimits
from posthouse.protocols.imap.wire.reader import Expected, Reader
from posthouse.protocols.imap.wire.search_grammar import Keys


def read(text: bytes) -> s.SearchKey:
    return Keys(Reader(text, WireLimits()), "utf-8").program()


NAMES = [f"n{number}" for number in range(300)]


def leaning_right() -> bytes:
    """OR a OR b OR c d: as most programs write it."""
    return b"".join(b"OR FROM %b " % name.encode() for name in NAMES[:-1]) + b"FROM " + NAMES[-1].encode()


def leaning_left() -> bytes:
    """OR OR OR a b c d."""
    return b"OR " * (len(NAMES) - 1) + b" ".join(b"FROM %b" % name.encode() for name in NAMES)


def in_lists() -> bytes:
    """(OR (OR (OR a b) c) d): as imap_tools writes it."""
    text = b"FROM " + NAMES[0].encode()
    for name in NAMES[1:]:
        text = b"(OR %b FROM %b)" % (text, name.encode())
    return text


@pytest.mark.parametrize("text", [leaning_right(), leaning_left(), in_lists()])
def test_all_alternatives_are_there_and_none_is_deep(text: bytes) -> None:
    key = read(text)
    assert list(s.leaves(key)) == [s.EnvelopeField("from", name) for name in NAMES]
    assert depth(key) == 9


def test_fuzzy_reaches_all_of_them() -> None:
    subject, body, text = s.Fuzzy(s.EnvelopeField("subject", "x")), s.Fuzzy(s.Body("y")), s.Fuzzy(s.Text("z"))
    assert read(b"FUZZY OR SUBJECT x OR BODY y NOT (SEEN TEXT z)") == s.Or(
        s.Or(subject, body), s.Not(s.And((s.HasFlag(1, True), text)))
    )


@pytest.mark.parametrize(
    "text", [b"OR 1", b"OR", b"NOT", b"(1", b"(", b"()", b"(OR 1)", b"OR 1 2)", b"NOT )", b"FUZZY"]
)
def test_what_is_missing_is_told(text: bytes) -> None:
    with pytest.raises(Expected) as refused:
        read(text)
    assert refused.value.code is None


def depth(key: s.SearchKey) -> int:
    """How many keys stand in one another."""
    match key:
        case s.Or(left, right):
            return 1 + max(depth(left), depth(right))
        case s.And(children):
            return 1 + max(map(depth, children))
        case s.Not(child):
            return 1 + depth(child)
    return 0
