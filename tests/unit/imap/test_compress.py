"""COMPRESS=DEFLATE beside its transcript: what it holds, how it is paced, and streams that are none; RFC 4978."""

from __future__ import annotations

import asyncio
import os
import tracemalloc
import zlib
from typing import Any

from posthouse.protocols.compression import CompressionSettings
from tests.unit.imap.client import Client
from tests.unit.imap.test_session import MESSAGE, fill, logged_in
from tests.unit.imap.world import World, open_world


async def compressed(world: World) -> Client:
    client = await logged_in(world)
    await client.ok("COMPRESS DEFLATE")
    client.transport.begin_deflate()
    return client


async def until_rest(client: Client) -> Any:
    transport = client.transport.protocol.transport
    for _ in range(1000):
        if transport.is_resting:
            return transport
        await asyncio.sleep(0)
    raise AssertionError("it never rests")


async def test_a_quiet_session_keeps_no_compressor_and_goes_on() -> None:
    world = await open_world(compression=CompressionSettings(quiet_seconds=0))
    await fill(world, 20, MESSAGE + b"text that comes again " * 50)
    client = await compressed(world)
    for _ in range(3):
        await client.ok("SELECT INBOX")
        assert len(await client.ok("FETCH 1:* BODY.PEEK[]")) == 20
        await until_rest(client)


async def test_what_idle_sessions_hold() -> None:
    world = await open_world(compression=CompressionSettings(quiet_seconds=0))
    clients = [await logged_in(world) for _ in range(20)]
    for client in clients:
        await client.ok("SELECT INBOX")
    tracemalloc.start()
    try:
        for client in clients:
            client.transport.send(b"c COMPRESS DEFLATE\r\n")
            await client.until(b"c")
            # a peer that compresses itself, of which nothing is measured
            stream = zlib.compressobj(wbits=-15)
            octets = stream.compress(b"i NOOP\r\nj IDLE\r\n") + stream.flush(zlib.Z_SYNC_FLUSH)
            del stream
            client.transport.send(octets)
            await until_rest(client)
        held = tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()
    assert held < len(clients) * 65_536


async def test_a_bomb_is_taken_as_fast_as_its_commands_are_done() -> None:
    world = await open_world(pending_octets=8192)
    await fill(world, 1)
    client = await compressed(world)
    await client.ok("SELECT INBOX")
    connection = client.transport.protocol
    connection.pauseProducing()
    # 8 MB of commands in 16 KB, while an answer is not read
    client.transport.send(b"z FETCH 1 BODY.PEEK[]\r\n" + b"n NOOP\r\n" * 1_000_000)
    for _ in range(100):
        await asyncio.sleep(0)
    assert client.transport.reading_paused
    assert connection.session.decoder.buffered < 200_000
    connection.resumeProducing()
    await client.until(b"z")
    for _ in range(5000):
        assert (await client.until(b"n"))[0].startswith(b"OK")
    assert connection.session.decoder.buffered < 200_000
    await client.transport.hang_up()


async def test_a_line_without_end_is_no_bomb() -> None:
    world = await open_world()
    client = await compressed(world)
    client.transport.send(b"a NOOP " + b"x" * 5_000_000 + b"\r\n")
    assert (await client.line()).startswith(b"a BAD ")
    await client.ok("NOOP")


async def test_a_slow_reader_is_waited_for() -> None:
    world = await open_world()
    await fill(world, 300, MESSAGE + os.urandom(2500).hex().encode())
    client = await compressed(world)
    await client.ok("SELECT INBOX")
    connection = client.transport.protocol
    connection.pauseProducing()
    client.transport.send(b"z FETCH 1:* BODY.PEEK[]\r\n")
    for _ in range(1000):
        await asyncio.sleep(0)
    assert len(client.transport.received) < 700_000
    connection.resumeProducing()
    assert len((await client.until(b"z"))[1]) == 300


async def test_what_is_no_stream_ends_the_session() -> None:
    for octets in (b"a NOOP\r\n", b"\x03\x00" + b"a NOOP\r\n" * 10_000):  # not compressed; much behind its end
        world = await open_world()
        client = await logged_in(world)
        await client.ok("COMPRESS DEFLATE")
        client.transport.send(octets)
        assert await client.line() == b"[closed]"
        await asyncio.sleep(0)
        assert not world.factory.connections


async def test_a_stream_that_ends_with_unauthenticate_may_be_followed_at_once() -> None:
    """RFC 8437 3, 4.1: by the next login, in the clear."""
    world = await open_world()
    client = await logged_in(world)
    await client.ok("COMPRESS DEFLATE")
    stream = zlib.compressobj(wbits=-15)
    octets = stream.compress(b"a UNAUTHENTICATE\r\n") + stream.flush()
    client.transport.send(octets + b"b LOGIN bob@example.org secret\r\n")
    while not client.transport.received.endswith(b"Logged in\r\n"):
        await client.transport._wait()
    answers = zlib.decompressobj(-15).decompress(client.transport.received.partition(b"b OK")[0])
    assert answers.startswith(b"a OK [CAPABILITY ")


async def test_nothing_may_follow_before_the_answer() -> None:
    world = await open_world()
    client = await logged_in(world)
    client.transport.send(b"a COMPRESS DEFLATE\r\nb NOOP\r\n")
    assert (await client.line()).startswith(b"a BAD ")
    assert (await client.line()).startswith(b"b OK ")


async def test_switched_off() -> None:
    world = await open_world(compression=CompressionSettings(level=0))
    client = await logged_in(world)
    [response] = await client.ok("CAPABILITY")
    assert b"COMPRESS" not in response
    answer, _ = await client.command("COMPRESS DEFLATE")
    assert answer.startswith(b"BAD")


async def test_offered_once() -> None:
    world = await open_world()
    client = await logged_in(world)
    [response] = await client.ok("CAPABILITY")
    assert b"COMPRESS=DEFLATE" in response
    client = await compressed(world)
    [response] = await client.ok("CAPABILITY")
    assert b"COMPRESS=DEFLATE" not in response


async def test_goodbye_is_whole() -> None:
    world = await open_world()
    await fill(world, 50, MESSAGE + os.urandom(5000).hex().encode())
    client = await compressed(world)
    await client.ok("SELECT INBOX")
    client.transport.send(b"z FETCH 1:* BODY.PEEK[]\r\ny LOGOUT\r\n")
    assert len((await client.until(b"z"))[1]) == 50
    assert (await client.line()).startswith(b"* BYE")
    assert (await client.line()).startswith(b"y OK")
    assert await client.line() == b"[closed]"
