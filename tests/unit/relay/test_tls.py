"""Over real sockets to our own server: TLS by each policy, certificates of all sorts, source addresses, large mail."""

from __future__ import annotations

import asyncio
import random
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from posthouse.core.queue.contracts import ConnectFailed, Hop, TlsaRecord, TlsPolicy
from posthouse.protocols.smtp.relay.endpoint import SmtpRelay
from posthouse.protocols.smtp.relay.session import Session
from posthouse.protocols.smtp.relay.settings import RelaySettings
from posthouse.protocols.smtp.relay.tls.contexts import ClientTls
from posthouse.server.certificate import KeyPair, TlsContextFactory
from posthouse.server.settings import ListenerSettings, TlsSettings
from posthouse.server.worker.door import Door
from posthouse.server.worker.metrics import Metrics
from posthouse.server.worker.outgoing import LoopConnector
from posthouse.server.worker.transport import LoopTransport
from tests.unit.relay.certificates import Authority, tlsa
from tests.unit.relay.remote import HOST, MESSAGE, Octets, message
from tests.unit.smtp.world import BOB, World, open_world

ROOT = Authority("Test root")
MIDDLE = Authority("Test intermediate", ROOT)
OTHER = Authority("Somebody else")
GOOD = MIDDLE.sign(HOST)
TO_BOB = "bob@example.org"


@asynccontextmanager
async def listening(factory: Any) -> AsyncIterator[int]:
    """A door with that behind it; its port."""
    door = Door("smtp", factory, factory, ListenerSettings(port=0), Metrics())
    listener = socket.create_server(("127.0.0.1", 0))
    server = await asyncio.get_running_loop().create_server(partial(LoopTransport, door), sock=listener)
    try:
        yield listener.getsockname()[1]
    finally:
        server.close()
        await asyncio.wait_for(door.wait_empty(), 30)


@asynccontextmanager
async def served(pair: KeyPair | None = GOOD) -> AsyncIterator[tuple[World, int]]:
    """Our own server with that certificate, and its port."""
    world = await open_world(tls=None if pair is None else TlsContextFactory(pair, TlsSettings()))
    async with listening(world.factory) as port:
        yield world, port


def hop(port: int, mode: Any, *records: TlsaRecord, **fields: Any) -> Hop:
    names = fields.pop("names", ())
    policy = TlsPolicy(mode, names, records, domain=fields.pop("domain", ""))
    return Hop(fields.pop("host", HOST), "127.0.0.1", port, policy, **fields)


def relay(authorities: Path | None = None, tls_seconds: float = 10) -> SmtpRelay:
    settings = RelaySettings()
    tls = ClientTls("" if authorities is None else str(authorities))
    return SmtpRelay(LoopConnector(tls_seconds), "client.example.net", settings, tls)


@pytest.fixture(scope="module")
def trusted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("authorities") / "roots.pem"
    path.write_bytes(ROOT.pem)
    return path


async def carry(session: Session, octets: bytes = MESSAGE, **fields: Any) -> str:
    (outcome,) = await session.carry(message(TO_BOB, size=len(octets), **fields), Octets(octets, 10_000))
    await session.quit()
    return outcome.result


async def failure(relay: SmtpRelay, to: Hop) -> str:
    """The result type of RFC 8460 4.3 that a connection fails with."""
    with pytest.raises(ConnectFailed) as caught:
        await relay.connect(to)
    assert caught.value.status == "4.7.5"
    return caught.value.tls


@pytest.mark.parametrize("mode", ["none", "opportunistic", "encrypted"])
async def test_a_message_by_each_policy_that_asks_for_no_proof(mode: str) -> None:
    async with served(OTHER.sign("nobody.example", ends=-1, begins=-9)) as (world, port):
        session = await relay().connect(hop(port, mode))
        assert session.is_usable
        assert await carry(session) == "taken"
        (stored,) = await world.inbox(BOB)
        assert stored.endswith(MESSAGE)
        assert (b" with ESMTPS " in stored) == (mode != "none")


