"""As little as a server can do that has what it takes on the disk when it answers: no login, no tree, no quota.

Two processes as ours: one takes octets by HTTP, the other puts them into LMDB, with one synced commit for all that came
meanwhile. What this does is the most that a PUT here can come to.
"""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import struct
from pathlib import Path
from typing import Any, NoReturn

import lmdb
import uvloop

from tests.postfix import free_port, wait_for_port

_HEAD = struct.Struct(">QI")  # number, octets behind it
_NUMBER = struct.Struct(">Q")
_LENGTH = b"Content-Length: "
_ANSWER = b"HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n"


class Bare:
    """Keeps what is put there, and forgets under what name."""

    name = "bare, synced"
    base = ""

    def __init__(self, directory: Path) -> None:
        directory.mkdir()
        self.port = free_port()
        self._directory = directory
        self._processes: list[int] = []

    def start(self) -> None:
        """Return when it serves."""
        front, store = socket.socketpair()
        with front, store:
            self._fork(_store(store, self._directory / "store"))
            self._fork(_front(self.port, front))
        wait_for_port(self.port)

    def stop(self) -> None:
        """End both processes."""
        for process in self._processes:
            os.kill(process, signal.SIGKILL)
            os.waitpid(process, 0)

    def _fork(self, work: Any) -> None:
        process = os.fork()
        if process == 0:
            _live(work)
        work.close()
        self._processes.append(process)


def _live(work: Any) -> NoReturn:
    try:
        uvloop.run(work)
    finally:
        os._exit(1)


async def _front(port: int, line: socket.socket) -> None:
    loop = asyncio.get_running_loop()
    _, store = await loop.create_unix_connection(_ToStore, sock=line)
    await loop.create_server(lambda: _Taking(store), "127.0.0.1", port)
    await asyncio.Event().wait()


class _ToStore(asyncio.Protocol):
    def __init__(self) -> None:
        self._waiting: dict[int, Any] = {}
        self._outgoing: list[bytes] = []
        self._number = 0
        self._answers = b""

    def connection_made(self, transport: Any) -> None:
        self._transport = transport

    def keep(self, octets: bytes, client: Any) -> None:
        """Tell the client when they are kept; what comes in one turn goes in one piece."""
        self._number += 1
        self._waiting[self._number] = client
        if not self._outgoing:
            asyncio.get_running_loop().call_soon(self._flush)
        self._outgoing += [_HEAD.pack(self._number, len(octets)), octets]

    def data_received(self, data: bytes) -> None:
        self._answers += data
        whole = len(self._answers) // _NUMBER.size * _NUMBER.size
        for (number,) in _NUMBER.iter_unpack(self._answers[:whole]):
            client = self._waiting.pop(number)
            if not client.is_closing():
                client.write(_ANSWER)
        self._answers = self._answers[whole:]

    def _flush(self) -> None:
        self._transport.write(b"".join(self._outgoing))
        self._outgoing.clear()


class _Taking(asyncio.Protocol):
    def __init__(self, store: _ToStore) -> None:
        self._store = store
        self._buffer = b""

    def connection_made(self, transport: Any) -> None:
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        while (end := self._buffer.find(b"\r\n\r\n")) >= 0:
            at = self._buffer.index(_LENGTH) + len(_LENGTH)
            last = end + 4 + int(self._buffer[at : self._buffer.index(b"\r", at)])
            if len(self._buffer) < last:
                return
            self._store.keep(self._buffer[end + 4 : last], self._transport)
            self._buffer = self._buffer[last:]


async def _store(line: socket.socket, directory: Path) -> None:
    environment = lmdb.open(str(directory), map_size=1 << 36)
    await asyncio.get_running_loop().create_unix_connection(lambda: _Keeping(environment), sock=line)
    await asyncio.Event().wait()


class _Keeping(asyncio.Protocol):
    def __init__(self, environment: Any) -> None:
        self._environment = environment
        self._buffer = b""
        self._pending: list[tuple[bytes, bytes]] = []

    def connection_made(self, transport: Any) -> None:
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        at = 0
        while len(self._buffer) - at >= _HEAD.size:
            _, length = _HEAD.unpack_from(self._buffer, at)
            first = at + _HEAD.size
            if len(self._buffer) - first < length:
                break
            if not self._pending:
                asyncio.get_running_loop().call_soon(self._commit)
            self._pending.append((self._buffer[at : at + _NUMBER.size], self._buffer[first : first + length]))
            at = first + length
        self._buffer = self._buffer[at:]

    def _commit(self) -> None:
        with self._environment.begin(write=True) as transaction:
            for number, octets in self._pending:
                transaction.put(number, octets)
        self._transport.write(b"".join([number for number, _ in self._pending]))
        self._pending.clear()
