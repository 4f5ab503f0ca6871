"""Other servers: hasty and slow ones, and how much one address may do."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from posthouse.protocols.smtp.settings import SmtpSettings
from posthouse.storage.memory import MemoryStore
from tests.unit.imap.world import NOW
from tests.unit.smtp.test_queueing import login
from tests.unit.smtp.test_session import SMALL, dotted
from tests.unit.smtp.world import BOB, Client, World, open_world


async def one_message(client: Client) -> str:
    """Send one; the last reply, or the first refusal."""
    for line in ("MAIL FROM:<ann@example.net>", "RCPT TO:<bob@example.org>", "DATA"):
        reply = await client.say(line)
        if reply[0] not in "23":
            await client.say("RSET")
            return reply
    client.transport.send(dotted(SMALL))
    return (await client.reply())[-1]


async def ended(client: Client, begin: str) -> None:
    """The server says so and closes."""
    assert (await client.reply())[-1].startswith(begin)
    assert await client.transport.read_line() == b"[closed]"


async def test_who_speaks_before_the_greeting() -> None:
    world = await open_world(greeting_delay_milliseconds=30_000)
    client = Client(world)
    client.transport.send(b"EHLO x\r\n")
    await ended(client, "554 5.5.1")


@pytest.mark.parametrize("role", ["mx", "lmtp"])
async def test_who_waits_is_greeted(role: str) -> None:
    world = await open_world(role, greeting_delay_milliseconds=1 if role == "mx" else 30_000)
    client = Client(world)
    assert (await client.reply())[-1].startswith("220 ")
    assert (await client.say("LHLO x" if role == "lmtp" else "EHLO x")).startswith("250 ")


@pytest.mark.parametrize(
    ("host", "settings"),
    [
        ("127.0.0.1", {}),
        ("::1", {}),
        ("192.0.2.7", {"trusted_networks": ("192.0.2.0/24",)}),
        ("::ffff:192.0.2.7", {"trusted_networks": ("192.0.2.0/24",)}),
        ("192.0.2.7", {"xclient_networks": ("192.0.2.0/24",)}),
    ],
)
async def test_who_is_known_is_greeted_at_once_and_has_no_limits(host: str, settings: dict[str, Any]) -> None:
    limits = {f"{what}_per_address_per_minute": 1 for what in ("messages", "recipients", "refusals")}
    world = await open_world(greeting_delay_milliseconds=30_000, **limits, **settings)
    client = Client(world, host)
    await client.reply()
    await client.say("EHLO x")
    for _ in range(3):
        assert (await one_message(client)).startswith("250 ")
        assert (await client.say("MAIL FROM:<ann@example.net>")).startswith("250 ")
        assert (await client.say("RCPT TO:<nobody@example.org>")).startswith("550 ")
        await client.say("RSET")


async def test_strangers_have_limits_by_default() -> None:
    settings = SmtpSettings()
    assert 0 < settings.greeting_delay_milliseconds <= 1000
    assert settings.messages_per_address_per_minute
    assert settings.recipients_per_address_per_minute


@pytest.mark.parametrize("begin", [b"EHLO x\r\nMAIL FROM:<a@b.example>\r\n", b"HELO x\r\nQUIT\r\n"])
async def test_who_does_not_wait_behind_the_greeting(begin: bytes) -> None:
    client = Client(await open_world())
    await client.reply()
    client.transport.send(begin)
    await ended(client, "503 5.5.0")


async def test_who_does_not_wait_behind_data() -> None:
    world = await open_world()
    client = Client(world)
    await client.envelope("bob@example.org", data=False)
    client.transport.send(b"DATA\r\n" + dotted(SMALL))
    await ended(client, "503 5.5.0")
    assert await world.inbox(BOB) == []


async def test_who_says_helo_sends_one_by_one() -> None:
    client = Client(await open_world())
    await client.reply()
    assert (await client.say("HELO x")).startswith("250 ")
    client.transport.send(b"MAIL FROM:<a@b.example>\r\nRCPT TO:<bob@example.org>\r\n")
    await ended(client, "503 5.5.0")


async def test_what_may_go_together_does() -> None:
    """RFC 2920 3.1; QUIT may stand behind the message."""
    world = await open_world()
    client = Client(world)
    await client.reply()
    await client.say("EHLO x")
    client.transport.send(b"MAIL FROM:<a@b.example>\r\nRCPT TO:<bob@example.org>\r\nDATA\r\n")
    assert [(await client.reply())[-1][:3] for _ in range(3)] == ["250", "250", "354"]
    client.transport.send(dotted(SMALL) + b"QUIT\r\n")
    assert [(await client.reply())[-1][:3] for _ in range(2)] == ["250", "221"]
    assert len(await world.inbox(BOB)) == 1


async def test_haste_may_be_allowed() -> None:
    client = Client(await open_world(refuse_early_commands=False))
    await client.reply()
    client.transport.send(b"EHLO x\r\nNOOP\r\n")
    assert [(await client.reply())[-1][:3] for _ in range(2)] == ["250", "250"]


@pytest.mark.parametrize(
    ("setting", "status"),
    [("messages_per_address_per_minute", "450 4.7.1"), ("recipients_per_address_per_minute", "450 4.7.1")],
)
async def test_so_much_from_one_address(setting: str, status: str) -> None:
    limits: dict[str, Any] = {setting: 2}
    world = await open_world(**limits)
    replies = []
    for host in ("192.0.2.7", "192.0.2.7", "192.0.2.7", "192.0.2.8"):
        client = Client(world, host)
        await client.reply()
        await client.say("EHLO x")
        replies.append((await one_message(client))[:9])
    assert replies == ["250 2.0.0", "250 2.0.0", status, "250 2.0.0"]


async def test_few_messages_are_no_news_for_other_workers(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    world = await open_world(messages_per_address_per_minute=128, recipients_per_address_per_minute=0)
    client = Client(world)
    await client.reply()
    await client.say("EHLO x")
    (connection,) = world.factory.connections
    session: Any = connection.session
    registry = session.contracts.registry
    hit = registry.hit
    monkeypatch.setattr(registry, "hit", lambda key, window: asked.append(key) or hit(key, window))
    for told in ([], [], ["smtp/messages/192.0.2.7"], ["smtp/messages/192.0.2.7"] * 2):
        await one_message(client)
        assert asked == told


async def test_an_address_that_tries_names() -> None:
    world = await open_world(refusals_per_address_per_minute=3)
    for attempts in (3, 1, 1):
        client = Client(world)
        await client.envelope(data=False)
        for _ in range(attempts):
            assert (await client.say("RCPT TO:<nobody@example.org>")).startswith("550 ")
        if attempts == 1:
            await ended(client, "421 4.7.0")
    other = Client(world, "192.0.2.8")
    await other.envelope(data=False)
    assert (await other.say("RCPT TO:<nobody@example.org>")).startswith("550 ")
    assert (await other.say("RCPT TO:<bob@example.org>")).startswith("250 ")


async def test_lmtp_has_no_such_limits() -> None:
    world = await open_world("lmtp", refusals_per_address_per_minute=1, messages_per_address_per_minute=1)
    client = Client(world)
    await client.envelope(hello="LHLO", data=False)
    for _ in range(3):
        assert (await client.say("RCPT TO:<nobody@example.org>")).startswith("550 ")


async def test_silence_within_a_message(monkeypatch: pytest.MonkeyPatch) -> None:
    world = await open_world(data_timeout_seconds=7)
    client = Client(world)
    await client.envelope("bob@example.org")
    (connection,) = world.factory.connections
    told: list[float] = []
    monkeypatch.setattr(connection, "set_timeout", told.append)
    client.transport.send(b"Subject: slow\r\n")
    await asyncio.sleep(0)
    assert told == [7]
    client.transport.send(b"\r\nbody\r\n.\r\n")
    assert (await client.reply())[-1].startswith("250 ")
    assert told == [7, 300]


async def test_a_message_that_takes_too_long(monkeypatch: pytest.MonkeyPatch) -> None:
    now = NOW
    world = await open_world(message_seconds=60, now=lambda: now)
    client = Client(world)
    await client.envelope("bob@example.org")
    client.transport.send(b"Subject: slow\r\n")
    await asyncio.sleep(0)
    now += 60_001
    client.transport.send(b"\r\n")
    await ended(client, "421 4.3.0")


class SlowStore(MemoryStore):
    """Takes its time with writes and reads from when it `is_slow`, until it is told to go on."""

    def __init__(self) -> None:
        super().__init__()
        self.is_slow = False
        self.goes_on = asyncio.Event()
        self.reached = asyncio.Event()

    async def write(self, operation: Any, *args: Any, **kwargs: Any) -> Any:
        await self._wait()
        return await super().write(operation, *args, **kwargs)

    async def read(self, query: Any, *args: Any, **kwargs: Any) -> Any:
        await self._wait()
        return await super().read(query, *args, **kwargs)

    async def _wait(self) -> None:
        if self.is_slow:
            self.reached.set()
            await self.goes_on.wait()


@pytest.mark.parametrize("role", ["mx", "lmtp"])
async def test_what_the_store_was_given_is_answered_with_what_became_of_it(role: str) -> None:
    """Whoever hears "try later" sends it again: that must not be said of what may be in the mailbox."""
    store = SlowStore()
    world = await open_world(role, store=store, finish_seconds=0)
    client = Client(world)
    await client.envelope("bob@example.org", hello="LHLO" if role == "lmtp" else "EHLO")
    store.is_slow = True
    client.transport.send(dotted(SMALL))
    await store.reached.wait()
    for _ in range(3):
        await asyncio.sleep(0)  # the time is over
    assert not client.transport.received
    store.is_slow = False
    store.goes_on.set()
    assert (await client.reply())[-1].startswith("250 ")
    assert len(await world.inbox(BOB)) == 1


async def test_what_takes_too_long_before_is_asked_for_again() -> None:
    """Nothing was given to the store yet."""
    store = SlowStore()
    world = await open_world("submission", store=store, finish_seconds=0)
    client = await login(world)
    for line in ("MAIL FROM:<alice@example.org>", "RCPT TO:<bob@example.org>", "RCPT TO:<ann@example.net>", "DATA"):
        await client.say(line)
    store.is_slow = True
    client.transport.send(dotted(SMALL))
    assert (await client.reply())[-1].startswith("451 4.3.0")
    store.is_slow = False
    assert await world.inbox(BOB) == []


async def test_what_was_sent_before_tls_is_forgotten() -> None:
    """RFC 3207 4.2, and what came of ignoring it: CVE-2011-0411."""
    world: World = await open_world("submission", tls=object())
    client = Client(world)
    await client.reply()
    await client.say("EHLO x")
    client.transport.send(b"STARTTLS\r\nEHLO evil\r\nNOOP\r\n")
    assert (await client.reply())[-1].startswith("220 ")
    await client.transport.wait_for_tls()
    assert (await client.say("MAIL FROM:<alice@example.org>")).startswith("503 5.5.1 Say EHLO")


async def test_a_stranger_who_sends_on_behind_starttls() -> None:
    client = Client(await open_world(tls=object()))
    await client.reply()
    await client.say("EHLO x")
    client.transport.send(b"STARTTLS\r\nEHLO evil\r\n")
    await ended(client, "503 5.5.0")


async def test_whom_a_trusted_server_speaks_for() -> None:
    """Its address is in the trace and has the limits, and not that of the server, which goes on to speak for others."""
    world = await open_world(xclient_networks=("192.0.2.0/24",), messages_per_address_per_minute=1)
    client = Client(world)
    await client.reply()
    for address, status in (("198.51.100.9", "250"), ("198.51.100.9", "450"), ("IPV6:2001:db8::1", "250")):
        assert (await client.say("EHLO proxy")).startswith("250 ")
        name = "NAME=mx.spike.example" if ":" in address else "NAME=[UNAVAILABLE]"
        assert (await client.say(f"XCLIENT ADDR={address} HELO=spike {name}")).startswith("220 ")
        assert (await one_message(client)).startswith(status)
    first, second = await world.inbox(BOB)
    assert b"\r\nReceived: from spike ([198.51.100.9])\r\n" in first
    assert b"\r\nReceived: from spike (mx.spike.example [IPv6:2001:db8::1])\r\n" in second
