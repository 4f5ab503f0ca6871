"""Mail data: dots, ends and bare line ends, however the octets are cut."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from posthouse.protocols.smtp.wire.content import Chunk, Content

PIECES = st.lists(st.sampled_from([b"\r\n", b".", b"x", b"\r", b"\n", b"..", b"hello"]), max_size=40).map(b"".join)


def taken(octets: bytes, cuts: list[int]) -> tuple[bytes, bytes, Content]:
    """(message, rest, content) of octets that come in pieces."""
    content = Content()
    message = b""
    places = sorted({0, len(octets), *(cut % (len(octets) + 1) for cut in cuts)})
    for start, stop in itertools.pairwise(places):
        octets_now, rest = content.take(octets[start:stop])
        message += octets_now
        if content.is_complete:
            return message, rest + octets[stop:], content
    return message, b"", content


def expected(octets: bytes) -> tuple[bytes, bytes] | None:
    """The same by the letter of RFC 5321 4.5.2, line by line; None for data without an end."""
    message = b""
    rest = octets
    while True:
        line, end, rest = rest.partition(b"\r\n")
        if not end:
            return None
        if line == b".":
            return message, rest
        message += (line[1:] if line.startswith(b".") else line) + end


@given(PIECES, st.lists(st.integers(0, 200), max_size=10))
@example(b"..\r\n.\r\nQUIT\r\n", [1, 2, 3, 4, 5])
@example(b".\r\n", [])
@example(b"a\r\n..\r\n.\r\n", [3])
def test_any_cut_gives_what_the_rfc_says(octets: bytes, cuts: list[int]) -> None:
    message, rest, content = taken(octets, cuts)
    wanted = expected(octets)
    assert content.is_complete == (wanted is not None)
    if wanted is not None:
        assert (message, rest) == wanted


@given(PIECES, st.lists(st.integers(0, 200), max_size=10))
def test_bare_line_ends_are_told(octets: bytes, cuts: list[int]) -> None:
    _, rest, content = taken(octets + b"\r\n.\r\n", cuts)
    data = (octets + b"\r\n.\r\n")[: len(octets) + 5 - len(rest)]
    assert content.has_bare_line_end == any(end in data.replace(b"\r\n", b"") for end in (b"\r", b"\n"))


@given(st.lists(PIECES, min_size=1, max_size=4), st.lists(st.integers(0, 200), max_size=10))
def test_chunks_are_taken_as_they_are(chunks: list[bytes], cuts: list[int]) -> None:
    message, before = b"", None
    for number, octets in enumerate(chunks, 1):
        chunk = Chunk(len(octets), is_last=number == len(chunks), before=before)
        places = sorted({0, len(octets), *(cut % (len(octets) + 1) for cut in cuts)})
        for start, stop in itertools.pairwise(places):
            taken, rest = chunk.take(octets[start:stop] + b"QUIT\r\n" * (stop == len(octets)))
            message += taken
            assert rest == b"QUIT\r\n" * (stop == len(octets))
        assert chunk.is_complete
        before = chunk
    assert message == b"".join(chunks)
    assert chunk.has_bare_line_end == any(end in message.replace(b"\r\n", b"") for end in (b"\r", b"\n"))


@pytest.mark.parametrize("end", [b"\n.\n", b"\n.\r\n", b"\r\n.\n", b"\r.\r", b"\r\n.\r", b"\r\n\x00.\r\n"])
def test_nothing_else_ends_a_message(end: bytes) -> None:
    _, _, content = taken(b"Subject: x\r\n\r\nhello" + end + b"MAIL FROM:<x@y.example>\r\n", [])
    assert not content.is_complete
