"""The index's own store: operations of the one process that writes it, queries of all that read it."""

from __future__ import annotations

import struct
import time
from itertools import islice

import msgspec

from posthouse.core.search.contract import ASK_MESSAGE, HOLDS, HOLDS_NOT
from posthouse.core.search.records import IndexState, TextReader
from posthouse.storage.contract import ENCODER, ReadTransaction, WriteTransaction, operation, query
from posthouse.storage.spaces import SEARCH_PROGRESS, SEARCH_STATE, SEARCH_TEXT

_STATE = msgspec.msgpack.Decoder(IndexState)
_NUMBER = struct.Struct("<I")


class Step(msgspec.Struct, array_like=True):
    """What one commit of the index did: texts by (account, message), how far accounts are, what went."""

    texts: list[tuple[int, int, bytes]] = []
    progress: dict[int, int] = {}
    gone: list[tuple[int, int]] = []
    accounts_gone: list[int] = []


class Held(msgspec.Struct, array_like=True, frozen=True):
    """Of the first messages asked for, one answer each, as the contract has them."""

    answers: bytes


@query
def read_state(txn: ReadTransaction) -> IndexState | None:
    """What the index is; None before its first commit."""
    value = txn.get(SEARCH_STATE.key())
    return None if value is None else _STATE.decode(value)


@query
def read_standing(txn: ReadTransaction, account: int) -> tuple[IndexState | None, int]:
    """The state, and the number up to which the account's messages are in the index; in one snapshot."""
    value = txn.get(SEARCH_PROGRESS.key(account))
    return read_state(txn), 0 if value is None else _NUMBER.unpack(value)[0]


@query
def all_progress(txn: ReadTransaction) -> dict[int, int]:
    """How far each account is that has been looked at."""
    return {
        SEARCH_PROGRESS.parse(key)[0]: _NUMBER.unpack(value)[0] for key, value in txn.scan(*SEARCH_PROGRESS.range())
    }


@query
def kept_messages(txn: ReadTransaction, account: int, after: int, limit: int) -> list[int]:
    """The numbers above `after` of messages whose text is kept."""
    start, end = SEARCH_TEXT.key(account, after + 1), SEARCH_TEXT.range(account)[1]
    return [int.from_bytes(key[-4:], "big") for key, _ in islice(txn.scan(start, end), limit)]


@query
def holding(
    txn: ReadTransaction, account: int, needle: bytes, in_header: bool, messages: list[int], seconds: float
) -> Held:
    """Which of these messages hold the text, as many as are looked into in so long, at least one."""
    reader = TextReader()
    until = time.monotonic() + seconds
    answers = bytearray()
    for message in messages:
        value = txn.get(SEARCH_TEXT.key(account, message))
        try:
            found = None if value is None else reader.holds(value, needle, in_header=in_header)
        except ValueError:
            found = None  # damaged: the message itself is asked
        answers.append(ASK_MESSAGE if found is None else HOLDS if found else HOLDS_NOT)
        if time.monotonic() > until:
            break
    return Held(bytes(answers))


@operation
def take_step(txn: WriteTransaction, state: IndexState, step: Step) -> None:
    """Keep in step with the index's commit."""
    for account in step.accounts_gone:
        txn.delete_range(*SEARCH_TEXT.range(account))
        txn.delete(SEARCH_PROGRESS.key(account))
    for account, message in step.gone:
        txn.delete(SEARCH_TEXT.key(account, message))
    for account, message, text in step.texts:
        txn.put(SEARCH_TEXT.key(account, message), text)
    for account, upto in step.progress.items():
        txn.put(SEARCH_PROGRESS.key(account), _NUMBER.pack(upto))
    txn.put(SEARCH_STATE.key(), ENCODER.encode(state))


@operation
def clear(txn: WriteTransaction) -> None:
    """Forget everything."""
    for space in (SEARCH_STATE, SEARCH_PROGRESS, SEARCH_TEXT):
        txn.delete_range(*space.range())
