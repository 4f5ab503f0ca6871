"""The engine contract over an LMDB transaction."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any


class LmdbReading:
    """A transaction that reads."""

    __slots__ = ("_txn", "get")

    def __init__(self, txn: Any) -> None:
        self._txn = txn
        self.get = txn.get  # bound once: the hottest call there is

    def get_many(self, keys: Sequence[bytes]) -> list[bytes | None]:
        return list(map(self.get, keys))

    def scan(self, start: bytes, end: bytes, *, reverse: bool = False) -> Iterator[tuple[bytes, bytes]]:
        with self._txn.cursor() as cursor:
            if not reverse:
                if cursor.set_range(start):
                    for entry in cursor.iternext():
                        if entry[0] >= end:
                            return
                        yield entry
                return
            if cursor.set_range(end) and not cursor.prev():
                return
            if not cursor.key() and not cursor.last():
                return
            for entry in cursor.iterprev():
                if entry[0] < start:
                    return
                yield entry

    def values(self, start: bytes, end: bytes, limit: int) -> list[bytes]:
        if limit <= 0:
            return []
        with self._txn.cursor() as cursor:
            found = list(islice(cursor.iternext(keys=False), limit)) if cursor.set_range(start) else []
            # the cursor stands at the last of them, or nowhere when there were no more
            if len(found) == limit and cursor.key() < end:
                return found
        return [value for _, value in islice(self.scan(start, end), limit)]


class LmdbTransaction(LmdbReading):
    """A transaction that reads and writes; topics that were announced gather in `topics`."""

    __slots__ = ("delete", "put", "topics")

    def __init__(self, txn: Any, topics: dict[str, None]) -> None:
        super().__init__(txn)
        self.put = txn.put
        self.delete = txn.delete
        self.topics = topics

    def put_many(self, entries: Iterable[tuple[bytes, bytes]]) -> None:
        with self._txn.cursor() as cursor:
            cursor.putmulti(entries)

    def delete_range(self, start: bytes, end: bytes) -> int:
        count = 0
        with self._txn.cursor() as cursor:
            found = cursor.set_range(start)
            while found and cursor.key() < end:
                found = cursor.delete()
                count += 1
        return count

    def announce(self, topic: str) -> None:
        self.topics[topic] = None
