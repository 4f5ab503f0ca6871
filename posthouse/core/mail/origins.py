"""Where copies come from: what is copied or moved to another account keeps the ids of its original; RFC 8474 5.

An id is made of an account and a number of it, first given there. Only what came from another account has an
`Origin`, for all else it is what it is; in an account not more than one message, or thread, has the same.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

import msgspec

from posthouse.storage.contract import ReadTransaction, WriteTransaction, query
from posthouse.storage.keys import Space
from posthouse.storage.spaces import COPIED_MESSAGE, COPIED_THREAD, MESSAGE_ORIGIN, THREAD_ORIGIN
from posthouse.storage.sparse import get_sparse


class Origin(msgspec.Struct, array_like=True, tag=1, frozen=True, gc=False):
    """A message or thread, by the account that numbered it."""

    account: int
    number: int


class Origins(msgspec.Struct, frozen=True):
    """Two spaces: whence things came, by account and number, and their numbers by account and whence they came."""

    of: Space
    copied: Space


MESSAGES = Origins(MESSAGE_ORIGIN, COPIED_MESSAGE)
THREADS = Origins(THREAD_ORIGIN, COPIED_THREAD)

_ENCODER = msgspec.msgpack.Encoder()
_ORIGIN = msgspec.msgpack.Decoder(Origin)
_ID = re.compile("([MT])(?:([1-9][0-9]{0,8})-)?([1-9][0-9]{0,8})")  # below the largest number of anything


def object_id(kind: bytes, origin: Origin, reader: int) -> bytes:
    """An OBJECTID (RFC 8474 3) as an account's user sees it: other accounts count from 1, too."""
    if origin.account == reader:
        return b"%b%d" % (kind, origin.number)
    return b"%b%d-%d" % (kind, origin.account, origin.number)


def parse_id(id_: str, kind: str, reader: int) -> Origin | None:
    """What an OBJECTID of a message ("M") or thread ("T") names to an account's user; None for none of ours."""
    match = _ID.fullmatch(id_)
    if match is None or match[1] != kind or match[2] == str(reader):
        return None
    return Origin(int(match[2] or reader), int(match[3]))


def origin_of(txn: ReadTransaction, origins: Origins, account: int, number: int) -> Origin:
    """Whence something came, or that it is of this account."""
    value = txn.get(origins.of.key(account, number))
    return Origin(account, number) if value is None else decode_origin(value)


def origins_of(txn: ReadTransaction, origins: Origins, account: int, some: Iterable[int]) -> dict[int, Origin]:
    """Whence those of many came that came from elsewhere; an account to which nothing came costs one look."""
    space = origins.of
    if next(iter(txn.scan(*space.range(account))), None) is None:
        return {}
    numbers = list(some)
    values = get_sparse(txn, space.keys(account, last=numbers))
    return {n: decode_origin(value) for n, value in zip(numbers, values, strict=True) if value is not None}


def number_of(txn: ReadTransaction, origins: Origins, account: int, origin: Origin) -> int | None:
    """The number here of what came from there; an account's own need not be there any more. None for what is not."""
    value = txn.get(origins.copied.key(account, origin.account, origin.number))
    if value is not None:
        return int.from_bytes(value, "little")
    if origin.account == account and txn.get(origins.of.key(account, origin.number)) is None:
        return origin.number
    return None


@query
def message_number(txn: ReadTransaction, account: int, origin: Origin) -> int | None:
    """`number_of` a message."""
    return number_of(txn, MESSAGES, account, origin)


def keep_origin(txn: WriteTransaction, origins: Origins, account: int, number: int, origin: Origin) -> None:
    """Note whence something new here came."""
    txn.put(origins.of.key(account, number), encode_origin(origin))
    txn.put(origins.copied.key(account, origin.account, origin.number), encode_number(number))


def forget_origin(txn: WriteTransaction, origins: Origins, account: int, number: int) -> None:
    """It is gone, whencever it came."""
    key = origins.of.key(account, number)
    value = txn.get(key)
    if value is None:
        return
    txn.delete(key)
    try:
        origin = decode_origin(value)
    except (msgspec.MsgspecError, ValueError):
        return  # a rebuild finds what leads to it
    txn.delete(origins.copied.key(account, origin.account, origin.number))


def forget_origins(txn: WriteTransaction, account: int) -> None:
    """Forget all of an account that is being erased; what was copied from there keeps its ids."""
    for origins in (MESSAGES, THREADS):
        forget_all(txn, origins, account)


def forget_all(txn: WriteTransaction, origins: Origins, account: int) -> None:
    """Forget all origins of one kind in an account."""
    txn.delete_range(*origins.of.range(account))
    txn.delete_range(*origins.copied.range(account))


def encode_origin(origin: Origin) -> bytes:
    """An `of` record."""
    return _ENCODER.encode(origin)


def decode_origin(value: bytes) -> Origin:
    """The same back."""
    return _ORIGIN.decode(value)


def encode_number(number: int) -> bytes:
    """A `copied` record."""
    return number.to_bytes(4, "little")
