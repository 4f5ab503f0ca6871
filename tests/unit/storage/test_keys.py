"""Keys sort as their values do, say them again, and are whole or called prefixes."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from posthouse.storage.keys import Field, Space

NUMBERS = Space(1, "numbers", Field.U32, Field.U64)
NAMES = Space(2, "names", Field.U32, Field.TEXT)
TEXTS = Space(3, "texts", Field.TEXT, Field.U32, Field.TEXT)
ONE = Space(4, "one")

u32 = st.integers(0, 2**32 - 1)
u64 = st.integers(0, 2**64 - 1)
text = st.text(st.characters(exclude_categories=["Cs"]) | st.just("\x00"))


@given(st.lists(st.tuples(u32, u64)))
def test_numbers(values: list[tuple[int, int]]) -> None:
    agree(NUMBERS, values)


@given(st.lists(st.tuples(u32, text)))
def test_a_name_behind_a_number(values: list[tuple[int, str]]) -> None:
    agree(NAMES, values)


@given(st.lists(st.tuples(text, u32, text)))
def test_texts(values: list[tuple[str, int, str]]) -> None:
    agree(TEXTS, values)


def agree(space: Space, values: list[tuple[int, int]] | list[tuple[int, str]] | list[tuple[str, int, str]]) -> None:
    keys = [space.key(*each) for each in values]
    assert [space.parse(key) for key in keys] == values
    ordered = [tuple(part.encode() if isinstance(part, str) else part for part in space.parse(k)) for k in sorted(keys)]
    assert ordered == sorted(ordered)
    for each, key in zip(values, keys, strict=True):
        for count in range(len(each)):
            start, end = space.range(*each[:count])
            assert key.startswith(space.prefix(*each[:count]))
            assert start <= key < end


def test_a_key_is_whole() -> None:
    assert ONE.key() == ONE.prefix() == b"\x04"
    with pytest.raises(struct.error):
        NUMBERS.key(1)
    with pytest.raises((struct.error, TypeError, AttributeError)):
        NAMES.key(1)
    with pytest.raises(ValueError, match="shorter"):
        TEXTS.key("a", 1)
