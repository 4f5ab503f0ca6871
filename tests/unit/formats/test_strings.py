"""Strings in IMAP responses."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from posthouse.formats.imap.strings import astring, nstring, string
from tests.unit.formats.lists import read_list


@pytest.mark.parametrize(
    ("octets", "expected"),
    [
        (b"", b'""'),
        (b"a b", b'"a b"'),
        (b'a"\\b', b'"a\\"\\\\b"'),
        (b"a\tb", b'"a\tb"'),
        (b"a\r\nb", b"{4}\r\na\r\nb"),
        (b"\xc3\xa4", b"{2}\r\n\xc3\xa4"),
        (b"a\x00b", b'"ab"'),
        (b"\x00\xff", b"{1}\r\n\xff"),
        (b"x" * 4096, b'"' + b"x" * 4096 + b'"'),
        (b"x" * 4097, b"{4097}\r\n" + b"x" * 4097),
    ],
)
def test_strings(octets: bytes, expected: bytes) -> None:
    assert string(octets) == expected
    assert nstring(octets) == expected


def test_nothing() -> None:
    assert nstring(None) == b"NIL"


@pytest.mark.parametrize(
    ("octets", "expected"),
    [
        (b"INBOX", b"INBOX"),
        (b"a]b", b'"a]b"'),
        (b"a b", b'"a b"'),
        (b"", b'""'),
        (b"nil", b'"nil"'),
        (b"a%", b'"a%"'),
        (b"\xe4", b"{1}\r\n\xe4"),
    ],
)
def test_astrings(octets: bytes, expected: bytes) -> None:
    assert astring(octets) == expected


@given(st.binary())
def test_any_octets_but_nul_come_back(octets: bytes) -> None:
    assert read_list(string(octets)) == octets.replace(b"\x00", b"")
