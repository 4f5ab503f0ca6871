"""What transcripts do not show: octets that are stored, pieces, pipelining, faults, limits, the end."""

from __future__ import annotations

import asyncio
import base64
import gc
import random
import weakref
from typing import Any

import pytest

from posthouse.core.accounts.accounts import AccountChange, change_account
from posthouse.core.mail.letters import LetterWriter
from posthouse.storage.blobs.contract import BlobWriter
from posthouse.storage.contract import StoreFull, StoreUnavailable
from posthouse.storage.memory import MemoryStore
from tests.transcripts.runner import MemoryTransport
from tests.unit.smtp.world import ALICE, BOB, DAVE, ROOM, Client, World, open_world

SMALL = b"Subject: hello\r\n\r\n.hidden dot\r\nand more\r\n"


def dotted(message: bytes) -> bytes:
    """A message as it goes over the wire, with its end."""
    return message.replace(b"\r\n.", b"\r\n..") + b".\r\n"


async def send(world: World, message: bytes, *recipients: str, hello: str = "EHLO") -> list[str]:
    """Deliver one message; the last line of every reply to its data."""
    client = Client(world)
    await client.envelope(*recipients, hello=hello)
    client.transport.send(dotted(message))
    return [(await client.reply())[-1] for _ in (recipients if hello == "LHLO" else [0])]


async def test_what_is_stored_is_what_came_below_its_trace() -> None:
    world = await open_world()
    (reply,) = await send(world, SMALL, "alice@example.org", "sales@example.org", "bob@example.org")
    assert reply.startswith("250 2.0.0 Stored as ")
    for account in (ALICE, BOB):
        (stored,) = await world.inbox(account)
        assert stored.startswith(b"Return-Path: <ann@example.net>\r\nReceived: from client.example.net ([192.0.2.7])")
        assert stored.endswith(b"+0000\r\n" + SMALL)
        assert reply.split()[-1].encode() in stored


async def test_a_large_message_in_pieces() -> None:
    world = await open_world()
    seed = random.randrange(1 << 32)
    print(f"seed {seed}")
    chance = random.Random(seed)
    lines = (chance.randbytes(40).hex().encode() for _ in range(20_000))
    message = b"Subject: large\r\n\r\n" + b"".join(b"." * (chance.random() < 0.1) + line + b"\r\n" for line in lines)
    client = Client(world)
    await client.envelope("bob@example.org")
    octets = dotted(message)
    at = 0
    while at < len(octets):
        piece = chance.choice([1, 2, 5, 100, 4096, 65_536])
        client.transport.send(octets[at : at + piece])
        at += piece
    assert (await client.reply())[-1].startswith("250 ")
    (stored,) = await world.inbox(BOB)
    assert stored.endswith(b"+0000\r\n" + message)


async def test_all_at_once() -> None:
    world = await open_world("lmtp")
    client = Client(world)
    one = b"MAIL FROM:<a@b.example>\r\nRCPT TO:<bob@example.org>\r\nRCPT TO:<nobody@example.org>\r\nDATA\r\n"
    client.transport.send(b"LHLO x\r\n" + (one + dotted(SMALL)) * 3 + b"QUIT\r\n")
    codes = []
    while not codes or codes[-1] != "221":
        codes.append((await client.reply())[-1][:3])
    assert codes == ["220", "250", *["250", "250", "550", "354", "250"] * 3, "221"]
    assert len(await world.inbox(BOB)) == 3
    assert await client.transport.read_line() == b"[closed]"


async def chunks(client: Client, *pieces: bytes) -> list[str]:
    """Send a message by BDAT, all at once; the replies."""
    last = len(pieces) - 1
    client.transport.send(
        b"".join(b"BDAT %d%b\r\n" % (len(piece), b" LAST" * (n == last)) + piece for n, piece in enumerate(pieces))
    )
    return [(await client.reply())[-1] for _ in pieces]


async def test_in_chunks() -> None:
    world = await open_world()
    client = Client(world)
    await client.envelope("bob@example.org", data=False)
    replies = await chunks(client, SMALL[:10], b"", SMALL[10:], b"")
    assert [reply[:3] for reply in replies] == ["250"] * 4
    (stored,) = await world.inbox(BOB)
    assert stored.endswith(b"+0000\r\n" + SMALL)


