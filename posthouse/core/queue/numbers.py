"""The number of a letter: it stands in its Received field, in the logs, in its trace and in the queue."""

from __future__ import annotations

import secrets

_RANDOM_BITS = 20


def new_number(now: int) -> int:
    """A number of 64 bits that sorts by time (`now` in ms)."""
    return now << _RANDOM_BITS | secrets.randbits(_RANDOM_BITS)


def first_number(now: int) -> int:
    """The least number of letters from `now` (ms) on."""
    return now << _RANDOM_BITS


def written(number: int) -> str:
    """As people see it: 16 hexadecimal digits."""
    return f"{number:016x}"


def read_number(text: str) -> int:
    """The number that people wrote; raises ValueError."""
    if len(text) != 16 or not text.isalnum():  # int() would take signs and underscores
        raise ValueError(text)
    return int(text, 16)
