"""Large mailboxes as they were sorted and threaded last, for all sessions of a worker; RFC 5256 3.

A client that shows a sorted mailbox asks for the same order page after page, and again when a message has come. What
is sorted or threaded by never changes: so an order is right for the messages it was made of, and is brought up to date
with those that came and went.
"""

from __future__ import annotations

from array import array
from collections import OrderedDict
from collections.abc import Hashable
from typing import Protocol

LEAST = 5_000  # messages of a mailbox whose order is worth keeping; fewer are sorted in some milliseconds
_STEP = 256


class Order(Protocol):
    """What is kept of a mailbox."""

    @property
    def octets(self) -> int:
        """How much memory it takes."""


class Orders:
    """Orders with the UIDs of the messages they were made of, by mailbox and what was asked.

    The ones used last are kept, within so many octets.
    """

    def __init__(self) -> None:
        self._kept: OrderedDict[Hashable, tuple[array[int], Order]] = OrderedDict()
        self._octets = 0

    def get(self, key: Hashable) -> tuple[array[int], Order] | None:
        """The UIDs of which it was made, and the order, under a key; neither is to be changed."""
        found = self._kept.get(key)
        if found is not None:
            self._kept.move_to_end(key)
        return found

    def keep(self, key: Hashable, uids: array[int], order: Order, limit: int) -> None:
        """Remember an order, and forget others for it where all would be more than `limit` octets."""
        self._forget(key)
        entry = array("I", uids), order
        if _octets(entry) > limit:
            return
        self._kept[key] = entry
        self._octets += _octets(entry)
        while self._octets > limit:
            self._forget(next(iter(self._kept)))

    def _forget(self, key: Hashable) -> None:
        entry = self._kept.pop(key, None)
        if entry is not None:
            self._octets -= _octets(entry)


def _octets(entry: tuple[array[int], Order]) -> int:
    uids, order = entry
    return len(uids) * uids.itemsize + order.octets


def changed(before: array[int], after: array[int], most: int) -> tuple[list[int], list[int]] | None:
    """What went and what came between two lists of ascending UIDs: positions in `before`, and in `after`.

    None where that is more than `most` messages.
    """
    gone: list[int] = []
    came: list[int] = []
    at = to = 0
    while len(gone) + len(came) <= most:
        alike = _alike(before, at, after, to)
        at, to = at + alike, to + alike
        if at == len(before) and to == len(after):
            return gone, came
        if to == len(after) or (at < len(before) and before[at] < after[to]):
            gone.append(at)
            at += 1
        else:
            came.append(to)
            to += 1
    return None


def _alike(one: array[int], at: int, other: array[int], to: int) -> int:
    """How many from there on are equal: compared in runs that grow while they are, and shrink where they are not."""
    count, step, grows = 0, _STEP, True
    most = min(len(one) - at, len(other) - to)
    while count < most and step:
        end = min(count + step, most)
        if one[at + count : at + end] == other[to + count : to + end]:
            count = end
            step = step * 2 if grows else step
        else:
            grows = False
            step = (end - count) // 2
    return count
