"""DKIM signatures: another implementation finds every one of them good, and none that was tampered with."""

from __future__ import annotations

import base64
import hashlib
import re
import tracemalloc

import dkim
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from posthouse.formats.dkim.body import BodyHash
from posthouse.formats.dkim.keys import ALGORITHMS, SigningKey, generate, load, txt_strings
from posthouse.formats.dkim.signature import sign

NOW = 1_790_000_000_000
KEYS = {algorithm: generate(algorithm) for algorithm in ALGORITHMS}
HEADER = (
    b"Received: from here\r\n\tby there\r\n"
    b"From: Ann <ann@example.org>\r\n"
    b"To: bob@example.net,\r\n\tcarl@example.com\r\n"
    b"Subject:  two  words\t \r\n"
    b"Date: Tue, 24 Nov 2026 02:27:46 +0100\r\n"
    b"Message-ID: <1@example.org>\r\n\r\n"
)
BODY = b"Dear Bob,\r\n\r\n  come  at\tten \r\n\r\n"


def hashed(body: bytes, *cuts: int) -> bytes:
    found = BodyHash()
    at = 0
    for cut in sorted(min(cut, len(body)) for cut in cuts):
        found.feed(body[at:cut])
        at = cut
    found.feed(body[at:])
    return found.digest()


def signed(header: bytes, body: bytes, key: SigningKey, *cuts: int) -> bytes:
    return sign(header, hashed(body, *cuts), key, "example.org", "s1", NOW) + header + body


def is_good(message: bytes, key: SigningKey) -> bool:
    def published(name: bytes, timeout: int = 5) -> bytes:
        assert name == b"s1._domainkey.example.org."
        return key.record().encode()

    return bool(dkim.verify(message, dnsfunc=published))


# What SMTP lets in: lines that end in CRLF, with neither of the two alone
lines = st.lists(
    st.one_of(
        st.sampled_from([b"", b"", b" ", b"\t ", b"a", b" a  b\t\tc ", b".", b"x" * 998]),
        st.binary(max_size=40).map(lambda line: line.replace(b"\r", b"").replace(b"\n", b"")),
    ),
    max_size=12,
)
bodies = lines.map(lambda found: b"".join(line + b"\r\n" for line in found))
names = st.sampled_from(
    [b"From", b"from", b"FROM", b"To", b"Subject", b"Date", b"Message-ID", b"MIME-Version", b"List-Id", b"X-Other"]
)
values = st.lists(
    st.sampled_from([b" ", b"\t", b"  \r\n ", b"\r\n\t", b"a", b"b c", b":", b";", b"\xc3\xa4"]), max_size=8
)
fields = st.tuples(names, values).map(lambda field: field[0] + b": x" + b"".join(field[1]) + b"y\r\n")
headers = st.lists(fields, max_size=10).map(lambda found: b"".join([b"From: ann@example.org\r\n", *found, b"\r\n"]))


@settings(max_examples=300)
@given(headers, bodies, st.lists(st.integers(0, 600), max_size=8), st.sampled_from(ALGORITHMS))
@example(HEADER, b"", [], "rsa-sha256")
@example(HEADER, b"\r\n\r\n", [1, 2, 3], "rsa-sha256")
@example(HEADER, b" \r\n\t\r\n", [1, 2, 3, 4], "ed25519-sha256")
def test_any_message_in_any_chunks_is_good(header: bytes, body: bytes, cuts: list[int], algorithm: str) -> None:
    key = KEYS[algorithm]
    assert is_good(signed(header, body, key, *cuts), key)


@given(st.binary(max_size=80), st.lists(st.integers(0, 80), max_size=8))
@example(b"a\r", [1])
@example(b"a \r\n", [2, 3])
@example(b"a\n\r\n\r\n", [2])
def test_chunks_make_no_difference(body: bytes, cuts: list[int]) -> None:
    assert hashed(body, *cuts) == hashed(body)


