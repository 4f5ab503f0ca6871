"""Digests in the store: one for each facet of a block of UIDs. They are made of records that never change.

So one is right as long as it is there, but for messages that went meanwhile: who reads it knows which are left.
"""

from __future__ import annotations

from posthouse.storage.collections import read_collection
from posthouse.storage.contract import ReadTransaction, WriteTransaction, operation, query
from posthouse.storage.spaces import DIGEST

BLOCK_BITS = 8  # UIDs of one block: fewer make more to read, more leave more in the last one, which has no digest yet


@query
def read_digests(
    txn: ReadTransaction, account: int, mailbox: int, blocks: list[int], facets: list[int]
) -> list[list[bytes | None]]:
    """For each block the octets of its facets, None for one that is not there."""
    return [txn.get_many([DIGEST.key(account, mailbox, facet, block) for facet in facets]) for block in blocks]


@query
def stored_blocks(txn: ReadTransaction, account: int, mailbox: int, facet: int) -> list[int]:
    """The blocks that have a digest."""
    return [DIGEST.parse(key)[3] for key, _ in txn.scan(*DIGEST.range(account, mailbox, facet))]


@operation
def write_digests(txn: WriteTransaction, account: int, mailbox: int, block: int, facets: dict[int, bytes]) -> None:
    """Keep a block's digests, unless the mailbox is gone."""
    if read_collection(txn, account, mailbox) is not None:
        for facet, octets in facets.items():
            txn.put(DIGEST.key(account, mailbox, facet, block), octets)


@operation
def drop_digests(txn: WriteTransaction, account: int, mailbox: int, blocks: list[int], facets: list[int]) -> None:
    """Forget those of some blocks."""
    for block in blocks:
        for facet in facets:
            txn.delete(DIGEST.key(account, mailbox, facet, block))


def forget_digests(txn: WriteTransaction, account: int, *mailbox: int) -> None:
    """Forget all of a mailbox, or of the whole account; they are made anew when they are needed."""
    txn.delete_range(*DIGEST.range(account, *mailbox))
