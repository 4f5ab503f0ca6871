"""Reading a set of messages in batches that neither hold the reactor for long nor ask for one message at a time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from posthouse.core.mail.messages import Row, rows, some_rows
from posthouse.protocols.imap.view import View
from posthouse.storage.ranges import Range

_SIDE_BY_SIDE = 16  # so many in a row are read as a range, fewer by their UIDs


def batches(positions: list[Range], size: int) -> Iterable[Sequence[int]]:
    """The positions in batches of at most `size`, in their order: each a range, or several beside each other."""
    if len(positions) == 1 and positions[0][1] - positions[0][0] <= size:
        return [range(*positions[0])]
    return _batches(positions, size)


async def read_rows(view: View, batch: Sequence[int], columns: int) -> list[Row]:
    """The batch's messages that are still there."""
    uids = await view.uids()
    if isinstance(batch, range) and len(batch) >= _SIDE_BY_SIDE:
        first, last = uids[batch[0]], uids[batch[-1]]
        return await view.store.read(rows, view.account, view.mailbox, first, last, len(batch), columns)
    return await view.store.read(some_rows, view.account, view.mailbox, [uids[at] for at in batch], columns)


def _batches(positions: list[Range], size: int) -> Iterator[Sequence[int]]:
    scattered: list[int] = []
    for start, stop in positions:
        if stop - start < _SIDE_BY_SIDE:
            for at in range(start, stop):
                scattered.append(at)
                if len(scattered) == size:
                    yield scattered
                    scattered = []
            continue
        if scattered:
            yield scattered
            scattered = []
        for at in range(start, stop, size):
            yield range(at, min(at + size, stop))
    if scattered:
        yield scattered