async def test_in_plain_text_where_no_tls_is_offered() -> None:
    async with served(None) as (world, port):
        session = await relay().connect(hop(port, "opportunistic"))
        assert await carry(session) == "taken"
        with pytest.raises(ConnectFailed) as caught:
            await relay().connect(hop(port, "encrypted"))
        assert caught.value.tls == "starttls-not-supported"
        assert b" with ESMTP " in (await world.inbox(BOB))[0]


# Trusted authorities


@pytest.mark.parametrize(
    ("pair", "names"),
    [
        (GOOD, ()),
        (GOOD, ("other.example", HOST)),
        (MIDDLE.sign(HOST.upper()), ()),
        (MIDDLE.sign("*.example.net"), ()),
        (ROOT.sign("a.example", HOST), ()),
    ],
)
async def test_verified(trusted: Path, pair: KeyPair, names: tuple[str, ...]) -> None:
    async with served(pair) as (_, port):
        assert await carry(await relay(trusted).connect(hop(port, "verified", names=names))) == "taken"


@pytest.mark.parametrize(
    ("pair", "result"),
    [
        (MIDDLE.sign("other.example"), "certificate-host-mismatch"),
        (MIDDLE.sign("*.mx.example.net"), "certificate-host-mismatch"),
        (MIDDLE.sign("*.net"), "certificate-host-mismatch"),
        (MIDDLE.sign("m*.example.net"), "certificate-host-mismatch"),
        (MIDDLE.sign(common_name=HOST), "certificate-host-mismatch"),
        (MIDDLE.sign(HOST, begins=-9, ends=-1), "certificate-expired"),
        (MIDDLE.sign(HOST, begins=1), "certificate-expired"),
        (OTHER.sign(HOST), "certificate-not-trusted"),
        (KeyPair(GOOD.certificate[: GOOD.certificate.index(b"-----END") + 26], GOOD.key), "certificate-not-trusted"),
    ],
    ids=["name", "deep", "star", "part", "subject", "expired", "not yet", "untrusted", "no chain"],
)
async def test_not_verified(trusted: Path, pair: KeyPair, result: str) -> None:
    async with served(pair) as (_, port):
        assert await failure(relay(trusted), hop(port, "verified")) == result


async def test_the_machine_does_not_trust_a_certificate_of_ours() -> None:
    async with served() as (_, port):
        assert await failure(relay(), hop(port, "verified")) == "certificate-not-trusted"


async def test_authorities_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(ConnectFailed, match=r"routing\.authorities"):
        await relay(tmp_path / "none.pem").connect(hop(1, "verified"))


# DANE


@pytest.mark.parametrize("selector", [0, 1])
@pytest.mark.parametrize("matching", [0, 1, 2])
async def test_dane_by_the_servers_own_certificate(selector: int, matching: int) -> None:
    """Neither its name nor its dates count; RFC 7672 3.1.1."""
    pair = OTHER.sign("nobody.example", begins=-9, ends=-1)
    async with served(pair) as (_, port):
        other = tlsa(GOOD, 3)
        session = await relay().connect(hop(port, "dane", other, tlsa(pair, 3, selector, matching)))
        assert await carry(session) == "taken"


@pytest.mark.parametrize("anchor", [ROOT, MIDDLE])
@pytest.mark.parametrize(("selector", "matching"), [(0, 0), (0, 1), (1, 0), (1, 1), (1, 2)])
async def test_dane_by_an_authority(anchor: Authority, selector: int, matching: int) -> None:
    async with served() as (_, port):
        record = tlsa(anchor.certificate, 2, selector, matching)
        assert await carry(await relay().connect(hop(port, "dane", record))) == "taken"


