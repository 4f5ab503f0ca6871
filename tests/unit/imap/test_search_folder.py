"""Clients with a search folder open, and others with its mailboxes: each is always told what is true.

POSTHOUSE_TEST_LONG makes it long. The seed is printed; POSTHOUSE_TEST_SEED takes it.
"""

from __future__ import annotations

import asyncio
import os
import random
from pathlib import Path

import msgspec
import pytest

from posthouse.core.bus import LocalBus
from posthouse.core.mail.criteria.keys import HasFlag, Not, Or, SearchKey, Text, Younger
from posthouse.core.mail.mailboxes import find_mailbox
from posthouse.core.mail.messages import append, rows
from posthouse.core.mail.search_folders.defining import Wanted, define_search_folder
from posthouse.core.mail.search_folders.settings import SearchFolderSettings
from posthouse.core.mail.settings import MailSettings
from posthouse.protocols.imap.endpoint import imap_factory
from posthouse.protocols.imap.wire.fetch_encoder import FlagLists
from tests.letters import letter
from tests.unit.imap.client import Client
from tests.unit.imap.model import Model
from tests.unit.imap.test_stress import LONG, Truth, act, compare
from tests.unit.imap.world import NOW, World, open_world
from tests.unit.stores import opened

ROUNDS = 100 if LONG else 5
CRITERIA: list[SearchKey] = [
    HasFlag(1, False),
    Or(HasFlag(4, True), Text("subject: two")),
    Not(HasFlag(4, True)),
]


async def truth(world: World, name: str) -> Truth:
    """(uid, flags, modseq) of what a folder holds, once it was looked at."""
    mailbox = await world.store.read(find_mailbox, 1, name)
    if mailbox.virtual:
        await world.contracts.refresher.refresh(1, mailbox.id)
        mailbox = await world.store.read(find_mailbox, 1, name)
    names = FlagLists(mailbox.keywords)
    found = await world.store.read(rows, 1, mailbox.id, 1, 0xFFFFFFFF, 1_000_000, 0)
    return [(row.uid, frozenset(names.render(row.flags, row.keywords)[1:-1].split()), row.modseq) for row in found]


async def define(world: World, name: str, criteria: SearchKey, main: str | None = None) -> None:
    await world.store.write(
        define_search_folder, 1, name, Wanted(criteria, [], main), SearchFolderSettings(), NOW, MailSettings()
    )


async def play(world: World, seed: int, rounds: int) -> None:
    choice = random.Random(seed)
    await define(world, "Found", choice.choice(CRITERIA), "INBOX")
    clients = {
        Model(world.begin, choice.choice(["QRESYNC", "IMAP4rev2 QRESYNC"]), "SELECT Found "): "Found",
        Model(world.begin, choice.choice(["", "CONDSTORE"]), "SELECT Found "): "Found",
        Model(world.begin, choice.choice(["", "QRESYNC"]), "SELECT INBOX "): "INBOX",
    }
    for client in clients:
        await client.come()
    for _ in range(rounds):
        await asyncio.gather(
            *(act(random.Random(choice.getrandbits(32)), client, n == 0) for n, client in enumerate(clients))
        )
        for name in ("Found", "INBOX"):
            # what is looked at last is what all are told
            real = await truth(world, name)
            for client, what in clients.items():
                if what == name:
                    await client.ok("NOOP")
                    compare(client, real, whole=False)
                    await client.ok("FETCH 1:* (UID FLAGS)")
                    compare(client, real, whole=True)


@pytest.mark.parametrize("engine", ["memory", "lmdb-local"])
async def test_clients_can_follow(engine: str, tmp_path: Path) -> None:
    seed = int(os.environ.get("POSTHOUSE_TEST_SEED") or random.randrange(1 << 32))
    print(f"seed {seed}")
    bus = LocalBus()
    async with opened(engine, tmp_path, bus) as store:
        await play(await open_world(store=store, bus=bus), seed, ROUNDS)


async def test_who_idles_sees_time_go(monkeypatch: pytest.MonkeyPatch) -> None:
    world = await open_world()
    clock = [NOW]
    world.contracts = msgspec.structs.replace(world.contracts, now=lambda: clock[0])
    world.factory = imap_factory(world.contracts, None)
    await define(world, "Young", Younger(60))
    await world.store.write(append, 1, "INBOX", [letter(b"Subject: one\r\n\r\n")], [(0, ())], [NOW - 59_999], NOW)
    client = world.connect()
    await client.greeting()
    await client.ok("LOGIN alice@example.org secret")
    await client.ok("SELECT Young")
    assert len(client.entries) == 1
    client.transport.send(b"t9 IDLE\r\n")
    assert await client.line() == b"+ idling"
    clock[0] = NOW + 2  # what the timer waits for has come when it fires
    assert await client.line() == b"* 1 EXPUNGE"
    client.transport.send(b"DONE\r\n")
    answer, _ = await client.until(b"t9")
    assert answer.startswith(b"OK")
    assert isinstance(client, Client)


async def test_what_others_do_in_other_sessions_is_seen_by_the_next_command() -> None:
    world = await open_world()
    await define(world, "Unread", HasFlag(1, False))
    await world.store.write(append, 1, "INBOX", [letter(b"Subject: one\r\n\r\n")], [(0, ())], [NOW], NOW)
    one, other = world.connect(), world.connect()
    for client, name in ((one, "Unread"), (other, "INBOX")):
        await client.greeting()
        await client.ok("LOGIN alice@example.org secret")
        await client.ok(f"SELECT {name}")
    await other.ok("STORE 1 +FLAGS (\\Flagged)")
    assert await one.ok("UID SEARCH FLAGGED") == [b"* SEARCH 1", b"* 1 FETCH (UID 1 FLAGS (\\Flagged \\Recent))"]


async def test_uids_are_told_of_what_the_folder_shows_alone() -> None:
    world = await open_world()
    await define(world, "Unread", HasFlag(1, False), "Archive")
    client = world.connect()
    await client.greeting()
    await client.ok("LOGIN alice@example.org secret")
    said = b"APPEND Unread (%b) {16+}\r\nSubject: one\r\n\r\n"
    answer, _ = await client.command(said % b"")
    assert answer.startswith(b"OK [APPENDUID ")
    answer, _ = await client.command(said % b"\\Seen")
    assert answer == b"OK Stored"
