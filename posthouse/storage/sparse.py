"""Reading many keys of which most may be without a record."""

from __future__ import annotations

from itertools import islice

from posthouse.storage.contract import ReadTransaction


def get_sparse(txn: ReadTransaction, keys: list[bytes]) -> list[bytes | None]:
    """What stands under each key; where little stands between them it is looked for only once."""
    few = len(keys) // 4
    between = dict(islice(txn.scan(min(keys), max(keys) + b"\x00"), few + 1)) if keys else {}
    return txn.get_many(keys) if len(between) > few else [*map(between.get, keys)]
