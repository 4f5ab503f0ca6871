"""What transcripts cannot show: faults of the store, pacing, time-outs, graceful stop, SCRAM."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
from typing import Any

import msgspec
import pytest

from posthouse.core.mail.messages import append
from posthouse.protocols.imap.endpoint import imap_factory
from posthouse.storage.contract import OperationFailed, Store, StoreUnavailable
from tests.letters import letter
from tests.unit.imap.client import Client
from tests.unit.imap.world import NOW, World, open_world

MESSAGE = b"Subject: one\r\n\r\ntext\r\n"


async def logged_in(world: World, name: str = "alice@example.org") -> Client:
    client = world.connect()
    await client.greeting()
    await client.ok(f"LOGIN {name} secret")
    return client


async def fill(world: World, count: int, octets: bytes = MESSAGE) -> None:
    letters = [letter(octets)] * count
    await world.store.write(append, 1, "INBOX", letters, [(0, ())] * count, [NOW] * count, NOW)


class Failing:
    """A store that answers until it is told what to raise."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.writes: Exception | None = None
        self.reads: Exception | None = None

    async def write(self, operation: Any, *args: Any) -> Any:
        if self.writes is not None:
            raise self.writes
        return await self.store.write(operation, *args)

    async def read(self, query: Any, *args: Any) -> Any:
        if self.reads is not None:
            raise self.reads
        return await self.store.read(query, *args)


async def failing_world() -> tuple[World, Failing]:
    world = await open_world()
    store = Failing(world.store)
    contracts = msgspec.structs.replace(world.contracts, store=store)
    world.factory = imap_factory(contracts)
    return world, store


async def test_a_store_that_is_away_is_told_and_nothing_is_half_done() -> None:
    world, store = await failing_world()
    await fill(world, 1)
    client = await logged_in(world)
    await client.ok("SELECT INBOX")
    store.writes = StoreUnavailable("restarting")
    for command in (
        "STORE 1 +FLAGS (\\Seen)",
        "COPY 1 Trash",
        "MOVE 1 Trash",
        "CREATE x",
        b"APPEND INBOX {%d+}\r\n%b" % (len(MESSAGE), MESSAGE),
    ):
        answer, untagged = await client.command(command)
        assert answer.startswith(b"NO [UNAVAILABLE]")
        assert not untagged
    # mail can be read while nothing can be written
    [response] = await client.ok("FETCH 1 BODY[TEXT]")
    assert b"text" in response
    assert b"Seen" not in response
    store.writes = None
    await client.ok("STORE 1 +FLAGS (\\Seen)")


async def test_a_fault_of_ours_is_no_traceback_for_the_peer() -> None:
    world, store = await failing_world()
    client = await logged_in(world)
    store.writes = RuntimeError("a bug")
    answer, _ = await client.command("CREATE x")
    assert answer.startswith(b"NO [SERVERBUG]")
    assert b"a bug" not in answer
    store.writes = OperationFailed("create_mailbox")
    answer, _ = await client.command("CREATE x")
    assert answer.startswith(b"NO [UNAVAILABLE]")
    store.writes = None
    await client.ok("CREATE x")


async def test_no_literal_carries_nul() -> None:
    octets = b"Subject: n\0l\r\n\r\n" + b"a\0b" * 5000
    for inline_octets in (65_536, 0):
        world = await open_world(inline_octets=inline_octets)
        client = await logged_in(world)
        await client.ok(b"APPEND INBOX {%d+}\r\n%b" % (len(octets), octets))
        await client.ok("SELECT INBOX")
        for section in ("", "HEADER", "TEXT"):
            [response] = await client.ok(f"FETCH 1 BODY.PEEK[{section}]")
            assert b"\0" not in response
            assert (b"n\x80l" if section != "TEXT" else b"a\x80b") in response


async def test_a_reading_fault_ends_a_command_not_the_session() -> None:
    world, store = await failing_world()
    await fill(world, 3)
    client = await logged_in(world)
    await client.ok("SELECT INBOX")
    store.reads = StoreUnavailable("restarting")
    answer, _ = await client.command("FETCH 1:* FLAGS")
    assert answer.startswith(b"NO [UNAVAILABLE]")
    answer, _ = await client.command("NOOP")
    assert answer.startswith(b"OK")
    store.reads = None
    assert len(await client.ok("FETCH 1:* FLAGS")) == 3


