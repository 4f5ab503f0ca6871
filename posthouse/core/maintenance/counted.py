"""What the items of one collection add up to."""

from __future__ import annotations

from array import array

import msgspec

from posthouse.storage.items import Item


class Counted(msgspec.Struct):
    """Counters as the items say; `uids` is an array("I"), `recent` (uid, modseq) that the log has."""

    exists: int = 0
    unseen: int = 0
    deleted: int = 0
    size: int = 0
    keywords: int = 0
    modseq: int = 0
    uids: array[int] = msgspec.field(default_factory=lambda: array("I"))
    recent: list[tuple[int, int]] = []

    @property
    def last_uid(self) -> int:
        """The highest UID, 0 without any."""
        return self.uids[-1] if self.uids else 0

    def add(self, uid: int, item: Item, log_from: int) -> None:
        """Count what every kind of item has."""
        self.exists += 1
        self.size += item.size
        self.keywords |= item.keywords
        self.modseq = max(self.modseq, item.modseq)
        self.uids.append(uid)
        if item.modseq > log_from:
            self.recent.append((uid, item.modseq))