async def test_in_chunks_by_lmtp() -> None:
    world = await open_world("lmtp")
    client = Client(world)
    await client.envelope("bob@example.org", "alice@example.org", hello="LHLO", data=False)
    assert [reply[:3] for reply in await chunks(client, SMALL[:10], SMALL[10:])] == ["250", "250"]
    assert (await client.reply())[-1].startswith("250 ")
    assert len(await world.inbox(ALICE)) == len(await world.inbox(BOB)) == 1


@pytest.mark.parametrize(
    ("pieces", "status"),
    [([b"a\n", b"b\r\n"], "554 5.6.0"), ([b"a\r", b"\nb\r"], "554 5.6.0"), ([b"x" * 1500] * 2, "552 5.3.4")],
)
async def test_chunks_refused_for_what_they_are(pieces: list[bytes], status: str) -> None:
    world = await open_world(message_octets=1900)
    client = Client(world)
    await client.envelope("bob@example.org", data=False)
    assert (await chunks(client, *pieces))[-1].startswith(status)
    assert await world.inbox(BOB) == []
    assert (await client.say("RSET")).startswith("250 ")


async def test_what_follows_a_refused_chunk_is_refused() -> None:
    world = await open_world(message_octets=1100)
    client = Client(world)
    await client.envelope("bob@example.org", data=False)
    assert [reply[:3] for reply in await chunks(client, b"x" * 1200, b"y\r\n")] == ["552", "503"]
    assert (await client.say("RSET")).startswith("250 ")
    assert (await client.say("MAIL FROM:<a@b.example>")).startswith("250 ")


@pytest.mark.parametrize("hello", ["EHLO", "LHLO"])
async def test_a_full_mailbox(hello: str) -> None:
    """LMTP tells of each recipient; SMTP has one reply, so nobody gets what one cannot get."""
    world = await open_world("lmtp" if hello == "LHLO" else "mx")
    replies = await send(world, SMALL + b"x" * ROOM + b"\r\n", "dave@example.org", "alice@example.org", hello=hello)
    assert [reply[:9] for reply in replies] == ["452 4.2.2", "250 2.0.0"][: len(replies)]
    assert await world.inbox(DAVE) == []
    assert len(await world.inbox(ALICE)) == (1 if hello == "LHLO" else 0)
    (reply,) = await send(world, SMALL + b"x" * ROOM + b"\r\n", "all@example.org", hello=hello)
    assert reply.startswith("250 "), "a group's mail is not held up by one full member"
    assert len(await world.inbox(DAVE)) == 1


@pytest.mark.parametrize(
    ("message", "status"),
    [
        (b"Subject: x\n\nbare\r\n", "554 5.6.0"),
        (b"Subject: x\r\n\r\na\rb\r\n", "554 5.6.0"),
        (b"Received: from a\r\n" * 101 + b"\r\n", "554 5.4.6"),
        (b"x" * 2000 + b"\r\n", "552 5.3.4"),
    ],
)
async def test_refused_for_what_it_is(message: bytes, status: str) -> None:
    world = await open_world(message_octets=1900)
    (reply,) = await send(world, message, "bob@example.org")
    assert reply.startswith(status)
    assert await world.inbox(BOB) == []


async def test_a_message_without_end_is_cut() -> None:
    world = await open_world(message_octets=1024)
    client = Client(world)
    await client.envelope("bob@example.org")
    for _ in range(3):
        client.transport.send(b"x" * 998 + b"\r\n")
    assert (await client.reply())[-1].startswith("421 ")
    assert await client.transport.read_line() == b"[closed]"


