"""Reading a set of messages in batches that neither hold the reactor for long nor ask for one message at a time."""

from __future__ import annotations

from array import array
from collections.abc import Iterator

import msgspec

from posthouse.core.mail.messages import Row, rows, some_rows
from posthouse.protocols.imap.view import View
from posthouse.storage.ranges import Range

_SIDE_BY_SIDE = 16  # so many in a row are read as a range, fewer by their UIDs


class Batch(msgspec.Struct, frozen=True, gc=False):
    """Some messages to read at once: a range of positions, or several positions beside each other."""

    start: int
    stop: int
    scattered: list[int] | None = None

    @property
    def count(self) -> int:
        """How many messages."""
        return self.stop - self.start if self.scattered is None else len(self.scattered)


def batches(positions: list[Range], size: int) -> Iterator[Batch]:
    """The positions in batches of at most `size` messages, in their order."""
    scattered: list[int] = []
    for start, stop in positions:
        if stop - start < _SIDE_BY_SIDE:
            for at in range(start, stop):
                scattered.append(at)
                if len(scattered) == size:
                    yield Batch(0, 0, scattered)
                    scattered = []
            continue
        if scattered:
            yield Batch(0, 0, scattered)
            scattered = []
        for at in range(start, stop, size):
            yield Batch(at, min(at + size, stop))
    if scattered:
        yield Batch(0, 0, scattered)


async def read_rows(view: View, batch: Batch, columns: int) -> list[Row]:
    """The batch's messages that are still there; `view.uids()` was awaited."""
    uids: array[int] = await view.uids()
    if batch.scattered is not None:
        wanted = [uids[at] for at in batch.scattered]
        return await view.store.read(some_rows, view.account, view.mailbox, wanted, columns)
    first, last = uids[batch.start], uids[batch.stop - 1]
    return await view.store.read(rows, view.account, view.mailbox, first, last, batch.count, columns)
