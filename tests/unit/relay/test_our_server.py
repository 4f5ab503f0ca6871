"""The relay client against our own server's submission: login by every mechanism, and what both ends know."""

from __future__ import annotations

import pytest

from posthouse.core.queue.contracts import ConnectFailed, RemoteLogin
from posthouse.server.certificate import TlsContextFactory
from posthouse.server.settings import TlsSettings
from tests.unit.imap.world import PASSWORD
from tests.unit.relay.remote import Octets, message
from tests.unit.relay.test_tls import GOOD, hop, listening, relay
from tests.unit.smtp.world import BOB, open_world

TO_BOB = "bob@example.org"


@pytest.mark.parametrize("mode", ["none", "encrypted"])
async def test_login_at_a_smart_host(mode: str) -> None:
    """SCRAM-SHA-256, by which both prove that they know the password."""
    world = await open_world("submission", tls=TlsContextFactory(GOOD, TlsSettings()))
    async with listening(world.factory) as port:
        login = RemoteLogin("alice@example.org", PASSWORD)
        session = await relay().connect(hop(port, mode, login=login))
        envelope = message(TO_BOB, "nobody@example.org", sender="alice@example.org")
        outcomes = await session.carry(envelope, Octets())
        assert [(outcome.result, outcome.status) for outcome in outcomes] == [("taken", "2.0.0"), ("refused", "5.1.1")]
        await session.quit()
        assert len(await world.inbox(BOB)) == 1


async def test_a_wrong_password() -> None:
    world = await open_world("submission", tls=TlsContextFactory(GOOD, TlsSettings()))
    async with listening(world.factory) as port:
        with pytest.raises(ConnectFailed) as caught:
            await relay().connect(hop(port, "encrypted", login=RemoteLogin("alice@example.org", "wrong")))
        assert (caught.value.code, caught.value.status) == (535, "5.7.8")


async def test_a_binary_message_with_all_that_a_sender_can_wish() -> None:
    world = await open_world(tls=TlsContextFactory(GOOD, TlsSettings()))
    octets = b"Subject: binary\r\n\r\n\x00\xff\r\n.\r\nmore\r\n"
    async with listening(world.factory) as port:
        session = await relay().connect(hop(port, "encrypted"))
        envelope = message(
            TO_BOB,
            sender="grüße@example.net",
            size=len(octets),
            body="BINARYMIME",
            utf8=True,
            ret="HDRS",
            envelope_id="a+b=c d",
        )
        (outcome,) = await session.carry(envelope, Octets(octets))
        assert outcome.result == "taken", outcome
        await session.quit()
        (stored,) = await world.inbox(BOB)
        assert stored.endswith(octets)
