"""Write ids: the answer of each write stands beside its effect for a while, so that a repeat gets it and has no effect.

An id is (client, sequence): a random number a worker chose at its start, and its count of writes.
"""

from __future__ import annotations

import struct

from posthouse.storage.contract import ReadTransaction, WriteTransaction
from posthouse.storage.spaces import WRITE

_WHEN = struct.Struct(">Q")


def remember(txn: WriteTransaction, client: int, sequence: int, answer: bytes, now: int) -> None:
    """Keep the answer of a write, in the transaction of its effect."""
    txn.put(WRITE.key(client, sequence), _WHEN.pack(now) + answer)


def recall(txn: ReadTransaction, client: int, sequence: int) -> bytes | None:
    """The answer that was kept."""
    value = txn.get(WRITE.key(client, sequence))
    return None if value is None else value[_WHEN.size :]


def forget(txn: WriteTransaction, client: int, start: int, end: int) -> None:
    """Drop the answers of sequences from `start` up to `end`: the client has them."""
    if end - start > 64:
        txn.delete_range(WRITE.key(client, start), WRITE.key(client, end))
        return
    for sequence in range(start, end):
        txn.delete(WRITE.key(client, sequence))


def forget_old(txn: WriteTransaction, before: int) -> int:
    """Drop answers older than `before` (ms), of clients that never came back; how many."""
    start, end = WRITE.range()
    old = [key for key, value in txn.scan(start, end) if _WHEN.unpack_from(value)[0] < before]
    for key in old:
        txn.delete(key)
    return len(old)
