"""Literals, streamed APPEND, refusals, raw lines, and what a decoder holds."""

from __future__ import annotations

import tracemalloc

import pytest

from posthouse.protocols.imap.wire.commands.append import Append, AppendMessage, Replace, Replaced
from posthouse.protocols.imap.wire.commands.mailboxes import Rename, Select
from posthouse.protocols.imap.wire.commands.session import Idle, Login, Noop, StartTls
from posthouse.protocols.imap.wire.decoder import Decoder
from posthouse.protocols.imap.wire.events import (
    AppendEnd,
    AppendOctets,
    AppendStart,
    AppendText,
    AppendUrl,
    Event,
    Malformed,
    NeedContinuation,
)
from posthouse.protocols.imap.wire.flags import SEEN, Flags
from posthouse.protocols.imap.wire.limits import WireLimits
from tests.effort import calls, takes_time_by_size

SMALL = WireLimits(line_octets=1000, literal_octets=1000, command_octets=3000)


def decoder_of(octets: bytes, limits: WireLimits | None = None) -> Decoder:
    decoder = Decoder(limits or WireLimits())
    decoder.feed(octets)
    return decoder


def events(decoder: Decoder, octets: bytes = b"") -> list[Event]:
    if octets:
        decoder.feed(octets)
    return list(iter(decoder.next_event, None))


def texts(found: list[Event]) -> list[object]:
    """Events, with only what is fixed of Malformed."""
    return [(event.tag, event.code) if isinstance(event, Malformed) else event for event in found]


# Lines


def test_a_command_in_single_octets() -> None:
    decoder = Decoder(WireLimits())
    found: list[Event] = []
    for octet in b"a NOOP\r\nb SELECT {3}\r\nx y (CONDSTORE)\r\n":
        found += events(decoder, bytes((octet,)))
    assert found == [Noop("a"), NeedContinuation(), Select("b", "x y", True)]


def test_one_event_at_a_time_and_discard() -> None:
    decoder = decoder_of(b"a STARTTLS\r\nb NOOP\r\nc NOOP")
    assert decoder.next_event() == StartTls("a")
    assert decoder.buffered == len(b"b NOOP\r\nc NOOP")
    decoder.discard()
    assert decoder.buffered == 0
    assert events(decoder, b"d NOOP\r\n") == [Noop("d")]


def test_discard_forgets_half_a_command() -> None:
    decoder = decoder_of(b"a LOGIN {3}\r\n")
    assert events(decoder) == [NeedContinuation()]
    decoder.discard()
    assert events(decoder, b"b NOOP\r\n") == [Noop("b")]


def test_bare_lf_and_empty_lines() -> None:
    assert events(decoder_of(b"\r\n\na NOOP\n\r\nb NOOP\r\n")) == [Noop("a"), Noop("b")]


def test_a_line_too_long_is_refused_once_and_skipped() -> None:
    decoder = Decoder(SMALL)
    assert texts(events(decoder, b"a LOGIN " + b"x" * 1000)) == [("a", None)]
    assert events(decoder, b"x" * 5000) == []
    assert decoder.buffered < 100
    assert events(decoder, b"x\r\nb NOOP\r\n") == [Noop("b")]
    assert texts(events(decoder, b"c LOGIN " + b"x" * 1000 + b"\r\nd NOOP\r\n")) == [("c", None), Noop("d")]
    assert texts(events(decoder, b"x" * 1001 + b"\r\nd NOOP\r\n")) == [("*", None), Noop("d")]


def test_the_longest_line_is_taken() -> None:
    line = b"a LOGIN x " + b"y" * 990
    assert events(decoder_of(line + b"\r\n", SMALL)) == [Login("a", "x", "y" * 990)]


def test_a_literal_behind_a_line_too_long_is_skipped() -> None:
    for split in range(1, 30):
        start = b"a LOGIN " + b"x" * 1000
        decoder = decoder_of(start, SMALL)
        rest = b"~{12+}\r\nb DELETE x\r\n z\r\nc NOOP\r\n"
        found = events(decoder) + events(decoder, rest[:split]) + events(decoder, rest[split:])
        assert texts(found) == [("a", None), Noop("c")]


# Literals


def test_synchronising_and_not() -> None:
    assert events(decoder_of(b"a LOGIN {3}\r\njoe {4+}\r\na\r\nb\r\n")) == [
        NeedContinuation(),
        Login("a", "joe", "a\r\nb"),
    ]
    assert events(decoder_of(b"a RENAME {1+}\r\nx {0+}\r\n\r\n")) == [Rename("a", "x", "")]
    assert events(decoder_of(b"a SELECT {3+}\r\n{9}\r\n")) == [Select("a", "{9}")]


