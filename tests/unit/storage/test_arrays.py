"""Numbers in octets are the same on every machine."""

from __future__ import annotations

import pytest

from posthouse.storage import arrays

CODES = [("H", 2), ("I", 4), ("Q", 8)]


@pytest.mark.parametrize(("code", "octets"), CODES)
def test_they_are_read_in_their_order(code: str, octets: int) -> None:
    numbers = [0, 1, 258, (1 << 8 * octets) - 2]
    little = b"".join(number.to_bytes(octets, "little") for number in numbers)
    big = b"".join(number.to_bytes(octets, "big") for number in numbers)
    assert arrays.from_little_endian(code, little).tolist() == numbers
    assert arrays.from_big_endian(code, big).tolist() == numbers


def test_what_this_machine_swaps_the_others_leave(monkeypatch: pytest.MonkeyPatch) -> None:
    octets = bytes(range(16))
    little, big = arrays.from_little_endian("I", octets), arrays.from_big_endian("I", octets)
    monkeypatch.setattr(arrays, "_IS_BIG", not arrays._IS_BIG)
    assert (arrays.from_little_endian("I", octets), arrays.from_big_endian("I", octets)) == (big, little)
