"""Replies of a server, however they are cut and whatever they are."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from posthouse.protocols.smtp.relay.wire.reply import BadReply, Reply, ReplyReader


def reader(line_octets: int = 1000, reply_lines: int = 20, reply_octets: int = 5000) -> ReplyReader:
    return ReplyReader(line_octets, reply_lines, reply_octets)


def read(octets: bytes, *cuts: int, **limits: int) -> list[Reply]:
    """All replies in octets that come in pieces."""
    found = []
    into = reader(**limits)
    places = sorted({0, len(octets), *(cut % (len(octets) + 1) for cut in cuts)})
    for start, stop in itertools.pairwise(places):
        into.feed(octets[start:stop])
        while (reply := into.next()) is not None:
            found.append(reply)
    return found


TEXTS = st.text(st.characters(codec="ascii", exclude_characters="\r\n", exclude_categories=["Cc"]), max_size=30)
REPLIES = st.builds(
    lambda code, lines: Reply(code, "", tuple(line.strip() for line in lines)),
    st.integers(200, 599),
    st.lists(TEXTS.map(lambda text: "x" + text), min_size=1, max_size=5),
)


def encoded(reply: Reply) -> bytes:
    last = len(reply.lines) - 1
    return b"".join(
        f"{reply.code}{' ' if at == last else '-'}{line}\r\n".encode() for at, line in enumerate(reply.lines)
    )


@given(st.lists(REPLIES, max_size=5), st.lists(st.integers(0, 1000), max_size=8))
def test_any_cut_gives_the_same_replies(replies: list[Reply], cuts: list[int]) -> None:
    assert read(b"".join(map(encoded, replies)), *cuts) == replies


@given(st.lists(st.binary(max_size=200), max_size=20))
def test_whatever_comes_is_a_reply_or_a_fault_and_is_bounded(pieces: list[bytes]) -> None:
    into = reader(100, 5, 200)
    for piece in pieces:
        into.feed(piece)
        try:
            while (reply := into.next()) is not None:
                assert 200 <= reply.code <= 599
                assert len(reply.lines) <= 5
                assert len(reply.words) <= 1000
                assert "\n" not in reply.words
                assert reply.status_or_class[0] == str(reply.code)[0]
        except BadReply:
            return
        assert len(into._buffer) <= 100


@pytest.mark.parametrize(
    ("octets", "reply"),
    [
        (b"250 2.1.5 ok\r\n", Reply(250, "2.1.5", ("ok",))),
        (b"250-2.1.5 one\r\n250 2.1.5 two\r\n", Reply(250, "2.1.5", ("one", "two"))),
        (b"250\r\n", Reply(250, "", ("",))),
        (b"250 \r\n", Reply(250, "", ("",))),
        (b"550 5.1.1\r\n", Reply(550, "5.1.1", ("",))),
        (b"250 ok\n", Reply(250, "", ("ok",))),  # LF alone
        (b"550 2.1.5 odd\r\n", Reply(550, "", ("2.1.5 odd",))),  # another class
        (b"550 5.1.1.1 no\r\n", Reply(550, "", ("5.1.1.1 no",))),
        (b"550 5.01.007 no\r\n", Reply(550, "5.1.7", ("no",))),
        (b"451 gr\xfc\xdfe\x00\x1b[31m\r\n", Reply(451, "", ("gr\ufffd\ufffde [31m",))),
        ("550 5.1.1 größe\r\n".encode(), Reply(550, "5.1.1", ("größe",))),
    ],
)
def test_replies_of_all_sorts(octets: bytes, reply: Reply) -> None:
    assert read(octets) == [reply]


@pytest.mark.parametrize(
    ("octets", "why"),
    [
        (b"250-one\r\n251 two\r\n", "begin with 250 and 251"),
        (b"hello\r\n", "expected a reply, came 'hello'"),
        (b"\r\n", "expected a reply"),
        (b"150 so so\r\n", "expected a reply"),
        (b"650 so so\r\n", "expected a reply"),
        (b"25\r\n", "expected a reply"),
        (b"250x\r\n", "expected a reply"),
        (b"x" * 1001, "more than 1000 octets"),
        (b"220 " + b"x" * 2000 + b"\r\n", "more than 1000 octets"),
        (b"250-x\r\n" * 21, "more than 20 lines"),
        (b"250-" + b"x" * 900 + b"\r\n" + (b"250-" + b"x" * 900 + b"\r\n") * 9, "more than 5000 octets"),
    ],
)
def test_what_is_no_reply(octets: bytes, why: str) -> None:
    with pytest.raises(BadReply, match=why):
        read(octets)


def test_half_a_reply_waits() -> None:
    into = reader()
    assert into.is_empty
    into.feed(b"250-one\r\n")
    assert into.next() is None
    assert not into.is_empty
    into.discard()
    assert into.is_empty
