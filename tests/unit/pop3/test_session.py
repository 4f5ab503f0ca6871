"""What a transcript cannot show: all at once, large, abandoned, at the server's end, when the store is away."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from posthouse.core.accounts.accounts import AccountChange, change_account
from posthouse.core.mail.flags import DELETED, SEEN, FlagChange
from posthouse.core.mail.mailboxes import INBOX_ID
from posthouse.core.mail.maildrop import open_maildrop
from posthouse.core.mail.messages import expunge, move, store_flags
from posthouse.storage.blobs.contract import BlobDamaged
from posthouse.storage.contract import StoreUnavailable
from posthouse.storage.item_bytes import EVERY
from tests.transcripts.runner import MemoryTransport
from tests.unit.imap.world import NOW
from tests.unit.pop3.world import MESSAGES, ask, open_world, rest

ALICE = "alice@example.org"


async def test_all_at_once() -> None:
    world = await open_world()
    await world.put(*MESSAGES)
    client = await world.connect(login=False)
    client.send(b"USER alice@example.org\r\nPASS secret\r\nSTAT\r\nDELE 1\r\nRETR 2\r\nQUIT\r\n")
    said = [await client.read_line() for _ in range(5)]
    assert [line[:3] for line in said] == [b"+OK"] * 5
    assert (await rest(client))[-1] == b"hello"
    assert await client.read_line() == b"+OK See you"
    assert await client.read_line() == b"[closed]"
    assert await world.held() == [(2, SEEN), (3, 0)]


async def test_what_was_deleted_stays_when_the_connection_breaks() -> None:
    world = await open_world()
    await world.put(*MESSAGES)
    client = await world.connect()
    await ask(client, "DELE 1")
    await ask(client, "RETR 2")
    await client.hang_up()
    await asyncio.sleep(0)
    again = await world.connect()  # and the maildrop is free at once
    assert await ask(again, "STAT") == b"+OK 3 179"
    assert await world.held() == [(1, 0), (2, 0), (3, 0)]


async def test_deleted_mail_moves_to_the_trash_where_that_is_wished() -> None:
    world = await open_world(deleted="trash", marks_seen=False)
    await world.put(*MESSAGES)
    client = await world.connect()
    await ask(client, "RETR 1")
    await rest(client)
    await ask(client, "DELE 1")
    await ask(client, "QUIT")
    assert await world.held() == [(2, 0), (3, 0)]
    assert await world.held("Trash") == [(1, 0)]


async def test_what_others_remove_meanwhile() -> None:
    world = await open_world()
    await world.put(*MESSAGES)
    client = await world.connect()
    await world.store.write(store_flags, 1, INBOX_ID, [(1, 1)], FlagChange("add", DELETED), None)
    await world.store.write(expunge, 1, INBOX_ID, [EVERY], NOW)
    await world.store.write(move, 1, INBOX_ID, [(2, 2)], "Archive", NOW)
    await world.put(MESSAGES[0])
    assert await ask(client, "STAT") == b"+OK 3 179"  # as it was when the session began
    assert await ask(client, "RETR 1") == b"-ERR That message is not there any more"
    assert await ask(client, "TOP 2 0") == b"-ERR That message is not there any more"
    for number in (1, 2, 3):
        assert await ask(client, f"DELE {number}") == b"+OK It will go"
    assert await ask(client, "QUIT") == b"+OK See you"
    assert await world.held() == [(4, 0)]
    assert await world.held("Archive") == [(1, 0)]


async def test_a_large_message_goes_out_in_pieces_as_the_peer_takes_them() -> None:
    world = await open_world()
    lines = [b".%d" % number for number in range(200_000)]
    await world.put(b"Subject: large\r\n\r\n" + b"".join([line + b"\r\n" for line in lines]))
    client = await world.connect()
    client.protocol.pauseProducing()
    client.send(b"RETR 1\r\n")
    for _ in range(50):
        await asyncio.sleep(0)
    assert len(client.received) < 500_000  # the rest waits
    client.protocol.resumeProducing()
    assert (await client.read_line()).startswith(b"+OK ")
    assert [await client.read_line() for _ in range(2)] == [b"Subject: large", b""]
    assert [await client.read_line() for _ in lines] == [b"." + line for line in lines]
    assert await client.read_line() == b"."


async def test_a_long_list_goes_out_in_pages_as_the_peer_takes_them() -> None:
    world = await open_world()
    for _ in range(6):
        await world.put(*[b"a\r\n\r\nb\r\n"] * 2000)
    client = await world.connect()
    for command in (b"LIST\r\n", b"UIDL\r\n"):
        client.protocol.pauseProducing()
        client.send(command)
        for _ in range(50):
            await asyncio.sleep(0)
        waiting = client.received.count(b"\r\n")
        assert waiting < 6000
        client.protocol.resumeProducing()
        assert await client.read_line() == b"+OK 12000 messages (96000 octets)"
        numbers = [int(line.split()[0]) for line in await rest(client)]
        assert numbers == list(range(1, 12_001))


async def test_a_message_that_cannot_be_read(monkeypatch: pytest.MonkeyPatch) -> None:
    world = await open_world()
    await world.put(*MESSAGES[:2])
    client = await world.connect()

    async def half(*_: Any) -> Any:
        yield b"Subject: half\r\n\r\nbody\r\n"
        raise BlobDamaged("x", "cut short")

    async def nothing(*_: Any) -> Any:
        raise BlobDamaged("x", "missing")
        yield b""

    monkeypatch.setattr(world.contracts.blobs, "chunks", nothing)
    assert await ask(client, "RETR 1") == b"-ERR [SYS/PERM] That message cannot be read"
    monkeypatch.setattr(world.contracts.blobs, "chunks", half)
    assert (await ask(client, "RETR 1")).startswith(b"+OK")
    assert [await client.read_line() for _ in range(3)] == [b"Subject: half", b"", b"body"]
    assert await client.read_line() == b"[closed]"  # no dot: so it is not taken for whole


async def test_the_store_is_away(monkeypatch: pytest.MonkeyPatch) -> None:
    world = await open_world()
    await world.put(*MESSAGES)
    client = await world.connect()

    async def away(*_: Any) -> Any:
        raise StoreUnavailable("restarting")

    await ask(client, "DELE 1")
    monkeypatch.setattr(world.store, "read", away)
    monkeypatch.setattr(world.store, "write", away)
    assert (await ask(client, "RETR 2")).startswith(b"-ERR [SYS/TEMP] ")
    assert (await ask(client, "QUIT")).startswith(b"-ERR [SYS/TEMP] ")  # nothing was deleted
    assert await client.read_line() == b"[closed]"
    other = await world.connect(login=False)
    await ask(other, f"USER {ALICE}")
    assert (await ask(other, "PASS secret")).startswith(b"-ERR [SYS/TEMP] ")
    monkeypatch.undo()
    again = await world.connect()
    assert await ask(again, "STAT") == b"+OK 3 179"


async def test_a_maildrop_that_cannot_be_opened_is_not_left_locked(monkeypatch: pytest.MonkeyPatch) -> None:
    world = await open_world()
    client = await world.connect(login=False)
    read = world.store.read

    async def away(query: Any, *arguments: Any) -> Any:
        if query is open_maildrop:
            raise StoreUnavailable("restarting")
        return await read(query, *arguments)

    monkeypatch.setattr(world.store, "read", away)
    await ask(client, f"USER {ALICE}")
    assert (await ask(client, "PASS secret")).startswith(b"-ERR [SYS/TEMP] ")
    monkeypatch.undo()
    assert await ask(await world.connect(), "STAT") == b"+OK 0 0"


async def test_our_own_fault_ends_no_session(monkeypatch: pytest.MonkeyPatch) -> None:
    world = await open_world()
    await world.put(*MESSAGES)
    client = await world.connect()

    async def fault(*_: Any) -> Any:
        raise ZeroDivisionError

    monkeypatch.setattr(world.store, "read", fault)
    assert await ask(client, "RETR 1") == b"-ERR [SYS/TEMP] Something went wrong here; it was logged"
    monkeypatch.undo()
    assert (await ask(client, "RETR 1")).startswith(b"+OK")


async def test_the_maildrop_stays_locked_while_its_session_lives(monkeypatch: pytest.MonkeyPatch) -> None:
    world = await open_world()
    client = await world.connect()
    registry, lock = world.contracts.registry, client.protocol.session._lock
    monkeypatch.setattr(registry, "_clock", lambda: 10**9)  # its lease has ended
    await lock._renew()
    other = await world.connect(login=False)
    await ask(other, f"USER {ALICE}")
    assert (await ask(other, "PASS secret")).startswith(b"-ERR [IN-USE] ")
    await ask(client, "QUIT")
    await lock._renew()  # one that was under way
    assert lock._timer is None


async def test_too_many_connections_silence_and_the_end_of_the_server() -> None:
    world = await open_world(connections=1)
    client = await world.connect()
    other = MemoryTransport()
    world.begin(other)
    assert (await other.read_line()).startswith(b"-ERR [SYS/TEMP] ")
    assert await other.read_line() == b"[closed]"
    await ask(client, "DELE 1")
    client.protocol.timed_out()
    assert (await client.read_line()).startswith(b"-ERR [SYS/TEMP] ")
    assert await client.read_line() == b"[closed]"
    await asyncio.sleep(0)
    client = await world.connect()
    world.factory.drain()
    assert (await client.read_line()).startswith(b"-ERR [SYS/TEMP] The server restarts")
    assert await client.read_line() == b"[closed]"


async def test_the_server_ends_behind_a_running_command() -> None:
    world = await open_world()
    await world.put(*MESSAGES)
    client = await world.connect()
    client.protocol.pauseProducing()
    client.send(b"RETR 1\r\nQUIT\r\n")
    await asyncio.sleep(0)
    world.factory.drain()
    client.protocol.resumeProducing()
    assert (await client.read_line()).startswith(b"+OK")
    assert len(await rest(client)) == 7
    assert (await client.read_line()).startswith(b"-ERR [SYS/TEMP] The server restarts")


async def test_who_may_not_stay() -> None:
    world = await open_world()
    client = await world.connect()
    await world.store.write(change_account, ALICE, AccountChange(status="locked"))
    assert (await client.read_line()).startswith(b"-ERR [AUTH] ")
    assert await client.read_line() == b"[closed]"


async def test_a_flood_is_held_back() -> None:
    world = await open_world(pending_octets=4096)
    await world.put(*MESSAGES)
    client = await world.connect()
    client.protocol.pauseProducing()
    client.send(b"RETR 1\r\n" * 2000)
    await asyncio.sleep(0)
    client.send(b"NOOP\r\n")
    assert client.reading_paused
    client.protocol.resumeProducing()
    for _ in range(2000):
        assert (await client.read_line()).startswith(b"+OK ")
        await rest(client)
    assert await client.read_line() == b"+OK Done"
    assert not client.reading_paused


async def test_others_have_their_turn_between_commands_that_came_at_once() -> None:
    world = await open_world()
    await world.put(*[b"a\r\n\r\nb\r\n"] * 1000)
    client = await world.connect()
    client.send(b"".join([b"DELE %d\r\n" % number for number in range(1, 1001)]))
    turns = 0
    while client.received.count(b"\r\n") < 1000:
        await asyncio.sleep(0)
        turns += 1
    assert turns >= 9  # and the first hundred were done as they came


async def test_plain_text_behind_stls_is_forgotten() -> None:
    world = await open_world(tls=object())
    client = await world.connect(login=False)
    client.send(b"USER bob@example.org\r\nSTLS\r\nUSER mallory@example.org\r\n")
    assert await client.read_line() == b"+OK And the password?"
    assert await client.read_line() == b"+OK Begin TLS now"
    await client.wait_for_tls()
    assert await ask(client, "PASS secret") == b"-ERR USER comes first"
