"""What the indexer asks of the mail store: which history it is, which accounts have news, and their messages."""

from __future__ import annotations

from itertools import islice

import msgspec

from posthouse.core.mail.records import Header, decode_message
from posthouse.storage.blobs.records import BlobPlace, place
from posthouse.storage.collections import decode_sequence
from posthouse.storage.contract import ReadTransaction, WriteTransaction, operation, query
from posthouse.storage.spaces import MESSAGE, META, SEQUENCE
from posthouse.storage.topics import SEARCH_TOPIC

IDENTITY_OCTETS = 16
_IDENTITY = META.key("search identity")


class Unread(msgspec.Struct, array_like=True, frozen=True):
    """A message that is not in the index yet; None for what cannot be read of it."""

    message: int
    place: BlobPlace | None
    parts: bytes | None
    header: Header | None


class Reading(msgspec.Struct, array_like=True, frozen=True):
    """Some unread messages of an account in their order; with them it is read up to number `upto`, of `last`."""

    messages: list[Unread]
    upto: int
    last: int


@query
def read_identity(txn: ReadTransaction) -> bytes | None:
    """The history of this store that an index can belong to; None before the first."""
    return txn.get(_IDENTITY)


@operation
def ensure_identity(txn: WriteTransaction, identity: bytes) -> bytes:
    """The store's identity; `identity` when it had none."""
    found = txn.get(_IDENTITY)
    if found is None:
        txn.put(_IDENTITY, identity)
    return found or identity


@operation
def renew_identity(txn: WriteTransaction, identity: bytes) -> None:
    """Let the index of before be good for nothing: it is made anew."""
    txn.put(_IDENTITY, identity)
    txn.announce(SEARCH_TOPIC)


@query
def last_numbers(txn: ReadTransaction, after: int, limit: int) -> list[tuple[int, int]]:
    """(account, the last number it gave to a message) of accounts above `after`."""
    found = []
    for key, value in islice(txn.scan(SEQUENCE.key(after + 1), SEQUENCE.range()[1]), limit):
        found.append((SEQUENCE.parse(key)[0], _last_number(value)))
    return found


@query
def last_numbers_of(txn: ReadTransaction, accounts: list[int]) -> list[int]:
    """The last number that each of these accounts gave to a message."""
    return [_last_number(value) for value in txn.get_many([SEQUENCE.key(account) for account in accounts])]


@query
def unread(txn: ReadTransaction, account: int, after: int, limit: int, octets: int) -> Reading:
    """The next messages above number `after`: up to `limit`, and no more once their octets reach `octets`."""
    last = _last_number(txn.get(SEQUENCE.key(account)))
    found: list[Unread] = []
    size = 0
    for key, value in txn.scan(MESSAGE.key(account, after + 1), MESSAGE.range(account)[1]):
        if len(found) >= limit or size > octets:
            return Reading(found, found[-1].message, last)
        message = int.from_bytes(key[-4:], "big")
        found.append(_unread(txn, message, value))
        size += len(found[-1].place.inline or b"") if found[-1].place is not None else 0
    return Reading(found, last, last)


@query
def count_messages(txn: ReadTransaction, account: int, upto: int) -> int:
    """How many messages the account has up to that number."""
    return sum(1 for _ in txn.scan(MESSAGE.range(account)[0], MESSAGE.key(account, upto + 1)))


@query
def messages_there(txn: ReadTransaction, account: int, messages: list[int]) -> list[bool]:
    """Which of these the account still has."""
    return [value is not None for value in txn.get_many([MESSAGE.key(account, message) for message in messages])]


def _last_number(sequence: bytes | None) -> int:
    try:
        return 0 if sequence is None else decode_sequence(sequence).object
    except (msgspec.MsgspecError, ValueError):
        return 0  # for others to mend


def _unread(txn: ReadTransaction, message: int, value: bytes) -> Unread:
    try:
        record = decode_message(value)
        return Unread(message, place(txn, record.hash), record.parts or None, record.header)
    except (msgspec.MsgspecError, ValueError):
        return Unread(message, None, None, None)