async def test_a_mailbox_keeps_two_domains_apart() -> None:
    world = await open_world()
    await fill(world, 2)
    bob = await logged_in(world, "bob@example.org")
    await bob.ok("SELECT INBOX")
    assert bob.entries == []


async def test_over_quota() -> None:
    world = await open_world()
    await world.limit_quota("alice@example.org", octets=10)
    client = await logged_in(world)
    answer, _ = await client.command(b"APPEND INBOX {%d+}\r\n%b" % (len(MESSAGE), MESSAGE))
    assert answer.startswith(b"NO [OVERQUOTA]")


async def test_a_reader_that_is_slow_is_waited_for() -> None:
    world = await open_world()
    await fill(world, 300, MESSAGE + b"x" * 4000)
    client = await logged_in(world)
    await client.ok("SELECT INBOX")
    connection = client.transport.protocol
    connection.pauseProducing()
    client.transport.send(b"z FETCH 1:* BODY.PEEK[]\r\n")
    for _ in range(1000):
        await asyncio.sleep(0)
    held = len(client.transport.received)
    assert held < 700_000  # one batch, not all of 1.2 MB
    connection.resumeProducing()
    await client.until(b"z")


async def test_a_client_that_sends_ahead_is_not_read_without_end() -> None:
    world = await open_world(pending_octets=4096)
    await fill(world, 1)
    client = await logged_in(world)
    await client.ok("SELECT INBOX")
    connection = client.transport.protocol
    connection.pauseProducing()
    noops = b"".join(b"n%d NOOP\r\n" % number for number in range(1000))
    client.transport.send(b"z FETCH 1 BODY.PEEK[]\r\n" + noops)
    for _ in range(20):
        await asyncio.sleep(0)
    assert client.transport.reading_paused
    connection.resumeProducing()
    await client.until(b"z")
    for number in range(1000):
        await client.until(b"n%d" % number)
    assert not client.transport.reading_paused


async def test_a_client_that_sends_ahead_leaves_others_their_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    world = await open_world()
    greedy, other = await logged_in(world), await logged_in(world)
    done: list[bool] = []  # whether all of the one was done when the other was answered
    write = other.transport.write

    def watched(octets: bytes) -> None:
        done.append(b"n9999 " in greedy.transport.received)
        write(octets)

    monkeypatch.setattr(other.transport, "write", watched)
    greedy.transport.send(b"".join(b"n%d NOOP\r\n" % number for number in range(10_000)))
    other.transport.send(b"o NOOP\r\n")
    await other.until(b"o")
    assert done == [False]
    for number in range(10_000):
        await greedy.until(b"n%d" % number)


async def test_a_silent_client_is_told_goodbye() -> None:
    world = await open_world()
    client = world.connect()
    await client.greeting()
    client.transport.protocol.timed_out()
    assert (await client.line()).startswith(b"* BYE")
    assert await client.line() == b"[closed]"


async def test_who_falls_silent_in_the_middle_of_a_login_is_told_goodbye() -> None:
    world = await open_world()
    client = world.connect()
    await client.greeting()
    client.transport.send(b"a AUTHENTICATE PLAIN\r\n")
    assert (await client.line()).startswith(b"+")
    client.transport.protocol.timed_out()
    assert client.transport.is_closed
    assert (await client.line()).startswith(b"* BYE")
    assert await client.line() == b"[closed]"


async def test_the_server_stops_gracefully() -> None:
    world = await open_world()
    await fill(world, 300, MESSAGE + b"x" * 4000)
    idle, busy = await logged_in(world), await logged_in(world)
    await busy.ok("SELECT INBOX")
    idle.transport.send(b"i IDLE\r\n")
    assert (await idle.line()).startswith(b"+")
    connection = busy.transport.protocol
    connection.pauseProducing()
    busy.transport.send(b"z FETCH 1:* BODY.PEEK[]\r\n")
    for _ in range(20):
        await asyncio.sleep(0)
    world.factory.drain()
    assert (await idle.line()).startswith(b"* BYE")
    assert await idle.line() == b"[closed]"
    connection.resumeProducing()
    _, untagged = await busy.until(b"z")  # what has begun is finished
    assert len(untagged) == 300
    assert (await busy.line()).startswith(b"* BYE")
    assert await busy.line() == b"[closed]"
    await asyncio.sleep(0)
    assert not world.factory.connections