@pytest.mark.parametrize(
    ("body", "canonical"),
    [
        (b"", b""),  # RFC 6376 3.4.4
        (b"\r\n", b""),
        (b" C \r\nD \t E\r\n\r\n\r\n", b" C\r\nD E\r\n"),  # the example of 3.4.5
        (b"no end", b"no end\r\n"),
        (b"\r\n\r\na\r\n", b"\r\n\r\na\r\n"),
        (b"a \r", b"a \r\r\n"),  # a CR alone is text
    ],
)
def test_the_relaxed_body(body: bytes, canonical: bytes) -> None:
    assert hashed(body) == hashlib.sha256(canonical).digest()


@pytest.mark.parametrize("chunk", [b"\r\n", b" ", b"\r\n \t", b"text \r\n"])
def test_the_hash_holds_nothing_of_the_body(chunk: bytes) -> None:
    body = BodyHash()
    body.feed(chunk * 1000)
    tracemalloc.start()
    for _ in range(2000):
        body.feed(chunk * 1000)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    body.digest()
    assert peak < 100_000


@pytest.mark.parametrize("algorithm", ALGORITHMS)
@pytest.mark.parametrize(
    "change",
    [
        lambda message: message.replace(b"ten", b"one"),
        lambda message: message.replace(b"Subject:  two", b"Subject: too"),
        lambda message: message.replace(b"Received", b"From: eve@example.net\r\nReceived"),
        lambda message: message.replace(b"Received", b"Subject: another\r\nReceived"),
        lambda message: message.replace(b"Received", b"Cc: eve@example.net\r\nReceived"),
        lambda message: message.replace(b"Message-ID", b"Date: today\r\nMessage-ID"),
        lambda message: message + b"more\r\n",
    ],
)
def test_what_was_changed_or_added_breaks_it(algorithm: str, change: object) -> None:
    key = KEYS[algorithm]
    message = signed(HEADER, BODY, key)
    assert is_good(message, key)
    assert callable(change)
    assert not is_good(change(message), key)


@pytest.mark.parametrize(
    "change",
    [
        lambda message: b"Received: from\r\n\tthere\r\n" + message,
        lambda message: message.replace(b"two  words\t ", b"two\r\n\twords"),
        lambda message: message.replace(b"  come  at\tten ", b" come at\tten"),
        lambda message: message + b"\r\n",
    ],
)
def test_what_servers_do_on_the_way_does_not(change: object) -> None:
    key = KEYS["rsa-sha256"]
    assert callable(change)
    assert is_good(change(signed(HEADER, BODY, key)), key)


@pytest.mark.parametrize("algorithm", ALGORITHMS)
@pytest.mark.parametrize("domain", ["example.org", "a" * 60 + "." + "b" * 60 + ".example"])
@pytest.mark.parametrize("many", [1, 60])
def test_the_field_is_folded(algorithm: str, domain: str, many: int) -> None:
    header = b"From: ann@example.org\r\n" + b"To: bob@example.net\r\n" * many
    field = sign(header, hashed(BODY), KEYS[algorithm], domain, "s1", NOW)
    assert field.startswith(b"DKIM-Signature: v=1;")
    assert field.endswith(b"\r\n")
    lines = field[:-2].split(b"\r\n")
    assert all(line.startswith(b"\t") for line in lines[1:])
    longest = max(len(line) for line in lines if domain.encode() not in line)
    assert longest < 78


def test_keys_come_back_as_they_were_stored() -> None:
    for key in KEYS.values():
        again = load(key.octets())
        assert (again.algorithm, again.record()) == (key.algorithm, key.record())
    with pytest.raises(ValueError, match="deserialize"):
        load(b"nonsense")


def test_a_record_is_cut_into_strings_of_255_octets() -> None:
    record = KEYS["rsa-sha256"].record()
    assert record.startswith("v=DKIM1; k=rsa; p=")
    strings = re.findall(r'"([^"]*)"', txt_strings(record))
    assert [len(string) <= 255 for string in strings] == [True, True]
    assert "".join(strings) == record


def test_the_body_hash_of_rfc_8463() -> None:
    """RFC 8463 A.3: its message and `bh`."""
    body = b"Hi.\r\n\r\nWe lost the game.  Are you hungry yet?\r\n\r\nJoe.\r\n"
    assert base64.b64encode(hashed(body)) == b"2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8="
