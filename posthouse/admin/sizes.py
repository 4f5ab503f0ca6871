"""Sizes as people write them: "500 MB", "2 GB", "1.5GiB"; and as they like to read them."""

from __future__ import annotations

import re

from posthouse.storage.contract import Refused

_SIZE = re.compile(r"(?P<number>\d{1,15}(?:\.\d{1,6})?)\s*(?P<unit>[kmgt]?i?b?)", re.IGNORECASE)
_UNITS = "kmgt"
LARGEST = (1 << 63) - 1  # octets, and whatever else is counted


class BadSize(Refused):
    """args: the text, what is wrong with it."""


def octets_of(text: str) -> int | None:
    """Octets; units are powers of 1000, with an i of 1024. None for "none": no limit. Raises BadSize."""
    if text.strip().lower() == "none":
        return None
    found = _SIZE.fullmatch(text.strip())
    if found is None:
        raise BadSize(text, 'a size is written like "500 MB", "2 GiB" or "none"')
    unit = found["unit"].lower()
    power = _UNITS.find(unit[:1]) + 1 if unit[:1] in _UNITS and unit else 0
    octets = int(float(found["number"]) * (1024 if "i" in unit else 1000) ** power)
    if octets > LARGEST:
        raise BadSize(text, 'that is more than anything holds; without a limit it is "none"')
    return octets


def size_text(octets: int) -> str:
    """Short and readable, in powers of 1000."""
    if octets < 1000:
        return f"{octets} B"
    value = float(octets)
    for unit in _UNITS:
        value /= 1000
        if value < 999.5 or unit == _UNITS[-1]:
            break
    return f"{value:.3g} {unit if unit == 'k' else unit.upper()}B"
