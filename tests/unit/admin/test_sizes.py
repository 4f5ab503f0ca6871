"""Sizes as people write and read them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from posthouse.admin.sizes import BadSize, octets_of, size_text


@pytest.mark.parametrize(
    ("text", "octets"),
    [
        ("0", 0),
        ("500", 500),
        ("500 B", 500),
        ("500MB", 500_000_000),
        (" 1.5 gb ", 1_500_000_000),
        ("2 GiB", 2 << 30),
        ("1k", 1000),
        ("1KiB", 1024),
        ("none", None),
        ("None", None),
    ],
)
def test_octets(text: str, octets: int | None) -> None:
    assert octets_of(text) == octets


@pytest.mark.parametrize(
    "text", ["", "-1", "5x", "MB", "1e9", "1..5 MB", "5 MB!", "9" * 20, "99999999999 TB", "9007199254 GiB"]
)
def test_no_size(text: str) -> None:
    with pytest.raises(BadSize):
        octets_of(text)


@pytest.mark.parametrize(
    ("octets", "text"),
    [(0, "0 B"), (999, "999 B"), (1000, "1 kB"), (1_500_000_000, "1.5 GB"), (999_900, "1 MB"), (10**15, "1e+03 TB")],
)
def test_text(octets: int, text: str) -> None:
    assert size_text(octets) == text


@given(st.integers(0, 10**14))
def test_there_and_back_within_a_percent(octets: int) -> None:
    back = octets_of(size_text(octets))
    assert back is not None
    assert abs(back - octets) <= octets / 100
