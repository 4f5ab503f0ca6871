"""The engine contract: an ordered key–value map with transactions, and the store that runs operations on it.

Domain code is written as *operations* (they change) and *queries* (they read): module-level, synchronous functions
whose first parameter is a transaction and whose other parameters and result are plain msgspec types, so that they
can travel to where the data is. `Operation.name` is enough to find one again; nothing is registered.
"""

from __future__ import annotations

import functools
import importlib
import inspect
import typing
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Concatenate, Generic, ParamSpec, Protocol, TypeVar

import msgspec

P = ParamSpec("P")
R = TypeVar("R")
MAX_KEY_OCTETS = 511  # LMDB's; every engine keeps to it

T = TypeVar("T", contravariant=True)


class Refused(Exception):
    """What an operation raises to say "this cannot be done": an expected outcome, and nothing of it stays.

    Subclasses travel between processes by class and `args`, so both must be enough to build one again.
    """


class StoreUnavailable(Exception):
    """The store cannot answer now (restarting, disk full); the caller may try later. Nothing was half done."""


class StoreFull(StoreUnavailable):
    """There is no room left on the disk, or the database may grow no further."""


class OperationFailed(StoreUnavailable):
    """An operation raised something it should not have: our fault. The store logged the traceback."""


class ReadTransaction(Protocol):
    """A consistent snapshot."""

    def get(self, key: bytes) -> bytes | None:
        """The value of `key`, None without one."""

    def get_many(self, keys: Sequence[bytes]) -> list[bytes | None]:
        """The values of `keys`, in their order."""

    def scan(self, start: bytes, end: bytes, *, reverse: bool = False) -> Iterator[tuple[bytes, bytes]]:
        """(key, value) pairs with start <= key < end, in key order, lazily; `reverse` from the last to the first.

        In a write transaction the map must not change between two steps of a scan.
        """

    def values(self, start: bytes, end: bytes, limit: int) -> list[bytes]:
        """The values of the first `limit` keys with start <= key < end, in key order: a scan in one call."""


class WriteTransaction(ReadTransaction, Protocol):
    """A snapshot that changes; all of it becomes durable, or none."""

    def put(self, key: bytes, value: bytes) -> None:
        """Set `key`, of 1 to MAX_KEY_OCTETS octets, to `value`; any other key makes the operation fail."""

    def put_many(self, entries: Iterable[tuple[bytes, bytes]]) -> None:
        """`put` each (key, value), in one call; what lies side by side costs least in key order."""

    def delete(self, key: bytes) -> bool:
        """Remove `key`; False when it was not there."""

    def delete_range(self, start: bytes, end: bytes) -> int:
        """Remove every key with start <= key < end; how many there were."""

    def announce(self, topic: str) -> None:
        """Tell the bus, once this is durable, that something under `topic` changed (docs: the store says what)."""


class Operation(Generic[T, P, R]):
    # A function that runs in a transaction, wherever that is. (Each has the docstring of its function, so the class
    # can have none beside the slot.)

    __slots__ = ("__doc__", "_arguments", "_result", "function", "name")

    def __init__(self, function: Callable[Concatenate[T, P], R]) -> None:
        self.function = function
        self.name = f"{function.__module__}:{function.__qualname__}"
        self.__doc__ = function.__doc__
        self._arguments: msgspec.msgpack.Decoder[Any] | None = None
        self._result: msgspec.msgpack.Decoder[Any] | None = None

    def __call__(self, txn: T, *args: P.args, **kwargs: P.kwargs) -> R:
        return self.function(txn, *args, **kwargs)

    def __repr__(self) -> str:
        return f"<operation {self.name}>"

    def encode_arguments(self, args: tuple[Any, ...]) -> bytes:
        """Positional arguments as bytes."""
        return ENCODER.encode(args)

    def decode_arguments(self, body: bytes) -> tuple[Any, ...]:
        """What `encode_arguments` wrote; raises msgspec.ValidationError when it does not fit the signature."""
        if self._arguments is None:
            hints = typing.get_type_hints(self.function)
            names = list(inspect.signature(self.function).parameters)[1:]
            self._arguments = msgspec.msgpack.Decoder(tuple.__class_getitem__(tuple(hints[n] for n in names)))
        return typing.cast("tuple[Any, ...]", self._arguments.decode(body))

    def encode_result(self, result: R) -> bytes:
        """The result as bytes."""
        return ENCODER.encode(result)

    def decode_result(self, body: bytes) -> R:
        """What `encode_result` wrote."""
        if self._result is None:
            self._result = msgspec.msgpack.Decoder(typing.get_type_hints(self.function)["return"])
        result: R = self._result.decode(body)
        return result


ENCODER = msgspec.msgpack.Encoder()


def operation(function: Callable[Concatenate[WriteTransaction, P], R]) -> Operation[WriteTransaction, P, R]:
    """Mark a function that changes the store; raise `Refused` in it to change nothing."""
    return Operation(function)


def query(function: Callable[Concatenate[ReadTransaction, P], R]) -> Operation[ReadTransaction, P, R]:
    """Mark a function that only reads."""
    return Operation(function)


@functools.cache  # names that are none of ours raise, and so are not kept
def find_operation(name: str) -> Operation[Any, Any, Any]:
    """The operation of that name; raises LookupError for anything that is not one of ours."""
    module_name, _, attribute = name.partition(":")
    if module_name.split(".")[0] not in OPERATION_PACKAGES:
        raise LookupError(name)
    found = getattr(importlib.import_module(module_name), attribute, None)
    if not isinstance(found, Operation):
        raise LookupError(name)
    return found


OPERATION_PACKAGES = frozenset({"posthouse", "tests"})


class Store(Protocol):
    """Runs operations and queries; every protocol's one way to the data."""

    async def write(self, operation: Operation[WriteTransaction, P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Run it all or nothing; DURABLE when this returns.

        Raises what the operation refuses with, or StoreUnavailable. Positional arguments only.
        """

    async def read(self, query: Operation[ReadTransaction, P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Run it on a consistent snapshot at least as new as this caller's last finished write."""


class Publisher(Protocol):
    """Whom a store tells what operations announced; the server's bus is one."""

    def publish(self, topic: str) -> None:
        """Something under `topic` changed; returns at once."""
