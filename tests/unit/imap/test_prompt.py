"""What a command costs beside its work: it is done in the turn in which it came, and what it says is one write."""

from __future__ import annotations

from tests.transcripts.runner import MemoryTransport
from tests.unit.imap.client import Client
from tests.unit.imap.test_session import MESSAGE, fill, logged_in
from tests.unit.imap.world import World, open_world


class Writes:
    """What is written to a transport, write by write."""

    def __init__(self, transport: MemoryTransport) -> None:
        self._write = transport.write
        self.seen: list[bytes] = []
        transport.write = self  # type: ignore[method-assign]  # the one that is there is called, too

    def __call__(self, octets: bytes) -> None:
        self.seen.append(octets)
        self._write(octets)


async def opened(world: World) -> tuple[Client, MemoryTransport, Writes]:
    """A client with the inbox open."""
    client = await logged_in(world)
    await client.ok("SELECT INBOX")
    return client, client.transport, Writes(client.transport)


async def test_an_answer_is_one_write_in_the_turn_of_its_command() -> None:
    world = await open_world()
    await fill(world, 3, MESSAGE)
    _, transport, writes = await opened(world)
    for line in (b"NOOP", b"FETCH 1 BODY.PEEK[]", b"FETCH 1:* (UID FLAGS)", b"FETCH 2 BODY[]"):
        transport.send(b"a1 " + line + b"\r\n")
        (answer,) = writes.seen
        assert answer.splitlines()[-1].startswith(b"a1 OK")
        writes.seen = []


async def test_commands_that_come_together_are_answered_together() -> None:
    world = await open_world()
    _, transport, writes = await opened(world)
    transport.send(b"a1 NOOP\r\na2 CAPABILITY\r\na3 UID SEA")
    transport.send(b"RCH ALL\r\n")
    assert [write.splitlines()[-1][:5] for write in writes.seen] == [b"a2 OK", b"a3 OK"]


async def test_what_is_large_is_not_held_until_the_turn_ends() -> None:
    world = await open_world(inline_octets=1 << 20)
    await fill(world, 30, MESSAGE + b"x" * 20_000)
    _, transport, writes = await opened(world)
    transport.send(b"a1 FETCH 1:* BODY.PEEK[]\r\n")
    assert len(writes.seen) > 2
    assert max(map(len, writes.seen)) < 300_000


async def test_what_is_said_before_the_end_is_sent() -> None:
    world = await open_world()
    client, transport, _ = await opened(world)
    transport.send(b"a1 NOOP\r\na2 LOGOUT\r\n")
    assert [(await client.line())[:5] for _ in range(3)] == [b"a1 OK", b"* BYE", b"a2 OK"]
    assert await client.line() == b"[closed]"


async def test_octets_that_come_while_others_are_taken_are_answered_behind_them() -> None:
    world = await open_world(pending_octets=100)
    client, transport, _ = await opened(world)
    lines = [b"a%d NOOP\r\n" % n for n in range(100)]
    for at in range(0, 100, 10):
        transport.send(b"".join(lines[at : at + 10]))
    for n in range(100):
        assert (await client.line()).startswith(b"a%d OK" % n)
