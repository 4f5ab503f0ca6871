"""Headers with UTF-8 as clients see them that know ASCII only; RFC 6858."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from posthouse.formats.mime.surrogate import MOST_OCTETS, Surrogate
from tests.effort import takes_time_by_size

INVALID = b"<invalid@internationalized-address.invalid>"


def whole(message: bytes, size: int = 1 << 20) -> bytes:
    surrogate = Surrogate()
    pieces = [surrogate.take(message[at : at + size]) for at in range(0, len(message), size)]
    return b"".join([*pieces, surrogate.end()])


@pytest.mark.parametrize(
    ("field", "shown"),
    [
        ("Subject: plain", b"Subject: plain\r\n"),
        ("Subject: Grüße", b"Subject: =?utf-8?b?R3LDvMOfZQ==?=\r\n"),
        # what is sent to an address that is not ASCII must not reach anybody else (2.1)
        ("From: jörg@example.org", b"From: =?utf-8?b?asO2cmdAZXhhbXBsZS5vcmc=?=\r\n " + INVALID + b"\r\n"),
        (
            "To: Jörg <joerg@example.org>, ann@example.org",
            b"To: =?utf-8?b?SsO2cmc=?= <joerg@example.org>,\r\n ann@example.org\r\n",
        ),
        (
            'Cc: "Doe, Ann" <ann@example.org>,\r\n Bo <bo@exämple.org>',
            b'Cc: "Doe, Ann" <ann@example.org>,\r\n Bo ' + INVALID + b"\r\n",
        ),
        ("Reply-To: Gäste: ann@example.org;", b"Reply-To: =?utf-8?b?R8Okc3Rl?=: ann@example.org;\r\n"),
        ("Content-Type: text/plain; name=grün.txt; charset=utf-8", b"Content-Type: text/plain; charset=utf-8\r\n"),
        (
            'Content-Disposition: attachment;\r\n filename="ü;.pdf"; size=1',
            b"Content-Disposition: attachment; size=1\r\n",
        ),
        ("X-Whatever: ü", b""),
        ("Received: from ü\r\n by mail.example.org", b""),
        ("Message-ID: <1@exämple.org>", b""),
    ],
)
def test_a_field(field: str, shown: bytes) -> None:
    message = f"Date: Mon, 1 Jan 2024 00:00:00 +0000\r\n{field}\r\n\r\nGrüße\r\n".encode()
    for size in (1, 7, 4096):
        assert whole(message, size) == b"Date: Mon, 1 Jan 2024 00:00:00 +0000\r\n" + shown + "\r\nGrüße\r\n".encode()


def test_what_is_ascii_stays_as_it_is() -> None:
    message = "Subject:  odd \r\n\tfolds\r\nnonsense\r\n\r\nGrüße\r\n".encode()
    assert whole(message) == whole(message, 3) == message
    assert whole(b"Subject: no body") == b"Subject: no body"
    assert whole(b"") == b""


def test_a_header_in_small_pieces_takes_time_by_its_size() -> None:
    field = "X-Grün: ".encode() + b"x" * 60 + b"\r\n"

    def hold(fields: int) -> None:
        surrogate = Surrogate()
        for _ in range(fields):
            surrogate.take(field)

    assert takes_time_by_size(hold, 350)


@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
def test_the_end_of_the_header_is_seen_however_it_is_cut(end: bytes) -> None:
    octets = "Subject: ü".encode() + end + end + "ü".encode()
    for first in range(len(octets)):
        for second in range(first, len(octets)):
            surrogate = Surrogate()
            pieces = octets[:first], octets[first:second], octets[second:]
            assert b"".join(map(surrogate.take, pieces)) == whole(octets)
    assert whole(end + "ü".encode()) == end + "ü".encode()


def test_a_header_that_never_ends_is_not_kept() -> None:
    surrogate = Surrogate()
    field = "X-Grün: ".encode() + b"x" * 90 + b"\r\n"
    passed = 0
    for number in range(MOST_OCTETS * 3 // len(field)):
        passed += len(surrogate.take(field + b"Subject: %d\r\n" % number))
        assert surrogate.held <= MOST_OCTETS
    assert passed
    # nor is one field that has no end
    surrogate = Surrogate()
    for _ in range(20):
        assert surrogate.take("ä".encode() * (MOST_OCTETS // 4)) == b""
        assert surrogate.held <= MOST_OCTETS
    assert surrogate.take("ä\r\nSubject: ü\r\n\r\nü".encode()) == "Subject: =?utf-8?b?w7w=?=\r\n\r\nü".encode()


PARTS = [b"Subject: ", b"To: ", b"a@b.c", b"<", b">", b",", b'"', b"\xc3\xa4", b"\xff", b"\r\n", b" ", b":", b";", b"x"]


@given(st.lists(st.sampled_from(PARTS), max_size=40), st.integers(1, 9))
def test_no_header_leaves_with_8_bits(parts: list[bytes], size: int) -> None:
    message = b"".join(parts)
    shown = whole(message, size)
    assert shown == whole(message)
    header, _, _ = (b"\r\n" + shown).partition(b"\r\n\r\n")
    assert header.isascii()
