"""BINARY over octets of all kinds and sizes: what comes is what was encoded; NUL makes a literal8; RFC 3516."""

from __future__ import annotations

import asyncio
import base64
import random
from typing import Any

import pytest

from tests.unit.imap.test_session import logged_in
from tests.unit.imap.world import World, open_world

CHANCE = random.Random(4)
OCTETS = bytes(CHANCE.randrange(256) for _ in range(200_000))


def message(encoding: bytes, body: bytes) -> bytes:
    return b"Subject: x\r\nMIME-Version: 1.0\r\nContent-Transfer-Encoding: %b\r\n\r\n%b" % (encoding, body)


async def placed(octets: bytes, inline_octets: int) -> World:
    world = await open_world(inline_octets=inline_octets)
    client = await logged_in(world)
    await client.ok(b"APPEND INBOX ~{%d+}\r\n%b" % (len(octets), octets))
    return world


@pytest.mark.parametrize("inline_octets", [0, 1_000_000])
@pytest.mark.parametrize(
    ("encoding", "coded"),
    [(b"base64", base64.encodebytes(OCTETS).replace(b"\n", b"\r\n")), (b"binary", OCTETS)],
)
async def test_octets_come_back(encoding: bytes, coded: bytes, inline_octets: int) -> None:
    world = await placed(message(encoding, coded), inline_octets)
    client = await logged_in(world)
    await client.ok("SELECT INBOX")
    [response] = await client.ok("FETCH 1 BINARY.PEEK[1]")
    assert response == b"* 1 FETCH (BINARY[1] ~{%d}\r\n%b)" % (len(OCTETS), OCTETS)
    assert await client.ok("FETCH 1 BINARY.SIZE[1]") == [b"* 1 FETCH (BINARY.SIZE[1] %d)" % len(OCTETS)]
    for first, count in ((0, 1), (199_990, 20), (70_000, 70_000), (200_000, 5), (0, 1_000_000)):
        part = OCTETS[first : first + count]
        [response] = await client.ok(f"FETCH 1 BINARY.PEEK[1]<{first}.{count}>")
        literal = b"~" if b"\0" in part else b""
        assert response == b"* 1 FETCH (BINARY[1]<%d> %b{%d}\r\n%b)" % (first, literal, len(part), part)


async def test_the_whole_message_comes_as_it_is() -> None:
    octets = message(b"base64", b"YQBi") + b"\0"
    world = await placed(octets, 0)
    client = await logged_in(world)
    await client.ok("SELECT INBOX")
    assert await client.ok("FETCH 1 BINARY.PEEK[]") == [b"* 1 FETCH (BINARY[] ~{%d}\r\n%b)" % (len(octets), octets)]


async def test_lost_octets_are_no_part() -> None:
    world = await placed(message(b"base64", b"YQBi"), 0)
    blobs: Any = world.contracts.blobs
    blobs.files.clear()
    client = await logged_in(world)
    await client.ok("SELECT INBOX")
    assert await client.ok("FETCH 1 (BINARY.PEEK[1] BINARY.SIZE[1])") == [b"* 1 FETCH (BINARY[1] NIL BINARY.SIZE[1] 0)"]


async def test_a_large_part_goes_as_fast_as_it_is_read() -> None:
    world = await placed(message(b"base64", base64.b64encode(bytes(3_000_000))), 0)
    client = await logged_in(world)
    await client.ok("SELECT INBOX")
    connection = client.transport.protocol
    connection.pauseProducing()
    client.transport.send(b"z FETCH 1 BINARY.PEEK[1]\r\n")
    for _ in range(1000):
        await asyncio.sleep(0)
    assert 0 < len(client.transport.received) < 300_000
    connection.resumeProducing()
    _, [response] = await client.until(b"z")
    assert response.count(b"\0") == 3_000_000
