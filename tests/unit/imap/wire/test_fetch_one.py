"""FETCH of one message has a way of its own through the grammar, which must lead to the same."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from posthouse.protocols.imap.wire.commands.command import Command
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
    expected = outcome(lambda: fetch(reader, "a1", verb.upper().startswith(b"UID")))
    assert outcome(lambda: fetch_one(text, LIMITS)) == expected
    assert outcome(lambda: parse_command(text, LIMITS)) == expected


def outcome(parsed: Callable[[], Command | None]) -> Command | str | None:
    """The command, or what is wrong with it."""
    try:
        return parsed()
    except Expected as error:
        return error.what


@pytest.mark.parametrize(
    "rest",
    [
        b"0 FLAGS",
        b"1:2 FLAGS",
        b"* FLAGS",
        b"1",
        b"1 ",
        b"4294967296 FLAGS",
        b"1 BODY[HEADER.FIELDS ({3}",
    ],
)
def test_others_go_the_long_way(rest: bytes) -> None:
    assert fetch_one(b"a1 FETCH " + rest, LIMITS) is None
