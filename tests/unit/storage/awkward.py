"""A store that does to its callers all that a remote one may: every operation runs twice and the first is discarded,
reads go over a socket, answers come late, and now and then the connection drops between the commit and the answer.
"""

from __future__ import annotations

import asyncio
import random
from pathlib import Path
from typing import Any

from posthouse.storage import writes
from posthouse.storage.contract import Operation, Publisher, Refused, find_operation
from posthouse.storage.lmdb.remote import RemoteStore
from posthouse.storage.memory.store import MemoryTransaction
from posthouse.storage.settings import StoreSettings
from posthouse.storage.wire import (
    ENCODER,
    FAILED,
    NOTICE,
    REFUSED,
    REQUEST,
    RESULT,
    Answer,
    Frames,
    encode_refusal,
    frame,
)

LIMIT = 1 << 28


class AwkwardServer:
    """The map and the ways in which it is awkward; `drops` counts lost answers."""

    def __init__(self, seed: int) -> None:
        self.values: dict[bytes, bytes] = {}
        self.keys: list[bytes] = []
        self.chance = random.Random(seed)
        self.clients: list[AwkwardClient] = []
        self.drops = 0
        self.until_drop = self.chance.randint(1, 5)

    def run(self, client: int, request: Any) -> tuple[Answer, list[str]]:
        """What the store process does, twice."""
        operation = find_operation(request.operation)
        txn = MemoryTransaction(self.values, self.keys)
        if request.again:
            remembered = writes.recall(txn, client, request.sequence)
            if remembered is not None:
                return Answer(RESULT, request.sequence, remembered), []
        try:
            operation(txn, *operation.decode_arguments(request.arguments))
            txn.undo()
            txn = MemoryTransaction(self.values, self.keys)
            body = operation.encode_result(operation(txn, *operation.decode_arguments(request.arguments)))
            writes.remember(txn, client, {request.sequence: body}, 0)
        except Refused as refusal:
            txn.undo()
            return Answer(REFUSED, request.sequence, encode_refusal(refusal)), []
        except Exception:
            txn.undo()
            return Answer(FAILED, request.sequence, request.operation.encode()), []
        return Answer(RESULT, request.sequence, body), list(txn.topics)


class AwkwardClient(asyncio.Protocol):
    """One connection to the server."""

    def __init__(self, server: AwkwardServer) -> None:
        self.server = server
        self.frames = Frames(LIMIT)
        self.number: int | None = None
        self.transport: asyncio.Transport | None = None

    def connection_made(self, transport: Any) -> None:
        self.transport = transport
        self.server.clients.append(self)

    def connection_lost(self, exc: Exception | None) -> None:
        self.transport = None
        if self in self.server.clients:
            self.server.clients.remove(self)

    def data_received(self, data: bytes) -> None:
        for body in self.frames.feed(data):
            if self.number is None:
                self.number = int.from_bytes(body, "big")
            elif self.transport is not None:
                self.request(self.number, REQUEST.decode(body))

    def request(self, number: int, request: Any) -> None:
        answer, topics = self.server.run(number, request)
        self.server.until_drop -= 1
        if self.server.until_drop < 0:
            # ever more rarely: who has hundreds of requests in flight asks them all again each time
            self.server.drops += 1
            self.server.until_drop = self.server.chance.randint(1, 10 << self.server.drops)
            assert self.transport is not None
            self.transport.abort()
            self.transport = None
            return
        octets = frame(ENCODER.encode(answer))
        notice = frame(ENCODER.encode(Answer(NOTICE, 0, ENCODER.encode(topics)))) if topics else b""
        asyncio.get_running_loop().call_later(self.server.chance.uniform(0, 0.001), self.send, octets + notice)

    def send(self, octets: bytes) -> None:
        if self.transport is not None:
            self.transport.write(octets)


class AwkwardStore(RemoteStore):
    """The worker's own client, but reads are asked for like writes."""

    server: AwkwardServer
    listener: asyncio.Server

    @classmethod
    async def start(cls, directory: Path, seed: int, bus: Publisher | None = None) -> AwkwardStore:
        """A new, empty store."""
        server = AwkwardServer(seed)
        path = directory / "awkward.sock"
        listener = await asyncio.get_running_loop().create_unix_server(lambda: AwkwardClient(server), str(path))
        store = await cls.connect(directory, path, StoreSettings(), bus)
        assert isinstance(store, AwkwardStore)
        store.server, store.listener = server, listener
        return store

    async def read(self, query: Operation[Any, Any, Any], *args: Any, **kwargs: Any) -> Any:
        return await self.write(query, *args, **kwargs)

    def close(self) -> None:
        super().close()
        self.listener.close()
