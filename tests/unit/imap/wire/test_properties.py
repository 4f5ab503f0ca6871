"""Whatever is spelt by the grammar is understood, in whatever pieces it comes; whatever else comes does no harm."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from posthouse.protocols.imap.wire.commands.append import Append, AppendMessage, Replace, Replaced
from posthouse.protocols.imap.wire.commands.command import Command
from posthouse.protocols.imap.wire.commands.session import Noop
from posthouse.protocols.imap.wire.dates import date_time
from posthouse.protocols.imap.wire.decoder import Decoder
from posthouse.protocols.imap.wire.events import (
    AppendEnd,
    AppendEvent,
    AppendOctets,
    AppendStart,
    AppendText,
    AppendUrl,
    Event,
    Malformed,
    NeedContinuation,
)
from posthouse.protocols.imap.wire.limits import WireLimits
from tests.unit.imap.wire import spelt_mailboxes, spelt_messages, spelt_searches, spelt_sessions
from tests.unit.imap.wire.grammar import commands
from tests.unit.imap.wire.speller import FLAGS, NAMES, Speller, Spelt

SEEDS = st.integers(0, 2**32)


def pieces(octets: bytes, seed: int) -> Iterator[bytes]:
    """The octets in pieces of random sizes, empty ones among them."""
    chance = random.Random(seed)
    most = chance.choice([1, 3, 20, 1000])
    at = 0
    while at < len(octets):
        size = chance.randint(0, most)
        yield octets[at : at + size]
        at += size


def events(decoder: Decoder, octets: bytes, seed: int) -> list[Event]:
    found: list[Event] = []
    for piece in pieces(octets, seed):
        decoder.feed(piece)
        while (event := decoder.next_event()) is not None:
            found.append(event)
            assert len(found) <= 3 * len(octets) + 3, "a decoder that gives events for nothing"
    return found


@given(st.lists(commands(), min_size=1, max_size=3), SEEDS)
def test_commands_come_back(spelt: list[Spelt], seed: int) -> None:
    octets = b"".join([one.text for one in spelt])
    found = events(Decoder(WireLimits()), octets, seed)
    assert [event for event in found if event != NeedContinuation()] == [one.command for one in spelt]


@given(commands(utf8=True), SEEDS)
def test_commands_come_back_in_utf8(spelt: Spelt, seed: int) -> None:
    found = events(Decoder(WireLimits(), utf8=True), spelt.text, seed)
    assert [event for event in found if event != NeedContinuation()] == [spelt.command]


@given(commands(), SEEDS)
def test_each_waiting_literal_is_asked_for_once(spelt: Spelt, seed: int) -> None:
    found = events(Decoder(WireLimits()), spelt.text, seed)
    assert found == [NeedContinuation()] * spelt.waiting + [spelt.command]


BODIES = st.tuples(
    st.binary(max_size=40), st.sampled_from([(False, False), (True, False), (True, True)]), st.booleans()
)
URLS = st.binary(max_size=12).map(lambda url: url.replace(b"\0", b"/"))
MESSAGES = st.tuples(
    FLAGS,
    st.none() | st.integers(0, 250_000_000_000).map(lambda seconds: seconds * 1000),
    BODIES | st.lists(BODIES | URLS, min_size=1, max_size=4),
)


def spell_body(body: tuple[Any, ...], spell: Speller, word: bytes) -> bytes:
    octets, (literal8, utf8), waits = body
    literal = b"%b{%d%b}\r\n%b" % (b"~" if literal8 else b"", len(octets), b"" if waits else b"+", octets)
    return spell.word(b"UTF8") + b" (%b)" % literal if utf8 else word + literal


@given(
    st.data(),
    NAMES,
    st.lists(MESSAGES, min_size=1, max_size=3),
    st.none() | st.builds(Replaced, st.integers(0, 9), st.booleans()),
    SEEDS,
)
def test_append_and_replace_come_back(
    data: st.DataObject,
    name: str,
    messages: list[tuple[Any, ...]],
    replaced: Replaced | None,
    seed: int,
) -> None:
    """What streams comes in the order of the text, and each literal that waits is asked for once."""
    spell = Speller(data.draw, False)
    line = b"a " + spell.word(b"APPEND")
    if replaced is not None:
        messages = messages[:1]
        number = b"%d" % replaced.number if replaced.number else b"*"
        line = b"a %b%b %b" % (spell.word(b"UID ") if replaced.uid else b"", spell.word(b"REPLACE"), number)
    line += b" " + spell.mailbox(name)
    wanted: list[object] = []
    coming: list[AppendMessage] = []
    for flags, received, body in messages:
        line += b" " + spell.listed(spell.flag_names(flags)) if flags.system or flags.keywords else b""
        line += b" " + date_time(received) if received is not None else b""
        if isinstance(body, tuple):
            octets, (literal8, utf8), waits = body
            message = AppendMessage(flags, received, len(octets), literal8, utf8)
            wanted += [AppendStart("a", name, message, waits, len(coming), replaced), octets, AppendEnd()]
            line += b" " + spell_body(body, spell, b"")
        else:
            message = AppendMessage(flags, received, catenated=True)
            wanted.append(AppendStart("a", name, message, False, len(coming), replaced))
            parts = []
            for part in body:
                if isinstance(part, bytes):
                    wanted.append(AppendUrl(part))
                    parts.append(spell.word(b"URL") + b" " + spell.astring(part))
                else:
                    octets, (literal8, utf8), waits = part
                    wanted += [AppendText(len(octets), waits, literal8, utf8), octets]
                    parts.append(spell_body(part, spell, spell.word(b"TEXT") + b" "))
            wanted.append(AppendEnd())
            line += b" " + spell.word(b"CATENATE") + b" " + spell.listed(parts)
        coming.append(message)
    found = events(Decoder(WireLimits()), line + b"\r\nb NOOP\r\n", seed)
    whole = Append("a", name, tuple(coming)) if replaced is None else Replace("a", name, tuple(coming), replaced)
    assert found[-2:] == [whole, Noop("b")]
    taken: list[Any] = []
    for event in found[:-2]:
        if isinstance(event, AppendOctets):
            assert event.octets
            taken[-1] += event.octets
            continue
        if event == NeedContinuation():
            continue
        taken.append(event)
        if isinstance(event, AppendText) or (isinstance(event, AppendStart) and not event.message.catenated):
            taken.append(b"")
    assert taken == wanted


def check_harmless(octets: bytes, seed: int) -> None:
    decoder = Decoder(WireLimits(line_octets=1000, literal_octets=1000, command_octets=3000))
    chance = random.Random(seed)
    for event in events(decoder, octets, seed):
        if isinstance(event, Malformed):
            assert event.tag == "*" or re.fullmatch(r'[^\x00-\x20(){%*"\\+\x7f-\U0010ffff]+', event.tag)
            assert event.text.isascii()
            assert event.text.isprintable()
            assert event.code is None or re.fullmatch(r"[A-Z]+( \([A-Za-z0-9_ -]+\))?", event.code)
        elif isinstance(event, AppendEvent) and chance.random() < 0.3:
            decoder.refuse()
    assert decoder.buffered <= 2000


NOISE = st.lists(
    st.one_of(
        st.binary(max_size=10),
        st.sampled_from([b"a ", b"\r\n", b"{3}\r\n", b"{3+}\r\n", b"~{9+}\r\n", b"(", b")", b'"', b"\\", b" ", b"["]),
        st.sampled_from(
            [
                b"APPEND ",
                b"REPLACE 1 ",
                b"CATENATE (",
                b"URL ",
                b"TEXT ",
                b"UTF8 (",
                b"UID ",
                b"FETCH ",
                b"SEARCH ",
                b"BODY[",
                b"LIST ",
                b"STORE ",
                b"1:*",
                b"x",
            ]
        ),
    ),
    max_size=30,
).map(b"".join)


@given(NOISE, SEEDS)
def test_noise_does_no_harm(octets: bytes, seed: int) -> None:
    check_harmless(octets, seed)


@given(st.binary(max_size=200), SEEDS)
def test_octets_do_no_harm(octets: bytes, seed: int) -> None:
    check_harmless(octets, seed)


@given(commands(), st.lists(st.tuples(st.integers(0, 200), st.sampled_from("dir"), st.binary(max_size=3))), SEEDS)
def test_a_command_gone_wrong_does_no_harm(spelt: Spelt, changes: list[tuple[int, str, bytes]], seed: int) -> None:
    octets = spelt.text
    for place, kind, other in changes:
        at = place % (len(octets) + 1)
        removed = len(other) if kind != "i" else 0
        octets = octets[:at] + (b"" if kind == "d" else other) + octets[at + removed :]
    check_harmless(octets + b"\r\n", seed)


@given(commands(), SEEDS, st.binary(max_size=20))
def test_the_next_command_is_heard(spelt: Spelt, seed: int, junk: bytes) -> None:
    """Junk at the end of a command that has no literal spoils nothing but that command."""
    junk = junk.translate(None, b"\r\n{}")
    line = re.sub(rb"\{\d+\+?\}\r\n", b"", spelt.text[:-2]).translate(None, b"\r\n{}")
    found = events(Decoder(WireLimits()), line + junk + b"\r\nlast NOOP\r\n", seed)
    assert found[-1] == Noop("last")
    assert len(found) == 2


def test_every_command_is_spelt() -> None:
    """APPEND and REPLACE have a test of their own."""
    modules = (spelt_mailboxes, spelt_messages, spelt_searches, spelt_sessions)
    spelt = {name for module in modules for name in vars(module)}
    assert {kind.__name__ for kind in Command.__subclasses__()} - spelt == {"Append", "Replace"}