class BrokenStore(MemoryStore):
    """Refuses every write with `error`, once it is set."""

    error: Exception | None = None

    async def write(self, operation: Any, *args: Any, **kwargs: Any) -> Any:
        if self.error is not None:
            raise self.error
        return await super().write(operation, *args, **kwargs)


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (StoreUnavailable("restarting"), "451 4.3.0 The store"),
        (StoreFull("no space left"), "452 4.3.1"),
        (ZeroDivisionError(), "451 4.3.0 Something"),
    ],
)
@pytest.mark.parametrize("hello", ["EHLO", "LHLO"])
async def test_try_later(error: Exception, status: str, hello: str) -> None:
    store = BrokenStore()
    world = await open_world("lmtp" if hello == "LHLO" else "mx", store=store)
    store.error = error
    for reply in await send(world, SMALL, "bob@example.org", "alice@example.org", hello=hello):
        assert reply.startswith(status)
    store.error = None
    assert await world.inbox(BOB) == []


class Watched(LetterWriter):
    """Knows whether it was abandoned."""

    __slots__ = ("abandoned",)

    def __init__(self, blob: BlobWriter, limits: Any) -> None:
        super().__init__(blob, limits)
        self.abandoned = False

    def abandon(self) -> None:
        self.abandoned = True
        super().abandon()


async def test_half_a_message_leaves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("posthouse.core.mail.letters.LetterWriter", Watched)
    world = await open_world()
    client = Client(world)
    await client.envelope("bob@example.org")
    client.transport.send(b"Subject: half\r\n\r\n")
    await asyncio.sleep(0)
    (connection,) = world.factory.connections
    session: Any = connection.session
    writer = session.incoming.writer
    await client.transport.hang_up()
    assert writer.abandoned
    assert await world.inbox(BOB) == []


async def test_the_server_stops_between_messages_at_once() -> None:
    world = await open_world()
    client = Client(world)
    await client.reply()
    await client.say("EHLO x")
    world.factory.drain()
    assert (await client.reply())[-1].startswith("421 4.3.2")
    assert await client.transport.read_line() == b"[closed]"


async def test_the_server_stops_behind_a_message_that_comes() -> None:
    world = await open_world()
    client = Client(world)
    await client.envelope("bob@example.org")
    client.transport.send(b"Subject: on its way\r\n\r\n")
    world.factory.drain()
    client.transport.send(b"here\r\n.\r\n")
    assert (await client.reply())[-1].startswith("250 ")
    assert (await client.reply())[-1].startswith("421 4.3.2")
    assert len(await world.inbox(BOB)) == 1


async def test_who_may_not_stay_sends_nothing_more() -> None:
    world = await open_world("submission")
    client = Client(world, "127.0.0.1")
    await client.reply()
    await client.say("EHLO x")
    plain = base64.b64encode(b"\0alice@example.org\0secret").decode()
    assert (await client.say(f"AUTH PLAIN {plain}")).startswith("235 ")
    assert (await client.say("MAIL FROM:<alice@example.org>")).startswith("250 ")
    await client.say("RSET")
    await world.store.write(change_account, "alice@example.org", AccountChange(status="locked"))
    assert (await client.say("MAIL FROM:<alice@example.org>")).startswith("530 5.7.0")
    assert (await client.say(f"AUTH PLAIN {plain}")).startswith("535 5.7.13")


async def test_too_many_connections() -> None:
    world = await open_world(connections=1)
    first = Client(world)
    assert (await first.reply())[-1].startswith("220 ")
    assert (await Client(world).reply())[-1].startswith("421 4.3.2")


async def test_silence_ends_a_session() -> None:
    world = await open_world()
    client = Client(world)
    await client.reply()
    (connection,) = world.factory.connections
    connection.timed_out()
    assert (await client.reply())[-1].startswith("421 4.4.2")


async def test_a_flood_is_held_back() -> None:
    world = await open_world(pending_octets=4096)
    transport = MemoryTransport("192.0.2.7")
    world.begin(transport)
    transport.send(b"NOOP\r\n" * 2000)
    assert transport.reading_paused
    for _ in range(2001):
        await transport.read_line()
    assert not transport.reading_paused


