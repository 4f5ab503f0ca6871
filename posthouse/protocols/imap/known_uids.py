"""UIDs of large mailboxes that sessions of this worker have lately numbered: so the next session need not read them.

A mailbox's entry is as it was at one modseq; what happened since, the change log says. It may be dropped at any time.
"""

from __future__ import annotations

from array import array

LEAST_MESSAGES = 1000  # smaller mailboxes are read as fast
MOST_UIDS = 2_000_000  # of all mailboxes, four octets each


class KnownUids:
    """The mailboxes looked at last, so many UIDs in all; `least` is how many messages make one worth it."""

    __slots__ = ("_count", "_held", "_least", "_most")

    def __init__(self, most: int = MOST_UIDS, least: int = LEAST_MESSAGES) -> None:
        self._held: dict[tuple[int, int], tuple[int, array[int]]] = {}  # the one looked at last stands at the end
        self._count = 0
        self._most = most
        self._least = least

    def put(self, account: int, mailbox: int, modseq: int, uids: array[int]) -> None:
        """Keep a copy of the ascending UIDs that were there at `modseq`."""
        if not self._least <= len(uids) <= self._most:
            return
        old = self._held.pop((account, mailbox), None)
        if old is not None:
            self._count -= len(old[1])
        self._held[account, mailbox] = (modseq, uids if old is not None and uids is old[1] else uids[:])
        self._count += len(uids)
        while self._count > self._most:
            _, dropped = self._held.pop(next(iter(self._held)))
            self._count -= len(dropped)

    def get(self, account: int, mailbox: int) -> tuple[int, array[int]] | None:
        """(modseq, UIDs), not to be changed; None when nothing is kept."""
        found = self._held.pop((account, mailbox), None)
        if found is not None:
            self._held[account, mailbox] = found
        return found
