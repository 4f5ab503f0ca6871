"""What a mailbox counts of its messages, by their flags."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from posthouse.core.mail.flags import DELETED, SEEN
from posthouse.storage.collections import CollectionRecord
from posthouse.storage.item_bytes import flags_of, size_of
from posthouse.storage.items import Item

_SEEN = bytes(flags for flags in range(256) if flags & SEEN)
_NOT_DELETED = bytes(flags for flags in range(256) if not flags & DELETED)


def unseen_in(flags: bytes) -> int:
    r"""How many messages are not \Seen; their flags are an octet each."""
    return len(flags.translate(None, _SEEN))


def deleted_in(flags: bytes) -> int:
    r"""How many are \Deleted."""
    return len(flags.translate(None, _NOT_DELETED))


def count(record: CollectionRecord, item: Item, by: int) -> None:
    """One message came (1) or went (-1)."""
    record.exists += by
    record.size += by * item.size
    if not item.flags & SEEN:
        record.unseen += by
    if item.flags & DELETED:
        record.deleted += by


class Tally(NamedTuple):
    """What is counted of some messages."""

    exists: int
    size: int
    unseen: int
    deleted: int


def tally(values: Sequence[bytes]) -> Tally:
    """Of messages that are given by their records."""
    flags = flags_of(values)
    return Tally(len(values), size_of(values), unseen_in(flags), deleted_in(flags))


def count_all(record: CollectionRecord, some: Tally, by: int) -> None:
    """So many messages came (1) or went (-1)."""
    record.exists += by * some.exists
    record.size += by * some.size
    record.unseen += by * some.unseen
    record.deleted += by * some.deleted
