"""Requests read from octets: the same however they are cut, refused where two readers could differ."""

from __future__ import annotations

import random
import secrets

import pytest

from posthouse.webdav.http.parsing import (
    CHUNK_LINE_OCTETS,
    HEAD_OCTETS,
    TRAILER_OCTETS,
    BadRequest,
    End,
    Head,
    Parser,
)

STREAM = (
    b"\r\nGET /a HTTP/1.1\r\nHost: x\r\nA: 1\r\na:\t2 \r\n\r\n"
    b"PUT /b HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nab\r\nc"
    b"\r\nPUT /c HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: Chunked\r\n\r\n"
    b"3;x=y\r\nabc\r\n00a\r\n0123456789\r\n0\r\nTrailer: x\r\n\r\n"
    b"HEAD * HTTP/1.0\r\n\r\n"
)
HEAD = b"PUT /a HTTP/1.1\r\nHost: x\r\n"
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"


def read(parser: Parser, octets: bytes) -> list[Head | bytes | End]:
    """All that is told once these have come."""
    parser.receive(octets)
    told = []
    while (event := parser.next()) is not None:
        told.append(event)
    return told


def joined(events: list[Head | bytes | End]) -> list[Head | bytes | End]:
    """The same with the pieces of a body as one."""
    whole: list[Head | bytes | End] = []
    for event in events:
        if isinstance(event, bytes) and whole and isinstance(whole[-1], bytes):
            whole[-1] += event
        else:
            whole.append(event)
    return whole


def test_several_requests() -> None:
    assert joined(read(Parser(), STREAM)) == [
        Head(b"GET", b"/a", b"HTTP/1.1", {"host": "x", "a": "1, 2"}, 1, 0),
        Head(b"PUT", b"/b", b"HTTP/1.1", {"host": "x", "content-length": "5"}, 1, 5),
        b"ab\r\nc",
        End.OF_BODY,
        Head(b"PUT", b"/c", b"HTTP/1.1", {"host": "x", "transfer-encoding": "Chunked"}, 1, None),
        b"abc0123456789",
        End.OF_BODY,
        Head(b"HEAD", b"*", b"HTTP/1.0", {}, 0, 0),
    ]


def test_however_it_is_cut() -> None:
    seed = secrets.randbits(32)
    print("seed", seed)
    chance = random.Random(seed)
    whole = joined(read(Parser(), STREAM))
    for _ in range(300):
        parser, told, at = Parser(), [], 0
        while at < len(STREAM):
            stop = at + chance.choice((1, 1, 2, 3, 7, 40))
            told += read(parser, STREAM[at:stop])
            at = stop
        assert joined(told) == whole
        assert parser.waiting == 0


def test_whatever_comes_is_refused_or_read() -> None:
    seed = secrets.randbits(32)
    print("seed", seed)
    chance = random.Random(seed)
    for _ in range(2000):
        octets = bytearray(STREAM)
        for _ in range(chance.randint(1, 4)):
            octets[chance.randrange(len(octets))] = chance.choice(b"\r\n \t:;0a\x00\xff")
        try:
            read(Parser(), bytes(octets))
        except BadRequest:
            continue


@pytest.mark.parametrize(
    "octets",
    [
        b"GET  /a HTTP/1.1\r\n\r\n",
        b"GET /a b HTTP/1.1\r\n\r\n",
        b"GET /a HTTP/2.0\r\n\r\n",
        b"G(T /a HTTP/1.1\r\n\r\n",
        b"\r\n\r\nGET /a HTTP/1.1\r\n\r\n",
        HEAD + b"A: b\r\n c\r\n\r\n",  # folded
        HEAD + b": b\r\n\r\n",
        HEAD + b"A\t: b\r\n\r\n",
        HEAD + b"A: b\nC: d\r\n\r\n",
        HEAD + b"A: b\rC: d\r\n\r\n",
        HEAD + b"Content-Length: 0x3\r\n\r\n",
        HEAD + b"Content-Length: 3,3\r\n\r\n",
        HEAD + b"Content-Length:\r\n\r\n",
        HEAD + b"Content-Length: \xb2\r\n\r\n",  # a digit in Unicode only
        HEAD + b"Content-Length: 1000000000000000000\r\n\r\n",
        HEAD + b"Transfer-Encoding: identity\r\n\r\n",
        HEAD + b"Transfer-Encoding: gzip, chunked\r\n\r\n",
        b"PUT /a HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n",
        HEAD + b"A: " + b"b" * HEAD_OCTETS,
        HEAD + b"A: " + b"b" * HEAD_OCTETS + b"\r\n\r\n",
        CHUNKED + b"\r\n",
        CHUNKED + b"g\r\n",
        CHUNKED + b"3 \r\nabc\r\n",
        CHUNKED + b"0x3\r\nabc\r\n",
        CHUNKED + b"3\nabc\r\n",
        CHUNKED + b"3\r\nabcd\r\n",
        CHUNKED + b"1" * 16 + b"\r\n",
        CHUNKED + b"3;" + b"x" * CHUNK_LINE_OCTETS,
        CHUNKED + b"0\r\n" + b"T: x\r\n" * (TRAILER_OCTETS // 6 + 1),
    ],
)
def test_what_two_readers_could_take_in_two_ways(octets: bytes) -> None:
    with pytest.raises(BadRequest):
        read(Parser(), octets)


def test_a_body_is_not_gathered() -> None:
    parser = Parser()
    assert read(parser, HEAD + b"Content-Length: 300000\r\n\r\nab")[1:] == [b"ab"]
    piece = bytes(200_000)
    assert read(parser, piece)[0] is piece
    assert parser.waiting == 0
