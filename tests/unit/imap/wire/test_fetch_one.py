"""FETCH of one message has a way of its own through the grammar, which must lead to the same."""

from __future__ import annotations

import pytest

from posthouse.protocols.imap.wire.commands.messages import Fetch
from posthouse.protocols.imap.wire.fetch_grammar import fetch, fetch_one
from posthouse.protocols.imap.wire.grammar import parse_command
from posthouse.protocols.imap.wire.limits import WireLimits
from posthouse.protocols.imap.wire.reader import Expected, Reader

LIMITS = WireLimits()
ASKED = (
    b"BODY.PEEK[]",
    b"(UID FLAGS BODY[1.2.MIME]<0.100>)",
    b"ALL",
    b"flags",
    b"(FLAGS) (CHANGEDSINCE 12)",
    b'BODY[HEADER.FIELDS ("A B")]',
    b"(FLAGS",
    b"FLAGS )",
    b"(FLAGS) (VANISHED)",
    b"\x00",
    b"\xff",
    b" FLAGS",
    b"FLAGS ",
)


@pytest.mark.parametrize("asked", ASKED)
@pytest.mark.parametrize("number", [b"1", b"999999999"])
@pytest.mark.parametrize("verb", [b"FETCH", b"fetch", b"UID FETCH", b"uId fEtCh"])
def test_it_leads_to_the_same(verb: bytes, number: bytes, asked: bytes) -> None:
    text = b"a1 " + verb + b" " + number + b" " + asked
    reader = Reader(text, LIMITS, at=len(b"a1 " + verb))
    expected: Fetch | str
    try:
        expected = fetch(reader, "a1", verb.upper().startswith(b"UID"))
    except Expected as error:
        expected = error.what
    try:
        assert fetch_one(text, LIMITS) == expected
    except Expected as error:
        assert error.what == expected
        with pytest.raises(Expected):
            parse_command(text, LIMITS)
    else:
        assert parse_command(text, LIMITS) == expected


@pytest.mark.parametrize(
    "rest", [b"0 FLAGS", b"1:2 FLAGS", b"* FLAGS", b"1", b"1 ", b"4294967296 FLAGS", b"1 BODY[]\r\n"]
)
def test_others_go_the_long_way(rest: bytes) -> None:
    assert fetch_one(b"a1 FETCH " + rest, LIMITS) is None
