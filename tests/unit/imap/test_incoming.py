"""REPLACE and CATENATE beside others: quotas, messages that go meanwhile, and what is large."""

from __future__ import annotations

from tests.unit.imap.test_session import MESSAGE, fill, logged_in
from tests.unit.imap.world import open_world


async def test_what_is_replaced_makes_room() -> None:
    world = await open_world()
    await fill(world, 1)
    await world.limit_quota("alice@example.org", octets=len(MESSAGE))
    client = await logged_in(world)
    await client.ok("SELECT INBOX")
    answer, _ = await client.command(b"APPEND INBOX {%d+}\r\n%b" % (len(MESSAGE), MESSAGE))
    assert answer.startswith(b"NO [OVERQUOTA]")
    await client.ok(b"REPLACE 1 INBOX {%d+}\r\n%b" % (len(MESSAGE), MESSAGE))
    answer, _ = await client.command(b"REPLACE 1 INBOX {%d+}\r\n%b" % (len(MESSAGE) + 1, MESSAGE + b"x"))
    assert answer.startswith(b"NO [OVERQUOTA]")
    assert [uid for uid, _ in await world.flags("INBOX")] == [2]


async def test_what_went_meanwhile_is_not_replaced() -> None:
    world = await open_world()
    await fill(world, 2)
    client, other = await logged_in(world), await logged_in(world)
    await client.ok("SELECT INBOX")
    client.transport.send(b"a REPLACE 1 INBOX {%d}\r\n" % len(MESSAGE))
    assert (await client.line()).startswith(b"+ ")
    await other.ok("SELECT INBOX")
    await other.ok("STORE 1 +FLAGS.SILENT (\\Deleted)")
    await other.ok("EXPUNGE")
    client.transport.send(MESSAGE + b"\r\n")
    answer, _ = await client.until(b"a")
    assert answer.startswith(b"NO ")
    assert [uid for uid, _ in await world.flags("INBOX")] == [2]


async def test_replaced_by_one_that_is_the_same() -> None:
    for inline_octets in (0, 4096):
        world = await open_world(inline_octets=inline_octets)
        client = await logged_in(world)
        await client.ok(b"APPEND INBOX {%d+}\r\n%b" % (len(MESSAGE), MESSAGE))
        await client.ok("SELECT INBOX")
        await client.ok('REPLACE 1 INBOX CATENATE (URL "/INBOX/;UID=1")')
        [response] = await client.ok("FETCH 1 (UID BODY.PEEK[])")
        assert response == b"* 1 FETCH (UID 2 BODY[] {%d}\r\n%b)" % (len(MESSAGE), MESSAGE)


async def test_large_parts_are_copied() -> None:
    world = await open_world(inline_octets=0)
    client = await logged_in(world)
    octets = b"Subject: large\r\n\r\n" + bytes(range(1, 256)) * 4000
    await client.ok(b"APPEND INBOX {%d+}\r\n%b" % (len(octets), octets))
    await client.ok("SELECT INBOX")
    await client.ok('APPEND INBOX CATENATE (URL "/INBOX/;UID=1" URL ";UID=1/;SECTION=TEXT" TEXT {3+}\r\nend)')
    [response] = await client.ok("FETCH 2 BODY.PEEK[]")
    whole = octets + octets[18:] + b"end"
    assert response == b"* 2 FETCH (BODY[] {%d}\r\n%b)" % (len(whole), whole)


async def test_a_client_that_leaves_among_parts_leaves_nothing() -> None:
    world = await open_world(inline_octets=0)
    await fill(world, 1)
    client = await logged_in(world)
    client.transport.send(b'a APPEND INBOX CATENATE (URL "/INBOX/;UID=1" TEXT {10}\r\n')
    assert (await client.line()).startswith(b"+ ")
    client.transport.send(b"half")
    await client.transport.hang_up()
    assert len(await world.flags("INBOX")) == 1
    assert not world.factory.connections
