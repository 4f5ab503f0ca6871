"""Numbers that stand side by side in octets, read at once: keys are big-endian, records little-endian."""

from __future__ import annotations

import sys
from array import array

_IS_BIG = sys.byteorder == "big"


def from_little_endian(code: str, octets: bytes) -> array[int]:
    """The numbers, each as wide as an `array` of that type code has them."""
    numbers: array[int] = array(code, octets)
    if _IS_BIG:
        numbers.byteswap()
    return numbers


def from_big_endian(code: str, octets: bytes) -> array[int]:
    """Likewise."""
    numbers: array[int] = array(code, octets)
    if not _IS_BIG:
        numbers.byteswap()
    return numbers
