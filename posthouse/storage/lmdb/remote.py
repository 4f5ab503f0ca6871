"""A worker's store: reads the memory map in place, sends writes to the store process and asks again when it lost it."""

from __future__ import annotations

import asyncio
import secrets
from pathlib import Path
from typing import Any, ParamSpec, TypeVar, cast

import lmdb
import msgspec
import structlog

from posthouse.storage.contract import (
    Operation,
    OperationFailed,
    Publisher,
    ReadTransaction,
    StoreUnavailable,
    WriteTransaction,
)
from posthouse.storage.lmdb.copies import StoreFigures, copy_environment, figures
from posthouse.storage.lmdb.readers import Reader, open_for_reading
from posthouse.storage.settings import StoreSettings
from posthouse.storage.wire import (
    ANSWER,
    ENCODER,
    NOTICE,
    TOPICS,
    Answer,
    Frames,
    Request,
    frame,
    result_of,
)

P = ParamSpec("P")
R = TypeVar("R")

log = structlog.get_logger()

FIRST_PAUSE_SECONDS = 0.02
LONGEST_PAUSE_SECONDS = 0.5
FRAME_MARGIN_OCTETS = 4096  # what a request holds beside its arguments is smaller


class Unanswered(msgspec.Struct):
    """A write that was asked for; sent again over a new connection until its deadline, when there is none by then.

    What a store process has got may take effect at any time: its outcome is waited for while that process lives.
    """

    operation: str
    arguments: bytes
    deadline: float
    answer: asyncio.Future[Answer]
    is_sent: bool = False


