"""SCRAM bound to its TLS connection, with a real TLS client: POP3's AUTH."""

from __future__ import annotations

import base64

import pytest
from OpenSSL import SSL

from tests.unit.pop3.world import open_world
from tests.unit.smtp.test_binding import CONTEXT, PLUS, TlsClient, final


async def connect() -> TlsClient:
    world = await open_world(tls=CONTEXT)
    world.factory.implicit_tls = True
    client = TlsClient(world.factory, SSL.TLS1_3_VERSION)
    await client.begin()
    assert (await client.read_line()).startswith(b"+OK ")
    offered = await client.ask(b"CAPA", (b"SASL ",))
    assert offered == b"SASL SCRAM-SHA-256-PLUS SCRAM-SHA-256 PLAIN LOGIN"
    assert await client.read_line() == b"IMPLEMENTATION Posthouse"
    assert await client.read_line() == b"."
    return client


async def log_in(client: TlsClient, flag: bytes, binding: bytes) -> bytes:
    bare = b"n=alice@example.org,r=abc"
    first = base64.b64encode(flag + b",," + bare)
    said = await client.ask(b"AUTH %b %b" % (PLUS.encode(), first), (b"+ ", b"-ERR"))
    if said.startswith(b"-ERR"):
        return said
    message = final(bare, base64.b64decode(said[2:]), flag + b",," + binding)
    said = await client.ask(base64.b64encode(message), (b"+ ", b"-ERR"))
    return said if said.startswith(b"-ERR") else await client.ask(b"", (b"+OK", b"-ERR"))


@pytest.mark.parametrize("kind", ["tls-exporter", "tls-server-end-point"])
async def test_bound(kind: str) -> None:
    client = await connect()
    assert (await log_in(client, b"p=" + kind.encode(), client.binding(kind))).startswith(b"+OK 0 messages")


@pytest.mark.parametrize(("flag", "binding"), [(b"p=tls-exporter", b"x" * 32), (b"p=tls-unique", b""), (b"n", b"")])
async def test_somebody_stands_between(flag: bytes, binding: bytes) -> None:
    client = await connect()
    assert (await log_in(client, flag, binding)).startswith(b"-ERR ")
