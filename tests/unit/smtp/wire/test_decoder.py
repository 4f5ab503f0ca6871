"""Lines and data as they come."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from posthouse.protocols.smtp.wire.decoder import Decoder, End, Octets
from posthouse.protocols.smtp.wire.reply import SmtpRefusal


def code_of(decoder: Decoder) -> int:
    with pytest.raises(SmtpRefusal) as refused:
        decoder.next_line()
    return refused.value.reply.code


def test_lines_one_by_one() -> None:
    decoder = Decoder(1000)
    decoder.feed(b"EHLO a\r\nNO")
    assert decoder.next_line() == b"EHLO a"
    assert decoder.next_line() is None
    decoder.feed(b"OP\r\n\r\n")
    assert [decoder.next_line(), decoder.next_line(), decoder.next_line()] == [b"NOOP", b"", None]


def test_a_line_ends_with_both() -> None:
    decoder = Decoder(1000)
    decoder.feed(b"NOOP\nNOOP\r\n")
    assert code_of(decoder) == 500
    assert decoder.next_line() == b"NOOP"


@given(st.integers(1, 400), st.integers(1001, 5000))
def test_a_line_too_long_is_dropped_as_it_comes(piece: int, length: int) -> None:
    decoder = Decoder(1000)
    octets = b"x" * length + b"\r\n"
    refused = 0
    for at in range(0, len(octets), piece):
        decoder.feed(octets[at : at + piece])
        try:
            assert decoder.next_line() is None
        except SmtpRefusal:
            refused += 1
        assert decoder.buffered <= 1000 + piece
    assert refused == 1
    decoder.feed(b"NOOP\r\n")
    assert decoder.next_line() == b"NOOP"


def test_data_then_lines() -> None:
    decoder = Decoder(1000)
    decoder.begin_content()
    assert decoder.next_content() is None
    decoder.feed(b"hel")
    assert decoder.next_content() == Octets(b"hel")
    decoder.feed(b"lo\r\n.\r")
    assert decoder.next_content() == Octets(b"lo")
    assert decoder.next_content() is None
    decoder.feed(b"\nQUIT\r\n")
    assert decoder.next_content() == Octets(b"\r\n")
    assert decoder.next_content() == End(has_bare_line_end=False)
    assert not decoder.in_content
    assert decoder.next_line() == b"QUIT"


def test_what_came_before_tls_is_forgotten() -> None:
    decoder = Decoder(1000)
    decoder.feed(b"STARTTLS\r\nRSET\r\nMA")
    assert decoder.next_line() == b"STARTTLS"
    decoder.discard()
    decoder.feed(b"IL\r\n")
    assert decoder.next_line() == b"IL"
