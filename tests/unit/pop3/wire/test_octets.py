"""Lines as they come, messages as they go."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from posthouse.protocols.pop3.errors import Senseless
from posthouse.protocols.pop3.wire.decoder import Decoder
from posthouse.protocols.pop3.wire.reply import Dots, Top

TEXT = st.lists(st.sampled_from([b"\r\n", b"\n", b"\r", b".", b"a", b"\r\n.\r\n", b"\n.\n", b"\r\n\r\n"])).map(b"".join)


def in_pieces(octets: bytes, size: int) -> list[bytes]:
    return [octets[at : at + size] for at in range(0, len(octets), size)]


def sent(octets: bytes, size: int) -> bytes:
    dots = Dots()
    return b"".join([dots.encode(piece) for piece in in_pieces(octets, size)]) + dots.end()


def heard(octets: bytes) -> bytes:
    """What a client makes of it, by RFC 1939 3; all that was sent is heard."""
    lines = octets.split(b"\r\n")
    assert lines[-2:] == [b".", b""]
    assert b"." not in lines[:-2]
    return b"".join([line.removeprefix(b".") + b"\r\n" for line in lines[:-2]])


@given(TEXT, st.integers(1, 10))
def test_the_message_is_heard_as_it_is(octets: bytes, size: int) -> None:
    whole = re.sub(rb"(?<!\r)\n", b"\r\n", octets)
    if whole and not whole.endswith(b"\n"):
        whole += b"\r\n"
    said = sent(octets, size)
    assert heard(said) == whole
    assert b"\n.\n" not in said  # what a client that is content with LF would take for the end


@given(TEXT, st.integers(1, 10), st.integers(0, 5))
def test_the_beginning_of_a_message(octets: bytes, size: int, lines: int) -> None:
    top = Top(lines)
    taken = b""
    for piece in in_pieces(octets, size):
        taken += top.take(piece)
        if top.is_complete:
            break
    header = re.search(rb"(\A|\n)\r?\n", octets)
    expected = octets
    if header is not None:
        body = octets[header.end() :].split(b"\n")
        kept = [line + b"\n" for line in body[:-1]] + [body[-1]]
        expected = octets[: header.end()] + b"".join(kept[:lines])
    assert taken == expected


@given(st.integers(1, 200), st.integers(513, 3000))
def test_a_line_too_long_is_dropped_as_it_comes(piece: int, length: int) -> None:
    decoder = Decoder(512)
    refused = 0
    for octets in in_pieces(b"x" * length + b"\r\n", piece):
        decoder.feed(octets)
        try:
            assert decoder.next_line() is None
        except Senseless:
            refused += 1
        assert decoder.buffered <= 512 + piece
    assert refused == 1
    decoder.feed(b"NOOP\r\n")
    assert decoder.next_line() == b"NOOP"


def test_lines_end_with_both() -> None:
    decoder = Decoder(512)
    decoder.feed(b"NOOP\nSTAT\r\nQU")
    with pytest.raises(Senseless):
        decoder.next_line()
    assert decoder.next_line() == b"STAT"
    assert decoder.next_line() is None
    decoder.discard()
    decoder.feed(b"LIST\r\n")
    assert decoder.next_line() == b"LIST"
