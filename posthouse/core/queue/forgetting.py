"""The end of what is kept of mail that was sent: a job does it."""

from __future__ import annotations

from itertools import islice

from posthouse.core.queue.records import read_message
from posthouse.storage.contract import WriteTransaction, operation
from posthouse.storage.spaces import QUEUED, QUEUED_RECIPIENT


@operation
def purge_finished(txn: WriteTransaction, before: int, after: int, limit: int) -> int | None:
    """Forget what became of messages below `before` whose recipients all have it or never will.

    Looks at up to `limit` above `after`; the last that was looked at, None when there are no more.
    """
    scan = txn.scan(QUEUED.key(after + 1), QUEUED.key(before))
    numbers = [QUEUED.parse(key)[0] for key, _ in islice(scan, limit)]
    messages = ((number, read_message(txn, number)) for number in numbers)
    finished = [number for number, message in messages if message is not None and not message.open]
    for number in finished:
        txn.delete_range(*QUEUED_RECIPIENT.range(number))
        txn.delete(QUEUED.key(number))
    return numbers[-1] if len(numbers) >= limit else None
