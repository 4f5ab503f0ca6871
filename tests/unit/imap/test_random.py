"""Two clients do whatever to one mailbox: each is always told what is true, in an order that it can follow."""

from __future__ import annotations

import asyncio
import random

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.conftest import LOOP
from tests.unit.imap.client import Client, is_done
from tests.unit.imap.world import open_world

MESSAGE = b"Subject: one\r\n\r\ntext\r\n"
FLAGS = ("\\Seen", "\\Flagged", "\\Deleted", "\\Answered", "$Label1", "urgent")


def some_set(choice: random.Random, count: int) -> str:
    """A sequence set within `count` messages."""
    parts = []
    for _ in range(choice.randint(1, 3)):
        first, last = choice.randint(1, count), choice.randint(1, count)
        parts.append(choice.choice([str(first), f"{first}:{last}", f"{first}:*", "*"]))
    return ",".join(parts)


def some_command(choice: random.Random, client: Client) -> str | bytes:
    """Something that a client may do now."""
    count = len(client.entries)
    flags = " ".join(choice.sample(FLAGS, choice.randint(1, 3)))
    silent = choice.choice(["", ".SILENT"])
    always: list[str | bytes] = [
        "NOOP",
        "EXPUNGE",
        b"APPEND INBOX (%s) {%d+}\r\n%s" % (flags.encode(), len(MESSAGE), MESSAGE),
        f"UID STORE {choice.randint(1, 30)}:* {choice.choice(['+', '-', ''])}FLAGS{silent} ({flags})",
        f"UID EXPUNGE {choice.randint(1, 30)}:*",
        f"UID FETCH {choice.randint(1, 30)}:* (FLAGS)",
    ]
    if not count:
        return choice.choice(always)
    chosen = some_set(choice, count)
    return choice.choice(
        [
            *always,
            f"STORE {chosen} +FLAGS ({flags})",
            f"STORE {chosen} FLAGS.SILENT ({flags})",
            f"FETCH {chosen} (UID FLAGS)",
            f"FETCH {chosen} (BODY[])",
            f"SEARCH {chosen} DELETED",
            f"COPY {chosen} INBOX",
            f"MOVE {chosen} {choice.choice(['INBOX', 'Trash'])}",
        ]
    )


async def idle_for_a_moment(client: Client, other: Client, doing: str | bytes) -> None:
    client._tags += 1
    tag = b"t%d" % client._tags
    client.transport.send(tag + b" IDLE\r\n")
    await other.command(doing)
    for _ in range(3):
        await asyncio.sleep(0)
    client.transport.send(b"DONE\r\n")
    answer, _ = await client.until(tag)
    assert answer.startswith(b"OK")


async def play(seed: int, steps: int) -> None:
    choice = random.Random(seed)
    world = await open_world(kept_uids=choice.choice([0, 1000]))
    clients = [world.connect(), world.connect()]
    for client in clients:
        await client.greeting()
        await client.ok("LOGIN alice@example.org secret")
        await client.ok("SELECT INBOX")
    for _ in range(steps):
        client, other = choice.sample(clients, 2)
        if choice.random() < 0.1:
            await idle_for_a_moment(client, other, some_command(choice, other))
            continue
        command = some_command(choice, client)
        answer, _ = await client.command(command)
        assert is_done(command, answer), answer
    for client in clients:
        await client.ok("NOOP")
    truth = await world.flags("INBOX")
    for client in clients:
        # what was told all along
        assert len(client.entries) == len(truth)
        for entry, (uid, flags) in zip(client.entries, truth, strict=True):
            assert entry.uid in (None, uid)
            assert entry.flags in (None, flags)
        await client.ok("FETCH 1:* (UID FLAGS)")
        assert [(entry.uid, entry.flags) for entry in client.entries] == truth


@settings(max_examples=40)
@given(st.integers(0, 2**32), st.integers(5, 60))
def test_clients_can_follow(seed: int, steps: int) -> None:
    LOOP.run_until_complete(asyncio.wait_for(play(seed, steps), 30))