async def test_dane_by_an_authority_that_does_not_come_in_the_chain() -> None:
    alone = KeyPair(GOOD.certificate.replace(ROOT.pem, b""), GOOD.key)
    async with served(alone) as (_, port):
        assert await carry(await relay().connect(hop(port, "dane", tlsa(ROOT.certificate, 2, 0, 0)))) == "taken"
        assert await failure(relay(), hop(port, "dane", tlsa(ROOT.certificate, 2))) == "tlsa-invalid"


@pytest.mark.parametrize(
    ("pair", "record", "result"),
    [
        (GOOD, tlsa(OTHER.certificate, 3), "tlsa-invalid"),
        (GOOD, tlsa(OTHER.certificate, 2), "tlsa-invalid"),
        (GOOD, tlsa(GOOD, 2), "tlsa-invalid"),
        (GOOD, tlsa(MIDDLE.certificate, 3), "tlsa-invalid"),
        (MIDDLE.sign("other.example"), tlsa(ROOT.certificate, 2), "certificate-host-mismatch"),
        (MIDDLE.sign("x", common_name=HOST), tlsa(ROOT.certificate, 2), "certificate-host-mismatch"),
        (MIDDLE.sign(HOST, begins=-9, ends=-1), tlsa(ROOT.certificate, 2), "certificate-expired"),
        # the anchor comes along, and has signed nothing
        (KeyPair(OTHER.sign(HOST).certificate, b""), tlsa(ROOT.certificate, 2), "certificate-not-trusted"),
    ],
    ids=["other", "other TA", "leaf as TA", "TA as leaf", "name", "subject beside names", "expired", "not signed"],
)
async def test_dane_fails(pair: KeyPair, record: TlsaRecord, result: str) -> None:
    if not pair.key:
        signed = OTHER.sign(HOST)
        pair = KeyPair(signed.certificate + ROOT.pem, signed.key)
    async with served(pair) as (_, port):
        assert await failure(relay(), hop(port, "dane", record)) == result


async def test_dane_by_an_authority_and_the_domain_that_mail_is_for() -> None:
    """RFC 7672 3.2.2; and a subject without alternative names still counts (3.2.3)."""
    async with served(MIDDLE.sign("example.org")) as (_, port):
        to = hop(port, "dane", tlsa(ROOT.certificate, 2), domain="example.org")
        assert await carry(await relay().connect(to)) == "taken"
    async with served(MIDDLE.sign(common_name=HOST)) as (_, port):
        assert await carry(await relay().connect(hop(port, "dane", tlsa(ROOT.certificate, 2)))) == "taken"


@pytest.mark.parametrize(
    "record",
    [
        tlsa(OTHER.certificate, 0),
        tlsa(OTHER.certificate, 1),
        TlsaRecord(3, 1, 1, b"short"),
        TlsaRecord(3, 2, 1, b"x" * 32),
        TlsaRecord(3, 1, 3, b"x" * 32),
        TlsaRecord(2, 0, 0, b"no certificate"),
        TlsaRecord(3, 1, 0, b""),
    ],
)
async def test_records_that_cannot_be_used_want_tls_and_no_proof(record: TlsaRecord) -> None:
    async with served() as (_, port):
        session = await relay().connect(hop(port, "dane", record))
        (outcome,) = await session.carry(message(TO_BOB, require_tls=True), Octets())
        assert (outcome.result, outcome.status) == ("refused", "5.7.30")
        await session.quit()


# Handshakes


class Nonsense(asyncio.Protocol):
    """Offers STARTTLS, and then says `answer` to the handshake; None for nothing."""

    def __init__(self, answer: bytes | None, said: list[bytes]) -> None:
        self._answer = answer
        self._said = said
        self._in_tls = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport: Any = transport
        self._transport.write(b"220 x\r\n")

    def data_received(self, data: bytes) -> None:
        if self._in_tls:
            if self._answer is None:
                return
            self._transport.write(self._answer)
            if not self._answer:
                self._transport.close()
            return
        self._said.append(data.split()[0])
        if data.startswith(b"EHLO"):
            self._transport.write(b"250-x\r\n250 STARTTLS\r\n")
        elif data.startswith(b"STARTTLS"):
            self._in_tls = True
            self._transport.write(b"220 go\r\n")
        else:
            self._transport.write(b"250 ok\r\n")


