"""HTTP on sockets: who still sends when he is refused reads the answer, and not that the connection was reset."""

from __future__ import annotations

import asyncio
import socket
from functools import partial

from posthouse.server.settings import ListenerSettings
from posthouse.server.worker.door import Door
from posthouse.server.worker.metrics import Metrics
from posthouse.server.worker.transport import LoopTransport
from posthouse.webdav.http.answer import Answer
from posthouse.webdav.http.channel import UNWANTED_OCTETS
from posthouse.webdav.http.errors import HttpError
from posthouse.webdav.http.request import Request
from tests.unit.http.wire import site

LONG = 16 * UNWANTED_OCTETS


async def refuse(_request: Request) -> Answer:
    raise HttpError(409, "the folder is not there")


async def answer_to(octets: bytes) -> bytes:
    """All that comes back to a client that reads nothing before it has sent everything."""
    factory = site(refuse, "a")
    door = Door("http", factory, factory, ListenerSettings(port=0), Metrics())
    listening = socket.create_server(("127.0.0.1", 0))
    server = await asyncio.get_running_loop().create_server(partial(LoopTransport, door), sock=listening)

    def ask() -> bytes:
        with socket.create_connection(listening.getsockname()[:2], timeout=30) as client:
            client.sendall(octets)
            heard = b""
            while more := client.recv(65_536):
                heard += more
            return heard

    try:
        return await asyncio.to_thread(ask)
    finally:
        server.close()


async def test_a_long_body_that_is_refused() -> None:
    said = await answer_to(b"PUT /a HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % LONG + bytes(LONG))
    assert said.startswith(b"HTTP/1.1 409 ")
    assert said.endswith(b"the folder is not there\n")


async def test_what_is_no_request() -> None:
    said = await answer_to(b"PUT /a HTTP/1.1\r\nHost : x\r\n\r\n" + bytes(LONG))
    assert said.startswith(b"HTTP/1.1 400 ")
