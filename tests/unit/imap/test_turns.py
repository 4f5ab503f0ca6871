"""Commands on large mailboxes give other sessions of the worker their turns, and other changes theirs.

Turns of the event loop are counted, not time: with portions made small, a mailbox of some dozen messages takes many.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest

from posthouse.core import turns
from posthouse.core.mail.digests import reading as digests
from posthouse.protocols.imap import mailbox_log, numbering, view, windows
from posthouse.protocols.imap.commands import expunge, limiting, listing, sorting
from posthouse.protocols.imap.commands.fetch import plan as fetching
from posthouse.protocols.imap.commands.search import answer, relevancy, sieve
from posthouse.protocols.imap.commands.search import command as searching
from posthouse.protocols.imap.commands.sort import ordering
from posthouse.protocols.imap.commands.thread import algorithms, clusters, kept, linking, subjects
from posthouse.protocols.imap.commands.thread import command as threading
from tests.unit.imap.client import Client
from tests.unit.imap.world import World, open_world

COUNT = 60
PORTION = 5
PORTIONS = COUNT // PORTION


@pytest.fixture(autouse=True)
def small_portions(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for module, names in (
        (digests, "ROWS_AT_ONCE"),
        (turns, "SECONDS"),
        (mailbox_log, "ENTRIES_PER_READ"),
        (numbering, "UIDS_PER_READ RANGES_AT_ONCE"),
        (view, "ROWS_PER_READ LINES_AT_ONCE"),
        (windows, "RANGES"),
        (expunge, "LOOKED_AT_AT_ONCE"),
        (limiting, "CHANGED_AT_ONCE"),
        (listing, "MAILBOXES_PER_READ"),
        (fetching, "FLAGS_PER_BATCH ROWS_PER_BATCH RECORDS_PER_BATCH BODIES_PER_BATCH"),
        (answer, "NUMBERS_AT_ONCE"),
        (searching, "ROWS_PER_BATCH POSITIONS_PER_BATCH"),
        (relevancy, "SCORES_AT_ONCE"),
        (sieve, "FLAGS_AT_ONCE"),
        (sorting, "PIECE FREED_AT_ONCE"),
        (algorithms, "AT_ONCE"),
        (clusters, "AT_ONCE SCANNED_AT_ONCE"),
        (kept, "THREADS_AT_ONCE NUMBERS_AT_ONCE OLD_AT_ONCE OCTETS_AT_ONCE"),
        (linking, "AT_ONCE"),
        (subjects, "AT_ONCE"),
    ):
        for name in names.split():
            monkeypatch.setattr(module, name, -1.0 if name == "SECONDS" else PORTION)
    monkeypatch.setattr(threading, "LEAST", 10)
    monkeypatch.setattr(ordering, "LEAST", 10)
    fetching.plan.cache_clear()  # portions are part of it
    yield
    fetching.plan.cache_clear()


async def filled() -> tuple[World, Client]:
    world = await open_world()
    client = world.connect()
    await client.greeting()
    await client.ok("LOGIN alice@example.org secret")
    for number in range(COUNT):
        ids = f"Message-ID: <{number}@x>\r\nReferences: <{number // 4}@x>\r\n"
        text = f"Subject: Report {number // 3}\r\n{ids}\r\nbody\r\n"
        await client.ok(f"APPEND INBOX {{{len(text)}+}}\r\n{text}")
    await client.ok("SELECT INBOX")
    return world, client


async def turns_of(client: Client, line: str) -> int:
    """How often the event loop went round while a command was done."""
    count = 0

    async def tick() -> None:
        nonlocal count
        while True:
            await asyncio.sleep(0)
            count += 1

    ticking = asyncio.ensure_future(tick())
    await client.ok(line)
    ticking.cancel()
    return count


@pytest.mark.parametrize(
    ("line", "times"),
    [
        ("FETCH 1:* (UID FLAGS)", 1),
        ("FETCH 1:* ENVELOPE", 1),
        ("FETCH 1:* PREVIEW", 1),
        ("FETCH 1:* BODY.PEEK[]", 1),
        ("SEARCH UNSEEN SUBJECT report", 2),
        ("SEARCH BODY body", 2),
        ("SEARCH LARGER 10", 2),
        ("SEARCH BCC nobody", 3),
        ("SEARCH RETURN (SAVE) SUBJECT report", 2),
        ("UID SEARCH RETURN (ALL) SUBJECT report", 3),
        ("SORT (SUBJECT) UTF-8 ALL", 5),
        ("SORT RETURN (ALL COUNT) (REVERSE SUBJECT) UTF-8 ALL", 5),
        ("SORT (RELEVANCY) UTF-8 FUZZY SUBJECT report", 6),
        ("SEARCH RETURN (RELEVANCY) FUZZY SUBJECT report", 3),
        ("UID FETCH 1:* (FLAGS) (CHANGEDSINCE 1)", 2),
        ("THREAD REFERENCES UTF-8 ALL", 10),
        ("UID THREAD REFS UTF-8 ALL", 9),
        ("THREAD ORDEREDSUBJECT UTF-8 ALL", 6),
        ("THREAD REFERENCES UTF-8 SUBJECT report", 7),
        ("STORE 1:* +FLAGS (\\Flagged)", 1),
        ("UID STORE 1:* -FLAGS.SILENT (\\Flagged)", 1),
    ],
)
async def test_others_have_their_turns(line: str, times: int) -> None:
    _, client = await filled()
    without = await turns_of(client, "NOOP")
    assert await turns_of(client, line) - without >= times * (PORTIONS - 1)


async def test_hearing_of_many_that_went() -> None:
    world, client = await filled()
    others = [world.connect(), world.connect()]
    for other in others:
        await other.greeting()
        await other.ok("LOGIN alice@example.org secret")
    (plain, synced) = others
    await synced.ok("ENABLE QRESYNC")
    for other in others:
        await other.ok("SELECT INBOX")
    every_second = ",".join(map(str, range(1, COUNT, 2)))
    await client.ok(f"STORE {every_second} +FLAGS.SILENT (\\Deleted)")
    await client.ok("EXPUNGE")
    assert await turns_of(plain, "NOOP") >= 20
    assert await turns_of(synced, "NOOP") >= 15
    assert len(plain.entries) == COUNT // 2


async def test_a_list_of_many_mailboxes() -> None:
    _, client = await filled()
    for number in range(20):
        await client.ok(f"CREATE box{number}")
    assert await turns_of(client, 'LIST "" *') >= 20
    assert await turns_of(client, 'LIST "" * RETURN (STATUS (MESSAGES))') >= 20
    assert await turns_of(client, 'LIST "" * RETURN (METADATA (/private/comment))') >= 20
    assert await turns_of(client, 'LSUB "" *') >= 20
    names = " ".join(f"box{number}" for number in range(20))
    assert await turns_of(client, f"ESEARCH IN (mailboxes ({names})) RETURN (COUNT) UNSEEN") >= 20


async def test_no_transaction_changes_many(monkeypatch: pytest.MonkeyPatch) -> None:
    world, client = await filled()
    changed: list[tuple[str, int]] = []
    write = type(world.store).write

    async def noting(self: Any, operation: Any, *arguments: Any) -> Any:
        ranges = next((one for one in arguments if isinstance(one, list)), [])
        changed.append((repr(operation), sum(last - first + 1 for first, last in ranges)))
        return await write(self, operation, *arguments)

    monkeypatch.setattr(type(world.store), "write", noting)
    await client.ok("STORE 2:* +FLAGS.SILENT (\\Deleted)")
    await client.ok("UID STORE 3,5,7:9,11,13,20:* +FLAGS (\\Seen)")
    await client.ok("UID EXPUNGE 2:20,30:35")
    assert len(client.entries) == COUNT - 25
    await client.ok("EXPUNGE")
    assert len(client.entries) == 1
    await client.ok("COPY 1 Trash")
    await client.ok("SELECT Trash")
    await client.ok("STORE 1 +FLAGS.SILENT (\\Deleted)")
    await client.ok("CLOSE")
    assert max(count for _, count in changed) == PORTION
    assert sum(count for name, count in changed if ":expunge" in name) == COUNT


async def test_an_expunge_of_nothing_changes_nothing() -> None:
    _, client = await filled()
    await client.ok("EXPUNGE")
    assert len(client.entries) == COUNT