class RemoteStore:
    """The store of one worker."""

    def __init__(self, directory: Path, socket_path: Path, settings: StoreSettings, bus: Publisher | None) -> None:
        self._loop = asyncio.get_running_loop()  # kept, since to ask for it takes a system call
        self._directory = directory
        self._socket_path = socket_path
        self._settings = settings
        self._bus = bus
        self._client = secrets.randbits(63)
        self._sequence = 0
        self._unanswered: dict[int, Unanswered] = {}
        self._connection: _Connection | None = None
        self._closed = False
        self._reconnecting: asyncio.Task[None] | None = None
        self._sweep: asyncio.TimerHandle | None = None
        self._reader: Reader | None = None
        self._environment: Any = None

    @classmethod
    async def connect(
        cls, directory: Path, socket_path: Path, settings: StoreSettings, bus: Publisher | None = None
    ) -> RemoteStore:
        """Connect to a store process; raises StoreUnavailable when none answers in time."""
        store = cls(directory, socket_path, settings, bus)
        store._reconnecting = store._loop.create_task(store._reconnect())
        try:
            await asyncio.wait_for(asyncio.shield(store._reconnecting), settings.answer_seconds)
        except TimeoutError:
            store.close()
            raise StoreUnavailable("the store process does not answer") from None
        return store

    async def write(self, operation: Operation[WriteTransaction, P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        if self._closed:
            raise StoreUnavailable("closed")
        arguments = operation.encode_arguments(args)
        if len(arguments) > self._settings.frame_octets - FRAME_MARGIN_OCTETS:
            raise OperationFailed(f"{operation.name}: {len(arguments)} octets of arguments do not fit a frame")
        self._sequence += 1
        sequence = self._sequence
        pending = Unanswered(
            operation.name,
            arguments,
            self._loop.time() + self._settings.answer_seconds,
            self._loop.create_future(),
        )
        self._unanswered[sequence] = pending
        if self._connection is not None:
            pending.is_sent = True
            self._connection.send(self._frame(sequence, pending, again=False))
        if self._sweep is None:
            self._sweep = self._loop.call_later(1.0, self._give_up)
        return result_of(operation, await pending.answer)

    async def read(self, query: Operation[ReadTransaction, P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        return (self._reader or self._open_for_reading()).run(query, args)

    async def copy_to(self, target: Path) -> None:
        """Write a consistent copy of the store to the new folder `target`; raises OSError, lmdb.Error."""
        self._open_for_reading()
        await self._loop.run_in_executor(None, copy_environment, self._environment, target)

    def figures(self) -> StoreFigures:
        """How large the store is."""
        self._open_for_reading()
        return figures(self._environment)

    def close(self) -> None:
        """Close; writes that wait for an answer hear StoreUnavailable."""
        self._closed = True
        if self._reconnecting is not None:
            self._reconnecting.cancel()
        if self._connection is not None:
            self._connection.close()
        if self._sweep is not None:
            self._sweep.cancel()
            self._sweep = None
        for pending in self._unanswered.values():
            if not pending.answer.done():
                pending.answer.set_exception(StoreUnavailable("closed"))
        self._unanswered.clear()
        if self._reader is not None:
            self._environment.close()
            self._reader = None

    # What the connection tells

    def took(self, connection: _Connection) -> None:
        """A connection stands: say who we are, and ask again what has no answer."""
        self._connection = connection
        frames = [frame(self._client.to_bytes(8, "big"))]
        frames += [self._frame(sequence, pending, again=True) for sequence, pending in self._unanswered.items()]
        connection.send(b"".join(frames))
        for pending in self._unanswered.values():
            pending.is_sent = True

    def answered(self, answer: Answer) -> None:
        """An answer or a notice came."""
        if answer.kind == NOTICE:
            if self._bus is not None:
                for topic in TOPICS.decode(answer.body):
                    self._bus.publish(topic)
            return
        pending = self._unanswered.pop(answer.sequence, None)
        if pending is not None and not pending.answer.done():
            pending.answer.set_result(answer)

    def lost(self, connection: _Connection) -> None:
        """The connection is gone."""
        if self._connection is connection:
            self._connection = None
            # what may have taken effect is asked for as long as its answer is surely remembered
            seconds = max(self._settings.answer_seconds, self._settings.remember_seconds / 2)
            deadline = self._loop.time() + seconds
            for pending in self._unanswered.values():
                if pending.is_sent:
                    pending.deadline = deadline
            if not self._closed:
                self._reconnecting = self._loop.create_task(self._reconnect())

    def _frame(self, sequence: int, pending: Unanswered, *, again: bool) -> bytes:
        # sequences are asked in order, so the first that is unanswered is the lowest
        answered = next(iter(self._unanswered), sequence)
        return frame(ENCODER.encode(Request(sequence, answered, again, pending.operation, pending.arguments)))

    async def _reconnect(self) -> None:
        pause = FIRST_PAUSE_SECONDS
        while not self._closed:
            try:
                await self._loop.create_unix_connection(
                    lambda: _Connection(self, self._settings.frame_octets), str(self._socket_path)
                )
            except OSError:
                await asyncio.sleep(pause)
                pause = min(pause * 2, LONGEST_PAUSE_SECONDS)
            else:
                return

    def _give_up(self) -> None:
        # what no store process has got in time is never asked for again, and had no effect
        now = self._loop.time()
        for sequence, pending in list(self._unanswered.items()) if self._connection is None else ():
            if pending.deadline > now:
                continue
            del self._unanswered[sequence]
            if not pending.answer.done():
                pending.answer.set_exception(StoreUnavailable("the store process does not answer"))
        self._sweep = self._loop.call_later(1.0, self._give_up) if self._unanswered else None

    def _open_for_reading(self) -> Reader:
        if self._reader is None:
            if self._closed:
                raise StoreUnavailable("closed")
            try:
                self._environment = open_for_reading(self._directory, self._settings)
            except lmdb.Error as error:
                raise StoreUnavailable(str(error)) from error
            self._reader = Reader(self._environment)
        return self._reader


class _Connection(asyncio.Protocol):
    def __init__(self, store: RemoteStore, limit: int) -> None:
        self._store = store
        self._frames = Frames(limit)
        self._transport: asyncio.Transport | None = None
        self._outgoing: list[bytes] = []
        self._loop = asyncio.get_running_loop()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's are no subclass
        self._store.took(self)

    def data_received(self, data: bytes) -> None:
        for body in self._frames.feed(data):
            self._store.answered(ANSWER.decode(body))

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None
        self._store.lost(self)

    def send(self, octets: bytes) -> None:
        """Send it when this turn's requests are all there: one call into the kernel wakes the store once for all."""
        if not self._outgoing:
            self._loop.call_soon(self._flush)
        self._outgoing.append(octets)

    def _flush(self) -> None:
        octets = b"".join(self._outgoing)
        self._outgoing.clear()
        if octets and self._transport is not None:
            self._transport.write(octets)

    def close(self) -> None:
        self._flush()
        if self._transport is not None:
            self._transport.close()
