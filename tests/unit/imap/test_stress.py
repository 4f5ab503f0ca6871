"""Several clients change one mailbox at once, thousands of times: what each believes is at every halt what is true.

Short by default; POSTHOUSE_TEST_LONG makes it long. The seed is printed; POSTHOUSE_TEST_SEED takes it.
"""

from __future__ import annotations

import asyncio
import os
import random
from pathlib import Path

import pytest

from posthouse.core.bus import LocalBus
from posthouse.core.mail.mailboxes import find_mailbox
from posthouse.core.mail.messages import rows
from posthouse.protocols.imap.wire.fetch_encoder import FlagLists
from posthouse.storage.changes import prune_changes
from posthouse.storage.contract import WriteTransaction, operation
from tests.unit.imap.client import is_done
from tests.unit.imap.model import Model
from tests.unit.imap.world import World, open_world
from tests.unit.stores import opened

LONG = bool(os.environ.get("POSTHOUSE_TEST_LONG"))
ROUNDS = 200 if LONG else 6
COMMANDS = 40  # of each client in a round
MESSAGE = b"Subject: one\r\n\r\ntext\r\n"
FLAGS = ("\\Seen", "\\Flagged", "\\Deleted", "\\Answered", "$Label1", "urgent")
MOST = 60  # messages; so that changes meet

Truth = list[tuple[int, frozenset[bytes], int]]


@operation
def prune(txn: WriteTransaction, account: int) -> int:
    return prune_changes(txn, account, 3, 1_000_000)


async def truth(world: World) -> Truth:
    """(uid, flags, modseq) of all messages, straight from the store."""
    mailbox = await world.store.read(find_mailbox, 1, "INBOX")
    names = FlagLists(mailbox.keywords)
    found = await world.store.read(rows, 1, mailbox.id, 1, 0xFFFFFFFF, 1_000_000, 0)
    return [(row.uid, frozenset(names.render(row.flags, row.keywords)[1:-1].split()), row.modseq) for row in found]


def some_set(choice: random.Random, count: int) -> str:
    parts = []
    for _ in range(choice.randint(1, 3)):
        first, last = choice.randint(1, count), choice.randint(1, count)
        parts.append(choice.choice([str(first), f"{first}:{last}", f"{first}:*", "*"]))
    return ",".join(parts)


def some_command(choice: random.Random, client: Model) -> str | bytes:
    count = len(client.entries)
    flags = " ".join(choice.sample(FLAGS, choice.randint(1, 3)))
    silent = choice.choice(["", ".SILENT"])
    uid = max((entry.uid or 0 for entry in client.known), default=0)
    uids = f"{choice.randint(1, uid + 1)}:{choice.choice(['*', str(choice.randint(1, uid + 1))])}"
    always: list[str | bytes] = [
        "NOOP",
        "EXPUNGE",
        f"UID STORE {uids} {choice.choice(['+', '-', ''])}FLAGS{silent} ({flags})",
        f"UID EXPUNGE {uids}",
        f"UID FETCH {uids} (FLAGS)",
        f"UID SEARCH UID {uids} DELETED",
    ]
    if count < MOST:
        always += [b"APPEND INBOX (%s) {%d+}\r\n%s" % (flags.encode(), len(MESSAGE), MESSAGE)] * 3
    if client.highest:
        since = max(1, client.highest - choice.randint(0, 20))
        always += [
            f"UID FETCH {uids} (FLAGS) (CHANGEDSINCE {since})",
            f"UID STORE {uids} (UNCHANGEDSINCE {since}) +FLAGS{silent} ({flags})",
            f"SEARCH MODSEQ {since}",
        ]
    if not count:
        return choice.choice(always)
    chosen = some_set(choice, count)
    numbered = [
        f"STORE {chosen} +FLAGS ({flags})",
        f"STORE {chosen} FLAGS.SILENT ({flags})",
        f"FETCH {chosen} (UID FLAGS)",
        f"FETCH {chosen} (BODY[])",
        f"SEARCH {chosen} DELETED",
        f"MOVE {chosen} {choice.choice(['INBOX', 'Trash'])}",
    ]
    if count < MOST:
        numbered.append(f"COPY {chosen} INBOX")
    return choice.choice(always + numbered)


async def idle(choice: random.Random, client: Model) -> None:
    client._tags += 1
    tag = b"t%d" % client._tags
    client.transport.send(tag + b" IDLE\r\n")
    for _ in range(choice.randint(1, 30)):
        await asyncio.sleep(0)
    client.transport.send(b"DONE\r\n")
    answer, _ = await client.until(tag)
    assert answer.startswith(b"OK")


async def act(choice: random.Random, client: Model, may_come_back: bool) -> None:
    for _ in range(COMMANDS):
        chance = choice.random()
        if chance < 0.1:
            await idle(choice, client)
        elif chance < 0.17 and may_come_back:
            await client.come_back()
        else:
            command = some_command(choice, client)
            answer, _ = await client.command(command)
            assert is_done(command, answer), answer


def compare(client: Model, real: Truth, *, whole: bool) -> None:
    assert len(client.known) == len(real)
    for entry, (uid, flags, modseq) in zip(client.known, real, strict=True):
        if whole:
            assert (entry.uid, entry.flags) == (uid, flags)
        assert entry.uid in (None, uid)
        assert entry.flags in (None, flags), (uid, entry.flags, flags)
        assert entry.modseq in (None, modseq), (uid, entry.modseq, modseq)


async def play(world: World, seed: int, rounds: int) -> list[Model]:
    choice = random.Random(seed)
    clients = [
        Model(world.begin, choice.choice(["QRESYNC", "IMAP4rev2 QRESYNC"]), "SELECT INBOX "),
        Model(world.begin, choice.choice(["CONDSTORE", "IMAP4rev2 CONDSTORE"]), "SELECT INBOX "),
        Model(world.begin, "", "SELECT INBOX "),
    ]
    for client in clients:
        await client.come()
    if choice.random() < 0.5:
        # what is new is told also between commands, what went is not
        await clients[2].ok("NOTIFY SET (SELECTED-DELAYED (MessageNew (FLAGS) MessageExpunge FlagChange))")
    for _ in range(rounds):
        await asyncio.gather(
            *(act(random.Random(choice.getrandbits(32)), client, n == 0) for n, client in enumerate(clients))
        )
        for client in clients:
            await client.ok("NOOP")
        real = await truth(world)
        for client in clients:
            compare(client, real, whole=False)
            modseq = " MODSEQ" if client.highest else ""
            await client.ok(f"FETCH 1:* (UID FLAGS{modseq})")
            compare(client, real, whole=True)
        if choice.random() < 0.2:
            await world.store.write(prune, 1)
    return clients


@pytest.mark.parametrize("engine", ["memory", "lmdb-process"])
async def test_what_clients_believe_is_true(engine: str, tmp_path: Path) -> None:
    seed = int(os.environ.get("POSTHOUSE_TEST_SEED") or random.randrange(1 << 32))
    print(f"stress on {engine}, seed {seed}")
    bus = LocalBus()
    async with opened(engine, tmp_path, bus) as store:
        world = await open_world(store=store, bus=bus, kept_uids=random.Random(seed).choice([0, 20]))
        clients = await play(world, seed, ROUNDS)
        assert clients[0].resynchronised > 0
        for client in clients:
            await client.transport.hang_up()
