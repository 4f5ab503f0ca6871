"""Connections on the loop itself: order, pacing, closing, STARTTLS, as protocols expect of a transport."""

from __future__ import annotations

import asyncio
import hashlib
import socket
import ssl
import zlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from functools import partial
from typing import Any, cast

import pytest
from twisted.internet.protocol import Factory, Protocol

from posthouse.protocols.compression import CompressionSettings
from posthouse.protocols.connection import Connection
from posthouse.server.certificate import TlsContextFactory, make_self_signed
from posthouse.server.settings import ListenerSettings, TlsSettings
from posthouse.server.worker.door import Door
from posthouse.server.worker.metrics import Metrics
from posthouse.server.worker.tls import TlsFactory
from posthouse.server.worker.transport import LoopTransport
from tests.transcripts.runner import MemoryTransport

TLS = TlsContextFactory(make_self_signed(["localhost"], []), TlsSettings())


class Echo(Connection):
    """Says what it hears; "tls" begins TLS, "deflate" compression, "bye" closes behind 1 MB, "quit" behind nothing.

    "abort" breaks off, "much" sends 5 MB, "fault" raises.
    """

    closing_seconds = 0.1

    def opened(self) -> None:
        self.write(b"hello %s\n" % self.peer.host.encode())

    def received(self, octets: bytes) -> None:
        word = octets.strip()
        if word == b"tls":
            self.write(b"go\n")
            self.start_tls()
        elif word == b"deflate":
            self.write(b"go\n")
            self.start_compression(CompressionSettings())
        elif word == b"bye":
            self.write(b"x" * 1_000_000 + b"\n")
            self.close()
        elif word == b"quit":
            self.close()
        elif word == b"abort":
            self.abort()
        elif word == b"much":
            self.spawn(self.send_much())
        elif word == b"fault":
            raise ZeroDivisionError
        else:
            self.write(octets)

    async def send_much(self) -> None:
        for _ in range(50):
            self.write(b"y" * 100_000)
            await self.drain()
        self.write(b"\n")


@asynccontextmanager
async def served(*proxies: str, implicit_tls: bool = False) -> AsyncIterator[tuple[Door, int]]:
    """A door with echoes behind it, and its port."""

    class Echoes(Factory):
        def buildProtocol(self, addr: Any) -> Protocol:
            return Echo(TLS)

    factory = Echoes()
    settings = ListenerSettings(port=0, max_connections=2, proxies=proxies)
    outer = TlsFactory(cast(Any, TLS), False, factory) if implicit_tls else factory
    door = Door("echo", outer, factory, settings, Metrics())
    listening = socket.create_server(("127.0.0.1", 0))
    server = await asyncio.get_running_loop().create_server(partial(LoopTransport, door), sock=listening)
    try:
        yield door, listening.getsockname()[1]
    finally:
        server.close()


async def test_said_and_heard() -> None:
    async with served() as (door, port):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        assert await reader.readline() == b"hello 127.0.0.1\n"
        writer.write(b"one\n")
        assert await reader.readline() == b"one\n"
        writer.write(b"bye\n")
        assert len(await reader.read()) == 1_000_001, "all is sent before it closes"
        writer.close()
        await door.wait_empty()


async def test_one_that_sends_much_leaves_others_their_turns() -> None:
    turn = 0
    heard: list[int] = []  # in which turn of the loop
    lost = asyncio.Event()

    class Ear(Protocol):
        def dataReceived(self, data: bytes) -> None:
            heard.append(turn)
            hashlib.sha256(data).digest()  # as long as that takes more comes

        def connectionLost(self, reason: Any = None) -> None:
            lost.set()

    def tick() -> None:
        nonlocal turn
        turn += 1
        if not lost.is_set():
            asyncio.get_running_loop().call_soon(tick)

    factory = Factory.forProtocol(Ear)
    door = Door("ear", factory, factory, ListenerSettings(port=0, max_connections=2), Metrics())
    listening = socket.create_server(("127.0.0.1", 0))
    server = await asyncio.get_running_loop().create_server(partial(LoopTransport, door), sock=listening)
    tick()
    with socket.create_connection(listening.getsockname()) as peer:
        await asyncio.to_thread(peer.sendall, b"x" * 50_000_000)
    await lost.wait()
    server.close()
    assert len(heard) == len(set(heard)), "it was heard more than once in a turn"


async def test_who_goes_leaves_the_door() -> None:
    async with served() as (door, port):
        for _ in range(5):
            _, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.close()
            await writer.wait_closed()
            await door.wait_empty()


async def test_too_many_hear_nothing() -> None:
    async with served() as (_, port):
        kept = [await asyncio.open_connection("127.0.0.1", port) for _ in range(2)]
        for reader, _ in kept:
            await reader.readline()
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        with suppress(ConnectionResetError):
            assert await reader.read() == b""
        for _, each in [*kept, (reader, writer)]:
            each.close()


