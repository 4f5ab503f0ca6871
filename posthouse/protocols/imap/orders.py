"""Large mailboxes as they were sorted and threaded last, for all sessions of a worker; RFC 5256 3.

A client that shows a sorted mailbox asks for the same order page after page. It is right as long as the same messages
are there, since nothing that is sorted or threaded by ever changes.
"""

from __future__ import annotations

from array import array
from collections import OrderedDict
from collections.abc import Hashable
from typing import TypeAlias

LEAST = 5_000  # messages of a mailbox whose order is worth keeping; fewer are sorted in some milliseconds


Order: TypeAlias = "array[int] | bytes"


class Orders:
    """Positions in order, or threads as they are shown, by mailbox and what was asked.

    The ones used last are kept, within so many octets.
    """

    def __init__(self) -> None:
        self._kept: OrderedDict[Hashable, tuple[array[int], Order]] = OrderedDict()
        self._octets = 0

    def get(self, key: Hashable, uids: array[int]) -> Order | None:
        """The order under a key of the messages with exactly these UIDs."""
        found = self._kept.get(key)
        if found is None or found[0] != uids:
            return None
        self._kept.move_to_end(key)
        return found[1]

    def earlier(self, key: Hashable, uids: array[int]) -> Order | None:
        """The order under a key of these messages without the last ones, from before those had come."""
        found = self._kept.get(key)
        if found is None or len(found[0]) >= len(uids) or found[0] != uids[: len(found[0])]:
            return None
        return found[1]

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
    return sum(memoryview(part).nbytes for part in entry)