async def test_too_many_connections() -> None:
    world = await open_world(connections=1)
    first = world.connect()
    await first.greeting()
    second = world.connect()
    assert (await second.greeting()).startswith(b"* BYE [UNAVAILABLE]")
    assert await second.line() == b"[closed]"
    await first.transport.hang_up()
    await asyncio.sleep(0)
    await world.connect().greeting()


async def test_a_client_that_leaves_during_append_leaves_nothing() -> None:
    world = await open_world(inline_octets=16)
    client = await logged_in(world)
    client.transport.send(b"a APPEND INBOX {1000+}\r\nSubject: half")
    for _ in range(10):
        await asyncio.sleep(0)
    await client.transport.hang_up()
    for _ in range(10):
        await asyncio.sleep(0)
    assert await world.flags("INBOX") == []
    assert not world.factory.connections


async def test_an_idle_session_keeps_no_task_and_no_uids() -> None:
    world = await open_world(kept_uids=10)
    await fill(world, 50)
    client = await logged_in(world)
    await client.ok("SELECT INBOX")
    session = client.transport.protocol.session
    assert session.view.numbering.held is None  # not needed until now
    await client.ok("FETCH 1:* (UID FLAGS)")
    assert session.view.numbering.held is not None
    client.transport.send(b"i IDLE\r\n")
    assert (await client.line()).startswith(b"+")
    for _ in range(10):
        await asyncio.sleep(0)
    assert session.view.numbering.held is None
    assert not session.is_busy
    assert not client.transport.protocol._tasks


async def scram(world: World, password: str) -> bytes:
    """Log in by SCRAM-SHA-256 (RFC 7677); the tagged answer."""
    client = world.connect("192.0.2.9")
    await client.greeting()
    bare = b"n=alice@example.org,r=clientnonce"
    client.transport.send(b"a AUTHENTICATE SCRAM-SHA-256 " + base64.b64encode(b"n,," + bare) + b"\r\n")
    server_first = base64.b64decode((await client.line()).removeprefix(b"+ "))
    fields = dict(part.split(b"=", 1) for part in server_first.split(b","))
    salted = hashlib.pbkdf2_hmac("sha256", password.encode(), base64.b64decode(fields[b"s"]), int(fields[b"i"]))
    client_key = hmac.digest(salted, b"Client Key", "sha256")
    without_proof = b"c=biws,r=" + fields[b"r"]
    signed = bare + b"," + server_first + b"," + without_proof
    signature = hmac.digest(hashlib.sha256(client_key).digest(), signed, "sha256")
    proof = bytes(a ^ b for a, b in zip(client_key, signature, strict=True))
    client.transport.send(base64.b64encode(without_proof + b",p=" + base64.b64encode(proof)) + b"\r\n")
    line = await client.line()
    if line.startswith(b"+ "):
        server_key = hmac.digest(salted, b"Server Key", "sha256")
        expected = b"v=" + base64.b64encode(hmac.digest(server_key, signed, "sha256"))
        assert base64.b64decode(line.removeprefix(b"+ ")) == expected
        client.transport.send(b"\r\n")
        line = await client.line()
    return line


async def test_scram_needs_no_tls() -> None:
    world = await open_world()
    assert (await scram(world, "secret")).startswith(b"a OK")
    assert (await scram(world, "wrong")).startswith(b"a NO [AUTHENTICATIONFAILED]")


async def test_a_line_without_end_does_not_stop_the_reading() -> None:
    world = await open_world(pending_octets=4096)
    client = await logged_in(world)
    client.transport.send(b"a NOOP " + b"x" * 100_000)
    client.transport.send(b"x" * 100_000)
    client.transport.send(b"\r\n")
    assert (await client.transport.read_line()).startswith(b"a BAD ")
    await client.ok("NOOP")
