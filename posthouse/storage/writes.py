"""Write ids: the answer of each write stands beside its effect for a while, so that a repeat gets it and has no effect.

An id is (client, sequence): a random number a worker chose at its start, and its count of writes. The answers that one
commit gives to a client stand in one record under the last of their sequences.
"""

from __future__ import annotations

import struct

import msgspec

from posthouse.storage.contract import ReadTransaction, WriteTransaction
from posthouse.storage.spaces import WRITE

_WHEN = struct.Struct(">Q")
_ENCODER = msgspec.msgpack.Encoder()
_ANSWERS = msgspec.msgpack.Decoder(dict[int, bytes])


def remember(txn: WriteTransaction, client: int, answers: dict[int, bytes], now: int) -> None:
    """Keep the answers of writes by their sequences, in the transaction of their effects."""
    txn.put(WRITE.key(client, max(answers)), _WHEN.pack(now) + _ENCODER.encode(answers))


def recall(txn: ReadTransaction, client: int, sequence: int) -> bytes | None:
    """The answer that was kept."""
    # behind the first may stand others: what was asked again is remembered with what came after it
    for _, value in txn.scan(WRITE.key(client, sequence), WRITE.range(client)[1]):
        answer = _ANSWERS.decode(memoryview(value)[_WHEN.size :]).get(sequence)
        if answer is not None:
            return answer
    return None


def forget(txn: WriteTransaction, client: int, start: int, end: int) -> None:
    """Drop the answers of sequences from `start` up to `end`: the client has them."""
    txn.delete_range(WRITE.key(client, start), WRITE.key(client, end))


def forget_old(txn: WriteTransaction, before: int) -> int:
    """Drop records of answers older than `before` (ms), of clients that never came back; how many."""
    start, end = WRITE.range()
    old = [key for key, value in txn.scan(start, end) if _WHEN.unpack_from(value)[0] < before]
    for key in old:
        txn.delete(key)
    return len(old)