def test_what_is_wrong_already_asks_for_no_literal() -> None:
    assert texts(events(decoder_of(b"a FROB {3}\r\nb NOOP\r\n"))) == [("a", None), Noop("b")]
    assert texts(events(decoder_of(b'a LOGIN "x {3}\r\nb NOOP\r\n'))) == [("a", None), Noop("b")]
    assert texts(events(decoder_of(b"{3}\r\nb NOOP\r\n"))) == [("*", None), Noop("b")]
    # but what does not wait comes
    assert texts(events(decoder_of(b"a FROB {8+}\r\nx NOOP\r\n\r\nb NOOP\r\n"))) == [("a", None), Noop("b")]


def test_a_literal_too_large() -> None:
    decoder = Decoder(SMALL)
    assert texts(events(decoder, b"a LOGIN {1001}\r\n")) == [("a", "TOOBIG")]
    assert events(decoder, b"b NOOP\r\n") == [Noop("b")]
    assert texts(events(decoder, b"c LOGIN {1001+}\r\n" + b"\n" * 500)) == [("c", "TOOBIG")]
    assert decoder.buffered == 0
    assert events(decoder, b"\n" * 501 + b" {3+}\r\nx\r\n more\r\nd NOOP\r\n") == [Noop("d")]
    assert texts(events(decoder, b"e LOGIN {99999999999999999999}\r\nf NOOP\r\n")) == [("e", "TOOBIG"), Noop("f")]
    assert texts(events(decoder, b"e LOGIN {999999999999999999999}\r\nf NOOP\r\n")) == [("e", None), Noop("f")]


def test_a_command_too_large_with_its_literals() -> None:
    literal = b"{900+}\r\n" + b"x" * 900
    decoder = Decoder(SMALL)
    many = b"a SEARCH" + b"".join([b" TEXT " + literal] * 20) + b"\r\n"
    assert texts(events(decoder, many + b"b NOOP\r\n")) == [("a", "TOOBIG"), Noop("b")]
    many = b"a SEARCH" + b"".join([b" TEXT " + literal] * 3) + b" TEXT " + b"y" * 900 + b"\r\n"
    assert texts(events(decoder, many + b"b NOOP\r\n")) == [("a", "TOOBIG"), Noop("b")]


def test_nul_stands_in_literal8_alone() -> None:
    assert texts(events(decoder_of(b"a SELECT {1+}\r\n\0\r\n"))) == [("a", None)]


def test_many_literals_cost_what_they_hold() -> None:
    limits = WireLimits(search_keys=100_000, command_octets=1_000_000)
    decoder = decoder_of(b"a SEARCH" + b" TEXT {1+}\r\nx" * 50_000 + b"\r\n", limits)
    assert len(events(decoder)) == 1


# APPEND


def test_append_streams() -> None:
    decoder = Decoder(WireLimits())
    message = AppendMessage(Flags(SEEN, ("$Work",)), 837596665000, 10)
    start = events(decoder, b'a APPEND inbox (\\Seen $Work) "17-Jul-1996 02:44:25 -0700" {10}\r\n')
    assert start == [AppendStart("a", "INBOX", message, True)]
    assert events(decoder, b"01234") == [AppendOctets(b"01234")]
    assert events(decoder, b"56789\r") == [AppendOctets(b"56789"), AppendEnd()]
    assert events(decoder, b"\nb NOOP\r\n") == [Append("a", "INBOX", (message,)), Noop("b")]


def test_append_with_the_name_as_a_literal() -> None:
    decoder = Decoder(WireLimits())
    message = AppendMessage(Flags(), None, 2)
    assert events(decoder, b"a APPEND {3}\r\nx y {2+}\r\nhi\r\n") == [
        NeedContinuation(),
        AppendStart("a", "x y", message, False),
        AppendOctets(b"hi"),
        AppendEnd(),
        Append("a", "x y", (message,)),
    ]


def test_append_several() -> None:
    first = AppendMessage(Flags(), None, 1)
    second = AppendMessage(Flags(SEEN), None, 0, True)
    third = AppendMessage(Flags(), None, 3, True, True)
    assert events(decoder_of(b"a APPEND x {1+}\r\nA (\\Seen) ~{0}\r\n UTF8 (~{3+}\r\n\0\r\n)\r\nb NOOP\r\n")) == [
        AppendStart("a", "x", first, False, 0),
        AppendOctets(b"A"),
        AppendEnd(),
        AppendStart("a", "x", second, True, 1),
        AppendEnd(),
        AppendStart("a", "x", third, False, 2),
        AppendOctets(b"\0\r\n"),
        AppendEnd(),
        Append("a", "x", (first, second, third)),
        Noop("b"),
    ]
    assert isinstance(events(decoder_of(b"a APPEND x UTF8 (~{1+}\r\nA) {1+}\r\nB\r\n"))[-1], Append)


