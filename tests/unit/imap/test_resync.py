"""Resynchronising where transcripts do not reach: a log that was cut, a long log, large mailboxes."""

from __future__ import annotations

from posthouse.core.mail.flags import FlagChange
from posthouse.core.mail.messages import append, expunge, store_flags
from posthouse.protocols.imap import mailbox_log
from posthouse.protocols.imap.commands.resync import RANGES_PER_LINE, changed_positions
from posthouse.protocols.imap.dialect import Dialect
from posthouse.protocols.imap.opening import open_view
from posthouse.storage.changes import Changes, LogPage, log_page, net, prune_changes
from posthouse.storage.contract import WriteTransaction, operation, query
from posthouse.storage.item_bytes import EVERY
from tests.letters import letter
from tests.unit.imap.client import Client
from tests.unit.imap.world import NOW, World, open_world

SEEN, DELETED = 1, 8
SELECT = "SELECT INBOX (QRESYNC (1790000000 %d%s))"


@operation
def prune(txn: WriteTransaction, account: int) -> int:
    return prune_changes(txn, account, 0, 1_000_000)


async def add(world: World, count: int, name: str = "INBOX") -> None:
    letters = [letter(b"Subject: one\r\n\r\n")] * count
    await world.store.write(append, 1, name, letters, [(0, ())] * count, [NOW] * count, NOW)


async def change(world: World, uid: int, flags: int = SEEN) -> int:
    done = await world.store.write(store_flags, 1, 1, [(uid, uid)], FlagChange("add", flags), None)
    return done.modseq


async def remove(world: World, first: int, last: int) -> None:
    await world.store.write(store_flags, 1, 1, [(first, last)], FlagChange("add", DELETED), None)
    await world.store.write(expunge, 1, 1, [(first, last)], NOW)


async def connect(world: World) -> Client:
    client = world.connect()
    await client.greeting()
    await client.ok("LOGIN alice@example.org secret")
    await client.ok("ENABLE QRESYNC")
    return client


def told(untagged: list[bytes]) -> list[bytes]:
    return [line for line in untagged if b"VANISHED" in line or b"FETCH" in line]


async def test_a_log_that_was_cut_is_made_up_for() -> None:
    world = await open_world()
    await add(world, 9)
    await remove(world, 2, 3)
    since = await change(world, 5)
    await remove(world, 7, 7)
    await change(world, 8)
    client = await connect(world)
    whole = told(await client.ok(SELECT % (since, "")))
    assert whole == [b"* VANISHED (EARLIER) 7", b"* 5 FETCH (UID 8 FLAGS (\\Seen \\Recent) MODSEQ (8))"]
    await world.store.write(prune, 1)
    # what went long ago cannot be told from what went lately: all that is not there is told
    cut = told(await client.ok(SELECT % (since, "")))
    assert cut == [b"* VANISHED (EARLIER) 2:3,7", b"* 5 FETCH (UID 8 FLAGS (\\Seen) MODSEQ (8))"]
    # numbers that still fit tell that the client knows of what went below them
    matched = told(await client.ok(SELECT % (since, " 1:9 (1,3:4,6 1,5:6,8)")))
    assert matched == [b"* VANISHED (EARLIER) 7", b"* 5 FETCH (UID 8 FLAGS (\\Seen) MODSEQ (8))"]
    some = told(await client.ok(SELECT % (since, " 1:3,9")))
    assert some == [b"* VANISHED (EARLIER) 2:3"]
    fetched = told(await client.ok(f"UID FETCH 1:7 (FLAGS) (CHANGEDSINCE {since - 1} VANISHED)"))
    assert fetched == [b"* VANISHED (EARLIER) 2:3,7", b"* 3 FETCH (UID 5 FLAGS (\\Seen) MODSEQ (5))"]


async def test_only_the_end_of_a_large_mailbox_is_read() -> None:
    world = await open_world()
    await add(world, 100)
    since = await change(world, 98)
    view = await open_view(world.store, 1, "INBOX", Dialect(), read_only=True)
    before, uids = await view.numbering.uids_from(98)
    assert (before, list(uids)) == (97, [98, 99, 100])
    assert view.numbering.held is None
    assert await changed_positions([(0, 100)], await view.changes(since - 1), since - 1, view) == [(97, 98)]


async def test_what_came_and_went_since_is_told_to_who_may_have_seen_it() -> None:
    world = await open_world()
    await add(world, 2)
    client = await connect(world)
    await client.ok(SELECT % (1, ""))
    await add(world, 2)
    await client.ok("UID FETCH 3:4 (FLAGS)")  # seen, but no mod-sequence was told with them
    await remove(world, 4, 4)
    again = await connect(world)
    assert told(await again.ok(SELECT % (2, " 1:4"))) == [
        b"* VANISHED (EARLIER) 4",
        b"* 3 FETCH (UID 3 FLAGS () MODSEQ (3))",
    ]


async def test_many_gaps_are_told_in_lines_of_bounded_length() -> None:
    world = await open_world()
    await add(world, 2 * RANGES_PER_LINE + 10)
    modseq = 2
    for uid in range(2, 2 * RANGES_PER_LINE + 6, 2):
        await change(world, uid, DELETED)
    await world.store.write(expunge, 1, 1, [EVERY], NOW)
    client = await connect(world)
    lines = told(await client.ok(SELECT % (modseq, "")))
    assert len(lines) == 2
    assert lines[0].startswith(b"* VANISHED (EARLIER) 2,4,")
    assert lines[1] == b"* VANISHED (EARLIER) 2002,2004"


def test_pages_of_the_log_say_what_the_whole_says() -> None:
    first = LogPage(5, [(1, 4)], [(2, 2)], [], True, 5, True)
    second = LogPage(9, [(5, 5)], [(4, 5), (9, 9)], [(2, 2), (8, 8)], True, 8)
    assert net([first, second]) == Changes(9, [(1, 1), (3, 5)], [(9, 9)], [(8, 8)], True, 8, [(2, 2), (8, 8)])
    assert net([first, LogPage(9, [], [], [], False)]).complete is False


async def test_a_long_log_is_read_in_pages() -> None:
    world = await open_world()
    await add(world, 3)
    for _ in range(3):
        await add(world, 1)
        await add(world, 1, "Trash")
    page = await world.store.read(query(log_page), 1, 1, 2, None, 4)
    assert (page.modseq, page.created, page.newest, page.more) == (6, [(4, 4), (5, 5)], 5, True)
    page = await world.store.read(query(log_page), 1, 1, 6, 7, 4)
    assert (page.modseq, page.created, page.newest, page.more) == (7, [(6, 6)], 7, False)
    found = await mailbox_log.changes(world.store, 1, 1, 2)
    assert (found.modseq, found.created, found.newest) == (8, [(4, 6)], 7)
