"""Behind a load balancer: whole sessions over sockets, with the PROXY protocol in front (versions 1 and 2)."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

import pytest

from posthouse.server.settings import ListenerSettings
from posthouse.server.worker.door import Door
from posthouse.server.worker.metrics import Metrics
from posthouse.server.worker.proxy import SIGNATURE
from posthouse.server.worker.transport import LoopTransport
from tests.unit.smtp.test_session import SMALL, dotted
from tests.unit.smtp.world import BOB, World, open_world


def version_1(host: str) -> bytes:
    family = "TCP6" if ":" in host else "TCP4"
    return f"PROXY {family} {host} {'::1' if ':' in host else '192.0.2.1'} 4711 25\r\n".encode()


def version_2(host: str, behind: bytes = b"\x04\x00\x01x") -> bytes:
    """With an extension (TLV) behind the addresses."""
    source = ipaddress.ip_address(host).packed
    block = source + bytes(len(source)) + struct.pack(">HH", 4711, 25) + behind
    return SIGNATURE + struct.pack(">BBH", 0x21, 0x21 if len(source) == 16 else 0x11, len(block)) + block


LOCAL = SIGNATURE + struct.pack(">BBH", 0x20, 0, 0)  # the load balancer looks whether we are well


@asynccontextmanager
async def served(world: World) -> AsyncIterator[int]:
    """The world's listener on a port, with a load balancer on this machine before it."""
    settings = ListenerSettings(port=0, proxies=("127.0.0.0/8",))
    door = Door("smtp", world.factory, world.factory, settings, Metrics())
    listening = socket.create_server(("127.0.0.1", 0))
    server = await asyncio.get_running_loop().create_server(partial(LoopTransport, door), sock=listening)
    try:
        yield listening.getsockname()[1]
        await door.wait_empty()
    finally:
        server.close()


async def codes(port: int, header: bytes, *said: bytes) -> list[str]:
    """The code and status of every reply of one session, in which each word is said when the last was answered."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(header)
    heard = []
    for word in (b"", *said):
        writer.write(word)
        while (line := await reader.readline())[3:4] == b"-":
            pass
        heard.append(line[:9].decode())
    writer.close()
    return heard


def one_message() -> list[bytes]:
    words = (b"EHLO x", b"MAIL FROM:<ann@example.net>", b"RCPT TO:<bob@example.org>", b"DATA")
    return [*(word + b"\r\n" for word in words), dotted(SMALL)]


@pytest.mark.parametrize("header", [version_1, version_2])
@pytest.mark.parametrize(
    ("host", "literal"),
    [("198.51.100.9", "198.51.100.9"), ("2001:db8::9", "IPv6:2001:db8::9"), ("::ffff:198.51.100.9", "198.51.100.9")],
)
async def test_who_is_behind_stands_in_the_trace(header: Any, host: str, literal: str) -> None:
    world = await open_world()
    async with served(world) as port:
        assert (await codes(port, header(host), *one_message()))[-1] == "250 2.0.0"
    (stored,) = await world.inbox(BOB)
    assert f"\r\nReceived: from x ([{literal}])\r\n".encode() in stored
    [(_, _, fields)] = world.steps.noted
    assert fields["peer"] == host.removeprefix("::ffff:")


async def test_limits_are_those_of_who_is_behind() -> None:
    world = await open_world(messages_per_address_per_minute=1)
    async with served(world) as port:
        for host, status in (("198.51.100.9", "250"), ("198.51.100.9", "450"), ("198.51.100.10", "250")):
            heard = await codes(port, version_1(host), *one_message()[:2])
            assert heard[-1][:3] == status
        for _ in range(2):
            heard = await codes(port, LOCAL, *one_message()[:2])
            assert heard[-1][:3] == "250", "the load balancer itself is on this machine"


@pytest.mark.parametrize("header", [version_1, version_2])
async def test_who_is_behind_waits_for_the_greeting(header: Any) -> None:
    """What stands behind the header in the same packet was said before it."""
    world = await open_world(greeting_delay_milliseconds=30_000)
    async with served(world) as port:
        assert (await codes(port, header("198.51.100.9") + b"EHLO x\r\n"))[0][:9] == "554 5.5.1"
        assert (await codes(port, LOCAL))[0][:3] == "220"


async def test_a_header_in_pieces() -> None:
    world = await open_world()
    async with served(world) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for octet in version_2("198.51.100.9"):
            writer.write(bytes([octet]))
            await writer.drain()
        assert (await reader.readline()).startswith(b"220 ")
        (connection,) = world.factory.connections
        assert (connection.peer.host, connection.peer.port) == ("198.51.100.9", 4711)
        writer.close()