def test_append_refused_before_its_octets() -> None:
    decoder = decoder_of(b"a APPEND x {10}\r\n")
    assert isinstance(decoder.next_event(), AppendStart)
    decoder.refuse()
    assert events(decoder, b"b NOOP\r\n") == [Noop("b")]


def test_append_refused_when_its_octets_come_anyway() -> None:
    decoder = decoder_of(b"a APPEND x {10+}\r\n01234")
    assert isinstance(decoder.next_event(), AppendStart)
    decoder.refuse()
    assert events(decoder) == []
    assert events(decoder, b"56789 (\\Seen) {8+}\r\nc NOOP\r\n\r\nb NOOP\r\n") == [Noop("b")]


def test_append_refused_between_octets() -> None:
    decoder = decoder_of(b"a APPEND x {10}\r\n01234")
    assert isinstance(decoder.next_event(), AppendStart)
    assert decoder.next_event() == AppendOctets(b"01234")
    decoder.refuse()
    # the next message of the command waits for "+ ", which does not come: the peer sees the answer
    assert events(decoder, b"56789 {5}\r\nb NOOP\r\n") == [Noop("b")]


def test_append_refused_at_its_end() -> None:
    decoder = decoder_of(b"a APPEND x {1+}\r\nA")
    assert isinstance(events(decoder)[-1], AppendEnd)
    decoder.refuse()
    assert events(decoder, b" {1+}\r\nB\r\nb NOOP\r\n") == [Noop("b")]


def test_refuse_without_append_does_nothing() -> None:
    decoder = decoder_of(b"a NOOP\r\nb NOOP\r\n")
    assert decoder.next_event() == Noop("a")
    decoder.refuse()
    assert events(decoder) == [Noop("b")]


@pytest.mark.parametrize(
    ("line", "code"),
    [
        (b"a APPEND x (\\Frob) {3}", None),
        (b"a APPEND x (\\Seen {3}", None),
        (b'a APPEND x "yesterday" {3}', None),
        (b"a APPEND x UTF8 ({3}", None),
        (b"a APPEND x y {3}", None),
        (b"a APPEND &AOQ {3}", "CANNOT"),
        (b"a APPEND x {9223372036854775808}", "TOOBIG"),
    ],
)
def test_append_malformed_before_its_octets(line: bytes, code: str | None) -> None:
    assert texts(events(decoder_of(line + b"\r\nb NOOP\r\n"))) == [("a", code), Noop("b")]


@pytest.mark.parametrize("line", [b"x", b" ", b" (\\Seen)", b" {3", b")"])
def test_append_malformed_behind_its_octets(line: bytes) -> None:
    found = events(decoder_of(b"a APPEND x {1+}\r\nA" + line + b"\r\nb NOOP\r\n"))
    assert found[1:3] == [AppendOctets(b"A"), AppendEnd()]
    assert isinstance(found[0], AppendStart)
    outcomes = [[("a", None), Noop("b")], [Append("a", "x", found[0].message), Noop("b")]]
    assert texts(found[3:]) in outcomes or line == b" "


def test_append_utf8_must_be_closed() -> None:
    assert texts(events(decoder_of(b"a APPEND x UTF8 (~{1+}\r\nA\r\nb NOOP\r\n")))[3:] == [("a", None), Noop("b")]


def test_append_of_too_many_messages() -> None:
    decoder = decoder_of(b"a APPEND x" + b" {1+}\r\nA" * 3 + b"\r\nb NOOP\r\n", WireLimits(appended_messages=2))
    assert texts(events(decoder))[-2:] == [("a", "LIMIT"), Noop("b")]


# Raw lines


def test_raw_lines() -> None:
    decoder = decoder_of(b"a IDLE\r\nDO")
    assert events(decoder) == [Idle("a")]
    assert decoder.next_line() is None
    decoder.feed(b"NE\r\n\r\nb NOOP\r\n")
    assert decoder.next_line() == b"DONE"
    assert decoder.next_line() == b""
    assert events(decoder) == [Noop("b")]
    decoder = decoder_of(b"x" * 1002, SMALL)
    assert isinstance(decoder.next_line(), Malformed)
    assert decoder.next_line() is None
    decoder.feed(b"x\r\n*\r\n")
    assert decoder.next_line() == b"*"


# What is held


