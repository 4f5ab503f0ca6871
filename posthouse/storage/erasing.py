"""Erasing what may be much, some records in a transaction."""

from __future__ import annotations

from itertools import islice

from posthouse.storage.contract import WriteTransaction


def delete_some(txn: WriteTransaction, start: bytes, end: bytes, limit: int) -> int:
    """Remove the first `limit` keys with start <= key < end; how many there were."""
    keys = [key for key, _ in islice(txn.scan(start, end), limit)]
    for key in keys:
        txn.delete(key)
    return len(keys)