async def test_a_line_without_end_does_not_stop_the_reading() -> None:
    world = await open_world("submission", pending_octets=4096)
    client = Client(world, "127.0.0.1")
    await client.reply()
    await client.say("EHLO x")
    client.transport.send(b"x" * 20_000)
    client.transport.send(b"x" * 20_000)
    client.transport.send(b"\r\n")
    assert (await client.reply())[-1].startswith("500 5.5.6")
    client.transport.send(b"AUTH LOGIN\r\n" + b"y" * 10_000)
    client.transport.send(b"y" * 10_000)
    client.transport.send(b"\r\n")
    assert (await client.reply())[-1].startswith("334 ")
    assert (await client.reply())[-1].startswith("500 5.5.6")
    assert (await client.say("NOOP")).startswith("250 ")


@pytest.mark.parametrize("hello", ["EHLO", "LHLO"])
async def test_as_many_recipients_as_were_offered(hello: str) -> None:
    """RFC 9422 3: RCPTMAX; the message goes to those that were taken (RFC 5321 4.5.3.1.10)."""
    world = await open_world("lmtp" if hello == "LHLO" else "mx", recipients=100)
    client = Client(world)
    await client.reply()
    client.transport.send(f"{hello} x\r\n".encode())
    assert any(line[4:] == "LIMITS RCPTMAX=100" for line in await client.reply())
    await client.say("MAIL FROM:<ann@example.net>")
    for number in range(100):
        assert (await client.say(f"RCPT TO:<bob+{number}@example.org>")).startswith("250 ")
    for _ in range(2):
        assert (await client.say("RCPT TO:<alice@example.org>")).startswith("452 4.5.3")
    await client.say("DATA")
    client.transport.send(dotted(SMALL))
    for _ in range(100 if hello == "LHLO" else 1):
        assert (await client.reply())[-1].startswith("250 ")
    assert (len(await world.inbox(BOB)), len(await world.inbox(ALICE))) == (1, 0)


@pytest.mark.parametrize("hello", ["EHLO", "LHLO"])
async def test_what_follows_a_refused_sender_or_recipient_is_no_nonsense(hello: str) -> None:
    """RFC 2920 3.1: who sends all at once cannot know that MAIL or all RCPTs are refused."""
    world = await open_world("lmtp" if hello == "LHLO" else "mx", bad_commands=3)
    client = Client(world)
    await client.reply()
    await client.say(f"{hello} x")
    refused_sender = b"MAIL FROM:<a@b.example> SIZE=999999999\r\n" + b"RCPT TO:<bob@example.org>\r\n" * 5 + b"DATA\r\n"
    client.transport.send(refused_sender)
    assert [(await client.reply())[-1][:3] for _ in range(7)] == ["552", *["503"] * 6]
    for _ in range(4):
        client.transport.send(b"MAIL FROM:<a@b.example>\r\nRCPT TO:<nobody@example.org>\r\nDATA\r\nRSET\r\n")
        codes = [(await client.reply())[-1][:3] for _ in range(4)]
        assert codes == ["250", "550", "503" if hello == "LHLO" else "554", "250"]
    for _ in range(3):
        await client.say("RCPT TO:<bob@example.org>")
    assert (await client.reply())[-1].startswith("421 4.7.0"), "nothing was refused here"


async def test_a_flood_lets_others_have_their_turn() -> None:
    world = await open_world()
    transport = MemoryTransport("192.0.2.7")
    world.begin(transport)
    transport.send(b"NOOP\r\n" * 1000)
    turns = 0
    while transport.received.count(b"\r\n") < 1001:
        await asyncio.sleep(0)
        turns += 1
    assert turns >= 9


async def test_what_does_not_wait_is_answered_at_once() -> None:
    world = await open_world()
    transport = MemoryTransport("127.0.0.1")
    world.begin(transport)
    for number, command in enumerate((b"EHLO x", b"MAIL FROM:<x@example.net>", b"RSET"), 1):
        transport.send(command + b"\r\n")
        assert transport.received.count(b"\n250 ") == number


async def test_a_connection_that_is_gone_leaves_nothing_for_the_garbage_collector() -> None:
    world = await open_world()
    client = Client(world)
    await client.reply()
    connection = weakref.ref(client.transport.protocol)
    gc.collect()
    gc.disable()
    try:
        assert (await client.say("QUIT")).startswith("221 ")
        await asyncio.sleep(0)
        client.transport.protocol = None
        assert connection() is None
    finally:
        gc.enable()