async def test_a_slow_reader_holds_up_the_writer() -> None:
    async with served() as (door, port):
        reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=4096)
        await reader.readline()
        writer.write(b"much\n")
        total = 0
        while (octets := await reader.read(10_000)) and not octets.endswith(b"\n"):
            total += len(octets)
        assert total + len(octets) == 5_000_001
        writer.close()
        await door.wait_empty()


async def test_tls_in_the_middle() -> None:
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    async with served() as (door, port):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        await reader.readline()
        writer.write(b"tls\n")
        assert await reader.readline() == b"go\n"
        await writer.start_tls(context)
        writer.write(b"secret\n")
        assert await reader.readline() == b"secret\n"
        writer.write(b"much\n")
        assert (await reader.readexactly(5_000_001)).endswith(b"y\n")
        writer.write(b"bye\n")
        assert len(await reader.read()) == 1_000_001
        writer.close()
        await door.wait_empty()


async def test_compressed_inside_tls() -> None:
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    deflater, inflater = zlib.compressobj(wbits=-15), zlib.decompressobj(-15)
    async with served() as (door, port):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        await reader.readline()
        writer.write(b"tls\n")
        assert await reader.readline() == b"go\n"
        await writer.start_tls(context)
        writer.write(b"deflate\n")
        assert await reader.readline() == b"go\n"
        for said, length in ((b"secret\n", 7), (b"much\n", 5_000_001), (b"bye\n", 1_000_001)):
            writer.write(deflater.compress(said) + deflater.flush(zlib.Z_SYNC_FLUSH))
            heard = b""
            while len(heard) < length:
                octets = await reader.read(65_536)
                assert octets, "what was written last is sent too"
                heard += inflater.decompress(octets)
            assert len(heard) == length
        assert await reader.read() == b""
        writer.close()
        await door.wait_empty()


async def test_a_peer_that_does_not_end_tls_is_cut() -> None:
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    async with served() as (door, port):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        await reader.readline()
        writer.write(b"tls\n")
        await reader.readline()
        await writer.start_tls(context)
        writer.transport.pause_reading()
        writer.write(b"bye\n")
        await asyncio.wait_for(door.wait_empty(), 30)
        writer.close()


@pytest.mark.parametrize("implicit_tls", [False, True])
async def test_a_peer_that_has_all_is_not_waited_for(monkeypatch: pytest.MonkeyPatch, implicit_tls: bool) -> None:
    monkeypatch.setattr("posthouse.server.worker.transport.FAREWELL_SECONDS", 0.05)
    monkeypatch.setattr(Echo, "closing_seconds", 3600.0)
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    async with served(implicit_tls=implicit_tls) as (door, port):
        reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=context if implicit_tls else None)
        await reader.readline()
        if not implicit_tls:
            writer.write(b"tls\n")
            await reader.readline()
            await writer.start_tls(context)
        writer.transport.pause_reading()
        writer.write(b"quit\n")
        await asyncio.wait_for(door.wait_empty(), 30)
        writer.close()


async def test_nothing_is_heard_behind_the_close() -> None:
    """TLS goes on reading until the peer ends it: what it still sends must not pile up in a session that is over."""
    heard: list[bytes] = []

    class Ear(Connection):
        def received(self, octets: bytes) -> None:
            heard.append(octets)
            self.close()

    class Lingering(MemoryTransport):
        def loseConnection(self) -> None:
            """Not before the peer ends TLS."""

    transport = Lingering()
    transport.begin(Ear())
    transport.send(b"QUIT")
    transport.send(b"and more")
    await transport.hang_up()
    assert heard == [b"QUIT"]


async def test_a_proxy_says_who_comes() -> None:
    async with served("192.0.2.0/24", "127.0.0.0/8") as (door, port):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"PROXY TCP4 198.51.100.9 ")
        await writer.drain()
        writer.write(b"192.0.2.1 4711 25\r\none\n")
        assert await reader.readline() == b"hello 198.51.100.9\n"
        assert await reader.readline() == b"one\n"
        writer.close()
        await door.wait_empty()


async def test_a_proxy_that_says_nothing_sensible_is_cut() -> None:
    async with served("127.0.0.1") as (door, port):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"EHLO client\r\n")
        with suppress(ConnectionResetError):
            assert await reader.read() == b""
        writer.close()
        assert door.open == 0


async def test_others_are_not_believed() -> None:
    async with served("192.0.2.0/24") as (door, port):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        assert await reader.readline() == b"hello 127.0.0.1\n"
        writer.write(b"PROXY TCP4 198.51.100.9 192.0.2.1 4711 25\r\n")
        assert (await reader.readline()).startswith(b"PROXY ")
        writer.close()
        await door.wait_empty()


async def test_a_fault_ends_one_connection() -> None:
    async with served() as (door, port):
        for word in (b"fault\n", b"abort\n"):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            await reader.readline()
            writer.write(word)
            with suppress(ConnectionResetError):
                assert await reader.read() == b""
            writer.close()
            await door.wait_empty()
