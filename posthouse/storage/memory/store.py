"""An engine without a disk: a dictionary, its keys in order, and a journal to undo what an operation refused."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, ParamSpec, TypeVar

from posthouse.storage.contract import (
    MAX_KEY_OCTETS,
    Operation,
    OperationFailed,
    Publisher,
    ReadTransaction,
    Refused,
    StoreUnavailable,
    WriteTransaction,
)

P = ParamSpec("P")
R = TypeVar("R")


class MemoryTransaction:
    """A transaction on the dictionary; `undo` takes back all that it did."""

    def __init__(self, values: dict[bytes, bytes], keys: list[bytes]) -> None:
        self._values = values
        self._keys = keys
        self._journal: list[tuple[bytes, bytes | None]] = []
        self.topics: dict[str, None] = {}

    def get(self, key: bytes) -> bytes | None:
        return self._values.get(key)

    def get_many(self, keys: Sequence[bytes]) -> list[bytes | None]:
        return [self._values.get(key) for key in keys]

    def scan(self, start: bytes, end: bytes, *, reverse: bool = False) -> Iterator[tuple[bytes, bytes]]:
        first, last = bisect_left(self._keys, start), bisect_left(self._keys, end)
        for at in range(last - 1, first - 1, -1) if reverse else range(first, last):
            key = self._keys[at]
            yield key, self._values[key]

    def values(self, start: bytes, end: bytes, limit: int) -> list[bytes]:
        first, last = bisect_left(self._keys, start), bisect_left(self._keys, end)
        return [self._values[key] for key in self._keys[first : min(last, first + max(0, limit))]]

    def put(self, key: bytes, value: bytes) -> None:
        if not 0 < len(key) <= MAX_KEY_OCTETS:
            raise ValueError(f"a key of {len(key)} octets")
        held = self._values.get(key)
        self._journal.append((key, held))
        if held is None:
            insort(self._keys, key)
        self._values[key] = value

    def put_many(self, entries: Iterable[tuple[bytes, bytes]]) -> None:
        for key, value in entries:
            self.put(key, value)

    def delete(self, key: bytes) -> bool:
        held = self._values.pop(key, None)
        if held is None:
            return False
        self._journal.append((key, held))
        del self._keys[bisect_left(self._keys, key)]
        return True

    def delete_range(self, start: bytes, end: bytes) -> int:
        first, last = bisect_left(self._keys, start), bisect_left(self._keys, end)
        for key in self._keys[first:last]:
            self._journal.append((key, self._values.pop(key)))
        del self._keys[first:last]
        return last - first

    def announce(self, topic: str) -> None:
        self.topics[topic] = None

    def undo(self) -> None:
        """Take everything back."""
        while self._journal:
            key, held = self._journal.pop()
            if held is None:
                del self._values[key]
                del self._keys[bisect_left(self._keys, key)]
                continue
            if key not in self._values:
                insort(self._keys, key)
            self._values[key] = held


class MemoryStore:
    """Runs operations at once, in the caller's process."""

    def __init__(self, bus: Publisher | None = None) -> None:
        self._values: dict[bytes, bytes] = {}
        self._keys: list[bytes] = []
        self._bus = bus

    async def write(self, operation: Operation[WriteTransaction, P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        txn = MemoryTransaction(self._values, self._keys)
        try:
            result = operation(txn, *args, **kwargs)
        except (Refused, StoreUnavailable):
            txn.undo()
            raise
        except Exception as error:
            txn.undo()
            raise OperationFailed(operation.name) from error
        if self._bus is not None:
            for topic in txn.topics:
                self._bus.publish(topic)
        return result

    async def read(self, query: Operation[ReadTransaction, P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        reading: Any = MemoryTransaction(self._values, self._keys)
        return query(reading, *args, **kwargs)
