"""UIDBATCHES and MESSAGELIMIT, for which mailboxes are larger than in transcripts."""

from __future__ import annotations

from posthouse.core.mail.flags import FlagChange
from posthouse.core.mail.messages import append, expunge, store_flags
from posthouse.storage.item_bytes import EVERY
from tests.letters import letter
from tests.unit.imap.client import Client
from tests.unit.imap.world import NOW, World, open_world


async def fill(world: World, count: int) -> Client:
    letters = [letter(b"Subject: one\r\n\r\n")] * count
    await world.store.write(append, 1, "INBOX", letters, [(0, ())] * count, [NOW] * count, NOW)
    client = world.connect()
    await client.greeting()
    await client.ok("LOGIN alice@example.org secret")
    return client


async def test_batches_go_from_the_newest_to_the_oldest() -> None:
    world = await open_world()
    client = await fill(world, 1300)
    await world.store.write(store_flags, 1, 1, [(1, 100)], FlagChange("add", 8), None)
    await world.store.write(expunge, 1, 1, [EVERY], NOW)
    await client.ok("SELECT INBOX")
    assert await client.ok("UIDBATCHES 500") == [b'* UIDBATCHES (TAG "t3") 1300:801,800:301,300:1']
    assert await client.ok("UIDBATCHES 500 2:3") == [b'* UIDBATCHES (TAG "t4") 800:301,300:1']
    assert (await client.command("UIDBATCHES 500 3:2"))[0].startswith(b"BAD [CLIENTBUG] ")
    assert await client.ok("UIDBATCHES 1200") == [b'* UIDBATCHES (TAG "t6") 1300:1']
    assert await client.ok("UIDBATCHES 500 4:9") == [b'* UIDBATCHES (TAG "t7")']
    assert (await client.command("UIDBATCHES 499"))[0].startswith(b"NO [TOOFEW]")
    assert (await client.command("UIDBATCHES 500 0:1"))[0].startswith(b"BAD")
    await client.ok("SELECT Trash")
    assert await client.ok("UIDBATCHES 500") == [b'* UIDBATCHES (TAG "t11")']


async def test_a_command_changes_no_more_than_the_limit() -> None:
    world = await open_world(changed_messages=3)
    client = await fill(world, 8)
    await client.ok("SELECT INBOX")
    answer, told = await client.command("UID STORE 1:6,8 +FLAGS (\\Deleted)")
    assert answer.startswith(b"OK [MESSAGELIMIT 3 5] ")
    assert [line.split(b" FLAGS")[0] for line in told] == [
        b"* 5 FETCH (UID 5",
        b"* 6 FETCH (UID 6",
        b"* 8 FETCH (UID 8",
    ]
    assert (await client.command("STORE 6:8 +FLAGS.SILENT (\\Deleted)"))[0] == b"OK Done"
    answer, told = await client.command("UID EXPUNGE 1:*")
    assert (answer.split(b"]")[0], told) == (
        b"OK [MESSAGELIMIT 3 6",
        [b"* 8 EXPUNGE", b"* 7 EXPUNGE", b"* 6 EXPUNGE"],
    )
    answer, told = await client.command("COPY 1:* Trash")
    assert (answer.split(b"]")[0], told) == (b"NO [MESSAGELIMIT 3 3", [])
    answer, told = await client.command("MOVE 1:* Trash")
    assert answer.startswith(b"OK [MESSAGELIMIT 3 3] ")
    assert told[1:] == [b"* 5 EXPUNGE", b"* 4 EXPUNGE", b"* 3 EXPUNGE"]
    await client.ok("ENABLE QRESYNC")
    await client.ok("SELECT Trash")
    await client.ok("COPY 1:3 Trash")
    answer, told = await client.command("UID MOVE 1:* INBOX")
    assert answer.startswith(b"OK [HIGHESTMODSEQ ")
    assert told[-1].startswith(b"* NO [MESSAGELIMIT 3 4] ")


async def test_uid_expunge_counts_what_is_deleted() -> None:
    """RFC 9738 3.1: however many messages stand between the \\Deleted ones."""
    world = await open_world(changed_messages=2)
    client = await fill(world, 9)
    await client.ok("SELECT INBOX")
    await world.store.write(store_flags, 1, 1, [(1, 1), (4, 4), (9, 9)], FlagChange("add", 8), None)
    await client.ok("NOOP")
    answer, told = await client.command("UID EXPUNGE 1:8")
    assert (answer, told) == (b"OK Expunged", [b"* 4 EXPUNGE", b"* 1 EXPUNGE"])
    await world.store.write(store_flags, 1, 1, [(2, 3)], FlagChange("add", 8), None)
    answer, told = await client.command("UID EXPUNGE 1:*")
    assert answer.startswith(b"OK [MESSAGELIMIT 2 3] ")
    assert [line for line in told if line.endswith(b"EXPUNGE")] == [b"* 7 EXPUNGE", b"* 2 EXPUNGE"]
    # RFC 9738 3.1: EXPUNGE has no limit
    await world.store.write(store_flags, 1, 1, [(2, 9)], FlagChange("add", 8), None)
    assert (await client.command("EXPUNGE"))[0] == b"OK Expunged"
    assert client.entries == []


async def test_an_append_has_no_more_messages_than_the_limit() -> None:
    """RFC 9738 3.1: none of them is kept, as RFC 3502 has it."""
    world = await open_world(changed_messages=2)
    client = await fill(world, 1)
    two = "{2+}\r\nhi {2+}\r\nhi"
    await client.ok(f"APPEND INBOX {two}")
    assert (await client.command(f"APPEND INBOX {two} {{2+}}\r\nhi"))[0].startswith(b"NO [MESSAGELIMIT 2] ")
    assert b"* 3 EXISTS" in await client.ok("SELECT INBOX")


async def test_header_fields_with_8_bits_can_be_let_in() -> None:
    world = await open_world(eight_bit_headers=True)
    client = await fill(world, 0)
    await client.ok(b"APPEND INBOX {19+}\r\nSubject: Gr\xfc\xdfe\r\n\r\n\r\n")


async def test_a_mailbox_with_all_its_keywords_says_so() -> None:
    world = await open_world()
    client = await fill(world, 1)
    await client.ok("SELECT INBOX")
    names = " ".join(f"k{number}" for number in range(256))
    told = await client.ok(f"STORE 1 +FLAGS ({names})")
    assert f"* 1 FETCH (FLAGS (\\Recent {names}))".encode() in told
    (lasting,) = [line for line in told if b"PERMANENTFLAGS" in line]
    assert b" k255)] " in lasting  # and no \* behind it
    assert (await client.command("STORE 1 +FLAGS (k256)"))[0].startswith(b"NO [LIMIT] ")
    assert await client.ok("SEARCH KEYWORD k200") == [b"* SEARCH 1"]
    assert await client.ok("STORE 1 -FLAGS (K200)") != []
    assert await client.ok("SEARCH KEYWORD k200") == [b"* SEARCH"]
