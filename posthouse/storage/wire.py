"""Frames between workers and the store process: a 32-bit big-endian length, then msgpack.

A request is (sequence, answered, again, operation, arguments): `answered` says that all requests below it have their
answers, `again` that this one was sent before over a connection that was lost. The first frame of a connection is the
client's number. An answer is (kind, sequence, body); a notice is (NOTICE, 0, topics).
"""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from typing import Any, TypeVar

import msgspec

from posthouse.storage.contract import (
    OPERATION_PACKAGES,
    Operation,
    OperationFailed,
    Refused,
    StoreFull,
    StoreUnavailable,
)

R = TypeVar("R")

RESULT, REFUSED, FAILED, UNAVAILABLE, FULL, NOTICE = range(6)


class Request(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """One operation to run."""

    sequence: int
    answered: int
    again: bool
    operation: str
    arguments: bytes


class Answer(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """What became of it; `body` is the encoded result, refusal, words or topics."""

    kind: int
    sequence: int
    body: bytes


class FrameTooLong(ValueError):
    """The peer announced a frame beyond the limit."""


ENCODER = msgspec.msgpack.Encoder()
REQUEST = msgspec.msgpack.Decoder(Request)
ANSWER = msgspec.msgpack.Decoder(Answer)
TOPICS = msgspec.msgpack.Decoder(list[str])
_REFUSAL = msgspec.msgpack.Decoder(tuple[str, list[Any]])


def frame(body: bytes) -> bytes:
    """The body behind its length."""
    return len(body).to_bytes(4, "big") + body


class Frames:
    """Cuts a byte stream into frames."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._buffer = bytearray()

    def feed(self, octets: bytes) -> Iterator[bytes]:
        """The frames that are whole now; raises FrameTooLong."""
        buffer = self._buffer
        buffer += octets
        at = 0
        while len(buffer) - at >= 4:
            length = int.from_bytes(buffer[at : at + 4], "big")
            if length > self._limit:
                raise FrameTooLong(length)
            if len(buffer) - at - 4 < length:
                break
            yield bytes(buffer[at + 4 : at + 4 + length])
            at += 4 + length
        if at:
            del buffer[:at]


def result_of(operation: Operation[Any, Any, R], answer: Answer) -> R:
    """What the caller of `operation` gets of its answer; raises what that says instead."""
    if answer.kind == RESULT:
        return operation.decode_result(answer.body)
    if answer.kind == REFUSED:
        try:
            refusal = decode_refusal(answer.body)
        except (LookupError, ImportError, TypeError) as error:
            raise OperationFailed(f"{operation.name} refused with what cannot travel: {error}") from error
        raise refusal
    if answer.kind == FAILED:
        raise OperationFailed(answer.body.decode())
    kind = StoreFull if answer.kind == FULL else StoreUnavailable
    raise kind(answer.body.decode(errors="replace"))


def encode_refusal(refusal: Refused) -> bytes:
    """A refusal by its class and arguments."""
    kind = type(refusal)
    return ENCODER.encode((f"{kind.__module__}:{kind.__qualname__}", refusal.args))


def decode_refusal(body: bytes) -> Refused:
    """The refusal again; raises LookupError when its class is none of ours."""
    name, args = _REFUSAL.decode(body)
    module, _, attribute = name.partition(":")
    if module.split(".")[0] in OPERATION_PACKAGES:
        kind = getattr(importlib.import_module(module), attribute, None)
        if isinstance(kind, type) and issubclass(kind, Refused):
            return kind(*args)
    raise LookupError(name)
