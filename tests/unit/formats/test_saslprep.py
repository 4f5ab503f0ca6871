"""SASLprep by the examples of RFC 4013 3, and what it forbids."""

from __future__ import annotations

import pytest

from posthouse.formats.saslprep import saslprep


@pytest.mark.parametrize(
    ("text", "prepared"),
    [
        ("I\u00adX", "IX"),
        ("user", "user"),
        ("USER", "USER"),
        ("\u00aa", "a"),
        ("\u2168", "IX"),
        ("a\u3000b\u00a0c", "a b c"),
        ("\u0627\u0628", "\u0627\u0628"),
        ("bob\u2060@example.org", "bob@example.org"),
        ("\u00ad", ""),
        ("\U0001f600", "\U0001f600"),
    ],
)
def test_prepared(text: str, prepared: str) -> None:
    assert saslprep(text) == prepared


FORBIDDEN = "\x07 \x7f \u0080 \u2028 \ue000 \ufdd0 \ufffd \u2ff0 \u202e \u06271 \u0627a\u0628"


@pytest.mark.parametrize("text", [*FORBIDDEN.split(" "), "\ud800"])
def test_forbidden(text: str) -> None:
    with pytest.raises(ValueError, match=r"not allowed|mixed"):
        saslprep(text)
