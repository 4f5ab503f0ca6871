"""BINARY over octets of all kinds and sizes: what comes is what was encoded; NUL makes a literal8; RFC 3516."""

from __future__ import annotations

import asyncio
import base64
import email
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


def tree(octets: bytes) -> bytes:
    """A binary part, a text, and a message that is one binary part itself; all that holds them says binary, too."""
    return b"\r\n".join([
        b"Subject: x", b"MIME-Version: 1.0", b"Content-Transfer-Encoding: binary",
        b"Content-Type: multipart/mixed; boundary=b", b"",
        b"--b", b"Content-Type: image/png", b"content-transfer-encoding:", b" BINARY", b"X: y", b"", octets,
        b"--b", b"", b"as it was",
        b"--b", b"Content-Type: message/rfc822", b"Content-Transfer-Encoding: Binary", b"",
        b"Subject: y", b"Content-Transfer-Encoding: binary", b"Content-Type: application/pdf", b"", octets[:500],
        b"--b--", b"",
    ])  # fmt: skip


@pytest.mark.parametrize("inline_octets", [0, 1_000_000])
async def test_binary_parts_with_nul_are_shown_in_base64(inline_octets: int) -> None:
    """RFC 3516 6: BODY[] has the encoding that BODYSTRUCTURE tells, and nothing is lost (4.4)."""
    world = await placed(tree(OCTETS), inline_octets)
    client = await logged_in(world)
    await client.ok("SELECT INBOX")
    [response] = await client.ok("FETCH 1 BODY.PEEK[]")
    whole = response.partition(b"}\r\n")[2][:-1]
    [response] = await client.ok("FETCH 1 (RFC822.SIZE BODYSTRUCTURE)")
    assert b"RFC822.SIZE %d " % len(whole) in response
    assert b"BINARY" not in response.upper()
    parsed = email.message_from_bytes(whole)
    image, text, inner = parsed.get_payload()
    assert image.get_payload(decode=True) == OCTETS
    assert image["X"] == "y"
    assert text.get_payload(decode=True) == b"as it was"
    assert inner.get_payload()[0].get_payload(decode=True) == OCTETS[:500]
    assert (parsed["Content-Transfer-Encoding"], inner["Content-Transfer-Encoding"]) == ("8bit", "8bit")
    assert max(len(line) for line in whole.splitlines()) <= 76
    for number, octets in ((b"1", OCTETS), (b"3.1", OCTETS[:500])):
        [response] = await client.ok(b"FETCH 1 BINARY.PEEK[%b]" % number)
        assert response.partition(b"}\r\n")[2] == octets + b")"


@pytest.mark.parametrize(
    "octets",
    [
        message(b"binary", b"no such octet \xff"),
        message(b"8bit", b"\0"),
        b"Content-Type: multipart/mixed\r\n" + message(b"binary", b"\0"),
    ],
)
async def test_what_need_not_or_may_not_be_base64_stays(octets: bytes) -> None:
    """Without NUL a literal carries it; a multipart without parts may not be base64; RFC 2045 6.4."""
    world = await placed(octets, 0)
    client = await logged_in(world)
    await client.ok("SELECT INBOX")
    [response] = await client.ok("FETCH 1 BINARY.PEEK[]")
    assert response.partition(b"}\r\n")[2] == octets + b")"


async def test_of_several_messages_each_is_looked_at() -> None:
    first, second = message(b"binary", b"a\0b"), message(b"binary", b"ab")
    world = await open_world()
    client = await logged_in(world)
    await client.ok(b"APPEND INBOX ~{%d+}\r\n%b ~{%d+}\r\n%b" % (len(first), first, len(second), second))
    await client.ok("SELECT INBOX")
    [one, two] = await client.ok("FETCH 1:2 BODY.PEEK[TEXT]")
    assert one == b"* 1 FETCH (BODY[TEXT] {6}\r\nYQBi\r\n)"
    assert two == b"* 2 FETCH (BODY[TEXT] {2}\r\nab)"


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
