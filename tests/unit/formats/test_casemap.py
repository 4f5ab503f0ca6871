"""i;unicode-casemap against its definition, character by character."""

from __future__ import annotations

import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from posthouse.formats.casemap import casemap


def by_definition(text: str) -> str:
    """RFC 5051 2, as slowly as it is written there."""
    titled = [one.title() if len(one.title()) == 1 else one for one in text]
    return unicodedata.normalize("NFKD", "".join(titled))


def test_every_character() -> None:
    for start in range(0, 0x110000, 0x800):
        for code in range(start, start + 0x800):
            if not 0xD800 <= code < 0xE000:
                assert casemap(chr(code)) == by_definition(chr(code)), hex(code)


@given(st.text(max_size=100))
def test_any_text(text: str) -> None:
    assert casemap(text) == by_definition(text)


def test_what_is_equal() -> None:
    assert casemap("Grüße") == casemap("GRÜßE") == casemap("gru\u0308ße")
    assert casemap("ＲＥ：") == "RE:"
    assert casemap("straße") != casemap("strasse")
