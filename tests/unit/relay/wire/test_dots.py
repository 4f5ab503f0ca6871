"""Mail data on its way out comes in again as it was."""

from __future__ import annotations

import itertools

from hypothesis import example, given
from hypothesis import strategies as st

from posthouse.protocols.smtp.relay.wire.dots import Dots
from posthouse.protocols.smtp.wire.content import Content

PIECES = st.lists(st.sampled_from([b"\r\n", b".", b"x", b"..", b"hello"]), max_size=40).map(b"".join)


def sent(octets: bytes, cuts: list[int]) -> bytes:
    dots = Dots()
    places = sorted({0, len(octets), *(cut % (len(octets) + 1) for cut in cuts)})
    return b"".join(dots.stuff(octets[start:stop]) for start, stop in itertools.pairwise(places)) + dots.end()


@given(PIECES, st.lists(st.integers(0, 200), max_size=10))
@example(b".", [])
@example(b"\r\n.\r\n", [1, 2, 3, 4])
@example(b"", [])
def test_what_is_sent_is_what_is_received(octets: bytes, cuts: list[int]) -> None:
    content = Content()
    message, rest = content.take(sent(octets, cuts))
    assert content.is_complete
    assert rest == b""
    assert message == (octets if not octets or octets.endswith(b"\r\n") else octets + b"\r\n")


@given(st.lists(st.sampled_from([b"\r\n", b"\n", b"\r", b".", b"x"]), max_size=40).map(b"".join), st.integers(0, 50))
def test_no_server_sees_an_end_in_the_middle(octets: bytes, cut: int) -> None:
    """Also one that takes a bare LF for a line end."""
    whole = sent(octets, [cut])
    lines = whole.replace(b"\r\n", b"\n").split(b"\n")
    assert [line for line in lines if line == b"."] == [b"."]
    assert lines[-2:] == [b".", b""]
