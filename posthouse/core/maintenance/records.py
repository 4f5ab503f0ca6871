"""Records read one by one: one that cannot be read is said to be so, and the others are read all the same."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, TypeVar

import msgspec

from posthouse.storage.contract import ReadTransaction
from posthouse.storage.keys import Space

T = TypeVar("T")

UNREADABLE = (msgspec.MsgspecError, ValueError)  # text that is no UTF-8 is a ValueError


def scan_readable(txn: ReadTransaction, space: Space, kind: type[T], *values: Any) -> Iterator[tuple[Any, T | None]]:
    """(values of the key, record) of all keys that begin with `values`; None for a record that cannot be read."""
    decoder = msgspec.msgpack.Decoder(kind)
    for key, value in txn.scan(*space.range(*values)):
        try:
            record = decoder.decode(value)
        except UNREADABLE:
            record = None
        yield space.parse(key), record


def get_readable(txn: ReadTransaction, key: bytes, kind: type[T]) -> T | None:
    """The record; None when there is none or it cannot be read."""
    value = txn.get(key)
    if value is None:
        return None
    try:
        return msgspec.msgpack.decode(value, type=kind)
    except UNREADABLE:
        return None
