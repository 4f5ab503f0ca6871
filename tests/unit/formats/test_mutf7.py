"""Modified UTF-7: one spelling a name."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from posthouse.formats.imap.mutf7 import decode, encode


@pytest.mark.parametrize(
    ("text", "octets"),
    [
        ("INBOX", b"INBOX"),
        ("", b""),
        ("Tom & Jerry", b"Tom &- Jerry"),
        ("~peter/mail/台北/日本語", b"~peter/mail/&U,BTFw-/&ZeVnLIqe-"),  # RFC 3501 5.1.3
        ("Entwürfe", b"Entw&APw-rfe"),
        ("☺!", b"&Jjo-!"),
        ("\U0001f4e8", b"&2D3c6A-"),
        ("a\tb", b"a&AAk-b"),
    ],
)
def test_names(text: str, octets: bytes) -> None:
    assert encode(text) == octets
    assert decode(octets) == text


@pytest.mark.parametrize(
    "octets",
    [
        b"&Jjo!", b"&U,BTFw-&ZeVnLIqe-",  # RFC 3501 5.1.3
        b"&AGE-", b"&", b"a&b", b"&AOl", b"&AOk", b"&AOm-", b"&A-", b"&2D0-", b"&3D3YPQ-", b"\xc3\xa4",
        b"a\tb", b"&AOk=-", b"&AO/k-",
        b"&-&AGEA5A-",
    ],
)  # fmt: skip
def test_wrong_spellings(octets: bytes) -> None:
    with pytest.raises(ValueError, match="modified UTF-7"):
        decode(octets)


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_any_name_comes_back(text: str) -> None:
    octets = encode(text)
    assert all(0x20 <= octet <= 0x7E for octet in octets)
    assert decode(octets) == text


@given(st.binary() | st.text("&-AOkEé+,/", max_size=12).map(str.encode))
def test_octets_are_a_name_or_a_value_error(octets: bytes) -> None:
    try:
        text = decode(octets)
    except ValueError:
        return
    assert encode(text) == octets


def test_half_a_surrogate_pair_is_no_name() -> None:
    with pytest.raises(ValueError, match="surrogates"):
        encode("\ud800")
