"""SCRAM bound to its TLS connection, with a real TLS client: SMTP's AUTH and IMAP's AUTHENTICATE."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import hashlib
import hmac
from typing import Any, cast

import pytest
from cryptography.hazmat.primitives import hashes
from OpenSSL import SSL
from twisted.protocols.tls import TLSMemoryBIOFactory

from posthouse.server.certificate import TlsContextFactory, make_self_signed
from posthouse.server.settings import TlsSettings
from tests.transcripts.runner import MemoryTransport
from tests.unit.imap.world import open_world as open_imap
from tests.unit.smtp.world import open_world as open_smtp

CONTEXT = TlsContextFactory(make_self_signed(["mail.example.org"], []), TlsSettings())
PLUS = "SCRAM-SHA-256-PLUS"


class TlsClient:
    """A client whose TLS begins at once."""

    def __init__(self, factory: Any, version: int) -> None:
        context = SSL.Context(SSL.TLS_CLIENT_METHOD)
        context.set_max_proto_version(version)
        self.tls = SSL.Connection(context, None)
        self.tls.set_connect_state()
        self.transport = MemoryTransport("192.0.2.7")
        outer: Any = TLSMemoryBIOFactory(cast(Any, CONTEXT), False, factory)
        self.transport.begin(outer.buildProtocol(None))
        self._lines = bytearray()

    async def begin(self) -> None:
        while True:
            try:
                self.tls.do_handshake()
                return
            except SSL.WantReadError:
                await self._exchange()

    async def say(self, line: bytes) -> None:
        self.tls.send(line + b"\r\n")
        await self._exchange()

    async def read_line(self) -> bytes:
        while b"\r\n" not in self._lines:
            try:
                self._lines += self.tls.recv(65_536)
            except SSL.WantReadError:
                await self._exchange()
        line, _, rest = bytes(self._lines).partition(b"\r\n")
        self._lines[:] = rest
        return line

    async def ask(self, line: bytes, last: tuple[bytes, ...]) -> bytes:
        """Send a line; the first line of the answer that begins with one of `last`."""
        await self.say(line)
        while not (line := await self.read_line()).startswith(last):
            pass
        return line

    async def _exchange(self) -> None:
        with contextlib.suppress(SSL.WantReadError):
            self.transport.send(self.tls.bio_read(1 << 20))
        await asyncio.sleep(0)
        if self.transport.received:
            self.tls.bio_write(bytes(self.transport.received))
            self.transport.received.clear()

    def binding(self, kind: str) -> bytes:
        if kind == "tls-exporter":
            return self.tls.export_keying_material(b"EXPORTER-Channel-Binding", 32)
        certificate = self.tls.get_peer_certificate()
        assert certificate is not None
        return certificate.to_cryptography().fingerprint(hashes.SHA256())


def final(first_bare: bytes, challenge: bytes, bound: bytes) -> bytes:
    """client-final-message of the password "secret"; RFC 5802 3."""
    fields = dict(part.split(b"=", 1) for part in challenge.split(b","))
    salted = hashlib.pbkdf2_hmac("sha256", b"secret", base64.b64decode(fields[b"s"]), int(fields[b"i"]))
    key = hmac.digest(salted, b"Client Key", "sha256")
    without_proof = b"c=" + base64.b64encode(bound) + b",r=" + fields[b"r"]
    signature = hmac.digest(
        hashlib.sha256(key).digest(), first_bare + b"," + challenge + b"," + without_proof, "sha256"
    )
    proof = bytes(a ^ b for a, b in zip(key, signature, strict=True))
    return without_proof + b",p=" + base64.b64encode(proof)


async def log_in(client: TlsClient, mechanism: str, flag: bytes, binding: bytes) -> bytes:
    """The last line of an SMTP exchange."""
    bare = b"n=alice@example.org,r=abc"
    said = await client.ask(
        b"AUTH %b %b" % (mechanism.encode(), base64.b64encode(flag + b",," + bare)), (b"334 ", b"5")
    )
    if said.startswith(b"5"):
        return said
    message = final(bare, base64.b64decode(said[4:]), flag + b",," + binding)
    said = await client.ask(base64.b64encode(message), (b"334 ", b"5"))
    return said if said.startswith(b"5") else await client.ask(b"", (b"2", b"5"))


async def connect(version: int = SSL.TLS1_3_VERSION) -> TlsClient:
    world = await open_smtp("submission", tls=CONTEXT)
    world.factory.implicit_tls = True
    client = TlsClient(world.factory, version)
    await client.begin()
    offered = await client.ask(b"EHLO client", (b"250-AUTH", b"250 AUTH"))
    assert offered.split()[-4:] == [b"SCRAM-SHA-256-PLUS", b"SCRAM-SHA-256", b"PLAIN", b"LOGIN"]
    return client


@pytest.mark.parametrize("kind", ["tls-exporter", "tls-server-end-point"])
async def test_bound(kind: str) -> None:
    client = await connect()
    assert (await log_in(client, PLUS, b"p=" + kind.encode(), client.binding(kind))).startswith(b"235 ")


async def test_tls_1_2_has_no_exporter() -> None:
    client = await connect(SSL.TLS1_2_VERSION)
    exported = client.binding("tls-exporter")
    assert (await log_in(client, PLUS, b"p=tls-exporter", exported)).startswith(b"535 5.7.8")
    kind = "tls-server-end-point"
    assert (await log_in(client, PLUS, b"p=" + kind.encode(), client.binding(kind))).startswith(b"235 ")


@pytest.mark.parametrize(
    ("mechanism", "flag", "binding"),
    [
        (PLUS, b"p=tls-exporter", b"x" * 32),  # somebody stands between
        (PLUS, b"p=tls-unique", b""),
        (PLUS, b"n", b""),
        (PLUS, b"y", b""),
        ("SCRAM-SHA-256", b"y", b""),  # the client was not shown what was offered
        ("SCRAM-SHA-256", b"p=tls-exporter", b""),
        ("SCRAM-SHA-256", b"x", b""),
    ],
)
async def test_not_bound(mechanism: str, flag: bytes, binding: bytes) -> None:
    client = await connect()
    assert (await log_in(client, mechanism, flag, binding)).startswith(b"535 5.7.8")
    assert (await log_in(client, "SCRAM-SHA-256", b"n", b"")).startswith(b"235 ")


async def test_imap() -> None:
    world = await open_imap(tls=CONTEXT)
    world.factory.implicit_tls = True
    client = TlsClient(world.factory, SSL.TLS1_3_VERSION)
    await client.begin()
    assert b"AUTH=SCRAM-SHA-256-PLUS " in await client.read_line()
    bare = b"n=alice@example.org,r=abc"
    first = b"a AUTHENTICATE SCRAM-SHA-256-PLUS " + base64.b64encode(b"p=tls-exporter,," + bare)
    challenge = base64.b64decode((await client.ask(first, (b"+ ",)))[2:])
    message = final(bare, challenge, b"p=tls-exporter,," + client.binding("tls-exporter"))
    assert (await client.ask(base64.b64encode(message), (b"+ ", b"a "))).startswith(b"+ ")
    assert (await client.ask(b"", (b"a ",))).startswith(b"a OK")