@pytest.mark.parametrize(
    "start",
    [
        b"",
        b"a LOGIN {1000000000+}\r\n",
        b"a APPEND x {1000000000+}\r\n",
        b"a FROB x {1000000000+}\r\n",
        b"a APPEND x (\\Frob) {1000000000+}\r\n",
    ],
)
@pytest.mark.parametrize("chunk", [b"x" * 50_000, b"a {3+}\r\n" * 300, b"x LOGIN {30000+}\r\n" * 3_000])
def test_endless_input_is_not_held(start: bytes, chunk: bytes) -> None:
    decoder = decoder_of(start)
    tracemalloc.start()
    try:
        for _ in range(200):
            decoder.feed(chunk)
            while decoder.next_event() is not None:
                pass
            assert decoder.buffered <= 200_000
        assert tracemalloc.get_traced_memory()[1] < 2_000_000
    finally:
        tracemalloc.stop()


# Messages of parts, and those in the place of others


PARTS = b"a UID REPLACE 7 x CATENATE (URL u TEXT {3+}\r\nabc URL {2+}\r\nde TEXT ~{1+}\r\nz)\r\n"


def test_parts_in_their_order() -> None:
    assert events(decoder_of(PARTS)) == [
        AppendStart("a", "x", AppendMessage(Flags(), None, catenated=True), False, 0, Replaced(7, True)),
        AppendUrl(b"u"),
        AppendText(3, False),
        AppendOctets(b"abc"),
        AppendUrl(b"de"),
        AppendText(1, False, True),
        AppendOctets(b"z"),
        AppendEnd(),
        Replace("a", "x", (AppendMessage(Flags(), None, catenated=True),), Replaced(7, True)),
    ]


@pytest.mark.parametrize("at", range(8))
def test_parts_refused_anywhere_are_passed_over(at: int) -> None:
    for step in (1, 4, 1000):
        decoder = Decoder(WireLimits())
        octets = PARTS.replace(b"UID REPLACE 7", b"APPEND")[:-2] + b" {9+}\r\nc NOOP\r\n\r\n\r\nb NOOP\r\n"
        found: list[Event] = []
        for start in range(0, len(octets), step):
            decoder.feed(octets[start : start + step])
            while (event := decoder.next_event()) is not None:
                found.append(event)
                if len(found) == at + 1:
                    decoder.refuse()
        assert found[at + 1 :] == [Noop("b")]


def test_a_peer_that_waits_sends_nothing_of_what_is_refused() -> None:
    decoder = decoder_of(b"a APPEND x CATENATE (URL u TEXT {9}\r\n")
    assert isinstance(decoder.next_event(), AppendStart)
    assert decoder.next_event() == AppendUrl(b"u")
    decoder.refuse()
    assert events(decoder, b"b NOOP\r\n") == [Noop("b")]
    decoder = decoder_of(b"a APPEND x CATENATE (URL u URL {9}\r\n")
    assert isinstance(decoder.next_event(), AppendStart)
    decoder.refuse()
    assert events(decoder, b"b NOOP\r\n") == [Noop("b")]


def test_what_is_refused_of_parts() -> None:
    for text in (
        b"CATENATE ()",
        b"CATENATE (URL)",
        b"CATENATE (URL x",
        b"CATENATE (TEXT x)",
        b"CATENATE (URL x)URL y",
        b'CATENATE (URL "x)',
        b"CATENATE (UTF8 ({1+}\r\nx))",
        b"CATENATE (TEXT {1+}\r\nxURL y)",
    ):
        assert texts(events(decoder_of(b"a APPEND x %b\r\nb NOOP\r\n" % text)))[-2:] == [("a", None), Noop("b")]
    many = b" ".join([b"URL x"] * 1001)
    assert texts(events(decoder_of(b"a APPEND x CATENATE (%b)\r\n" % many))) == [("a", "LIMIT")]


def test_many_literals_of_urls_take_no_time() -> None:
    """Each line is read once, however many came before."""

    def read(size: int) -> None:
        text = b"a APPEND x" + b" CATENATE (%b)" % b" ".join([b"URL {1+}\r\nx"] * 900) * size
        assert len(events(decoder_of(text + b"\r\n"))) == size * 902 + 1

    assert takes_time_by_size(read, 2)


def test_a_flood_of_empty_lines_takes_no_time() -> None:
    def read(lines: int) -> None:
        assert texts(events(decoder_of(b"\r\n\n" * lines + b"\ra NOOP\r\nb NOOP\r\n"))) == [("*", None), Noop("b")]

    read(1)  # what is done once is done
    assert calls(lambda: read(500_000)) == calls(lambda: read(1))