@pytest.mark.parametrize("answer", [b"", b"what is this?\r\n", None], ids=["closes", "nonsense", "silent"])
async def test_a_handshake_that_fails(answer: bytes | None) -> None:
    said: list[bytes] = []
    server = await asyncio.get_running_loop().create_server(partial(Nonsense, answer, said), "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    assert await failure(relay(tls_seconds=0.2), hop(port, "encrypted")) == "validation-failure"
    session = await relay(tls_seconds=0.2).connect(hop(port, "opportunistic"))
    assert session.tls_failure == "validation-failure"
    assert said == [b"EHLO", b"STARTTLS", b"EHLO", b"STARTTLS", b"EHLO"]
    await session.quit()
    server.close()


async def test_tls_from_the_start(trusted: Path) -> None:
    from twisted.protocols.tls import TLSMemoryBIOFactory

    world = await open_world()
    tls: Any = TlsContextFactory(GOOD, TlsSettings())
    async with listening(TLSMemoryBIOFactory(tls, False, world.factory)) as port:
        session = await relay(trusted).connect(hop(port, "verified", implicit_tls=True))
        assert await carry(session) == "taken"
    assert len(await world.inbox(BOB)) == 1


# Connections


async def test_nobody_listens() -> None:
    listener = socket.create_server(("127.0.0.1", 0))
    port = listener.getsockname()[1]
    listener.close()
    with pytest.raises(ConnectFailed) as caught:
        await relay().connect(hop(port, "none"))
    assert "refused" in caught.value.words.lower()
    assert caught.value.status == "4.4.1"


async def test_from_an_address_of_ours() -> None:
    async with served() as (world, port):
        assert await carry(await relay().connect(hop(port, "none", source="127.0.0.9"))) == "taken"
        assert b"([127.0.0.9])" in (await world.inbox(BOB))[0]
        with pytest.raises(ConnectFailed):
            await relay().connect(hop(port, "none", source="192.0.2.1"))


@pytest.mark.parametrize("mode", ["none", "encrypted"])
async def test_many_large_messages_on_one_connection(mode: str) -> None:
    seed = random.randrange(1 << 32)
    print(f"seed {seed}")
    chance = random.Random(seed)
    async with served() as (world, port):
        session = await relay().connect(hop(port, mode))
        sent = []
        for _ in range(3):
            lines = (b"." * chance.randrange(3) + chance.randbytes(30).hex().encode() for _ in range(30_000))
            sent.append(b"Subject: large\r\n\r\n" + b"".join(line + b"\r\n" for line in lines))
            octets = sent[-1]
            content = Octets(octets, chance.choice([1000, 65_536, 1_000_000]))
            (outcome,) = await session.carry(message(TO_BOB, size=len(octets)), content)
            assert outcome.result == "taken", outcome
        await session.quit()
        assert [stored.endswith(octets) for stored, octets in zip(await world.inbox(BOB), sent, strict=True)] == [
            True
        ] * 3


# Names that are not ASCII


@pytest.mark.parametrize(
    ("host", "name"), [("mail.bücher.example", "mail.xn--bcher-kva.example"), ("münchen..example", None)]
)
async def test_a_host_beyond_ascii_is_asked_for_by_its_a_labels(host: str, name: str | None) -> None:
    asked: list[str | None] = []
    world = await open_world(tls=TlsContextFactory(GOOD, TlsSettings()))
    judge = ClientTls().judge_for(Hop(host, "127.0.0.1", 25, TlsPolicy("encrypted")))
    connection = judge.clientConnectionForTLS(None)
    asked.append(None if connection.get_servername() is None else connection.get_servername().decode())
    assert asked == [name]
    async with listening(world.factory) as port:
        session = await relay().connect(hop(port, "encrypted", host=host))
        assert await carry(session) == "taken"
