"""Threads over mailboxes: who is of one, what is left when messages go, and that a rebuild gives the same."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from posthouse.core.mail import threads
from posthouse.core.mail.erase import erase_some
from posthouse.core.mail.flags import FlagChange
from posthouse.core.mail.messages import Column, append, copy, expunge, move, rows, store_flags
from posthouse.core.mail.records import ENCODER, decode_message
from posthouse.core.mail.threads import thread_members
from posthouse.core.mail.undelete import erase_expunged
from posthouse.core.maintenance.threads import check_threads, mend_threads
from posthouse.storage.contract import ReadTransaction, WriteTransaction, operation, query
from posthouse.storage.spaces import MESSAGE, THREAD, THREAD_LINK
from tests.conftest import LOOP
from tests.letters import letter
from tests.unit.imap.world import NOW, World, open_world

DELETED = 8


@operation
def erase_all_expunged(txn: WriteTransaction, account: int) -> None:
    erase_expunged(txn, account, 10_000, NOW)


@query
def kept(txn: ReadTransaction) -> list[int]:
    """How many records of threads there are."""
    return [len(list(txn.scan(*space.range()))) for space in (THREAD, THREAD_LINK)]


def message(number: int, answers: str = "", subject: str = "Tea") -> bytes:
    return f"Message-ID: <{number}@x>\r\nReferences: {answers}\r\nSubject: {subject}\r\n\r\n".encode()


async def add(world: World, *octets: bytes, name: str = "INBOX") -> list[int]:
    """Their threads."""
    letters = [letter(each) for each in octets]
    await world.store.write(append, 1, name, letters, [(0, ())] * len(letters), [NOW] * len(letters), NOW)
    return (await all_threads(world))[-len(letters) :]


async def all_threads(world: World, mailbox: int = 1) -> list[int]:
    found = await world.store.read(rows, 1, mailbox, 1, 10_000, 10_000, Column.RECORD)
    return [row.thread for row in found]


async def remove(world: World, *uids: int) -> None:
    ranges = [(uid, uid) for uid in sorted(uids)]
    await world.store.write(store_flags, 1, 1, ranges, FlagChange("add", DELETED), None)
    await world.store.write(expunge, 1, 1, ranges, NOW)
    await world.store.write(erase_all_expunged, 1)


async def test_an_answer_is_of_the_thread() -> None:
    world = await open_world()
    assert await add(world, message(1), message(2, "<1@x>", "Re: Tea"), message(3, "<1@x> <2@x>", "RE: tea")) == [
        1,
        1,
        1,
    ]
    assert await add(world, message(4, "<2@x>", "Coffee"), message(5, "", "Tea")) == [4, 5]
    assert await world.store.read(thread_members, 1, 1) == [1, 2, 3]
    assert await world.store.read(thread_members, 1, 4) == [4]
    assert await world.store.read(thread_members, 1, 2) == []
    assert await world.store.read(thread_members, 1, 77) == []


async def test_answers_are_of_one_thread_without_what_they_answer() -> None:
    world = await open_world()
    assert await add(world, message(2, "<1@x>"), message(3, "<1@x>"), message(1)) == [1, 1, 1]


async def test_in_reply_to_serves_where_there_are_no_references() -> None:
    world = await open_world()
    answer = b"Message-ID: <2@x>\r\nIn-Reply-To: <1@x>\r\nSubject: Re: Tea\r\n\r\n"
    assert await add(world, message(1), answer) == [1, 1]


async def test_a_message_without_ids_is_alone() -> None:
    world = await open_world()
    assert await add(world, b"Subject: x\r\n\r\n", b"Subject: x\r\n\r\n") == [1, 2]
    assert await world.store.read(kept) == [0, 0]


async def test_the_thread_stays_where_the_message_goes() -> None:
    world = await open_world()
    await add(world, message(1), message(2, "<1@x>"))
    await world.store.write(copy, 1, 1, [(2, 2)], "Archive", NOW)
    await world.store.write(move, 1, 1, [(1, 1)], "Trash", NOW)
    assert await add(world, message(3, "<2@x>")) == [1]
    assert await world.store.read(thread_members, 1, 1) == [1, 2, 3]
    await remove(world, 2)
    assert await world.store.read(thread_members, 1, 1) == [1, 2, 3], "the copy is there"


async def test_nothing_is_left_of_a_thread_that_went() -> None:
    world = await open_world()
    await add(world, message(1), message(2, "<1@x> <7@x>"), message(3), message(4, "<9@x>"))
    await remove(world, 1)
    assert await world.store.read(thread_members, 1, 1) == [2]
    assert await add(world, message(5, "<1@x>")) == [1], "what went is still answered"
    await remove(world, 2, 5)
    assert await world.store.read(thread_members, 1, 1) == []
    await remove(world, 3, 4)
    assert await world.store.read(kept) == [0, 0]


async def test_a_full_thread_takes_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(threads, "MOST_MEMBERS", 3)
    world = await open_world()
    found = await add(world, message(1), *[message(number, "<1@x>") for number in range(2, 9)])
    assert found == [1, 1, 1, 4, 4, 4, 7, 7]
    assert await world.store.read(check_threads, 1) == []
    await remove(world, 1, 2, 3, 7, 8)
    assert await world.store.read(check_threads, 1) == []
    await remove(world, 4, 5, 6)
    assert await world.store.read(kept) == [0, 0]


async def test_links_of_a_thread_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(threads, "MOST_LINKS", 4)
    world = await open_world()
    await add(world, message(1))
    for number in range(2, 20):
        await add(world, message(number, "<1@x>"))
        await remove(world, number - 1)
    _, links = await world.store.read(kept)
    assert links <= 8


async def test_an_account_that_is_erased_leaves_nothing() -> None:
    world = await open_world()
    await add(world, message(1), message(2, "<1@x>"), message(3))
    assert await world.store.write(erase_some, 1, 100, NOW)
    assert await world.store.read(kept) == [0, 0]


@operation
def forget_thread(txn: WriteTransaction, number: int) -> None:
    key = MESSAGE.key(1, number)
    record = decode_message(txn.get(key) or b"")
    txn.put(key, ENCODER.encode(msgspec.structs.replace(record, thread=0, links=b"")))


@operation
def spoil(txn: WriteTransaction, what: str) -> None:
    if what == "record":
        txn.delete(THREAD.key(1, 1))
    elif what == "members":
        txn.put(THREAD.key(1, 1), ENCODER.encode(threads.ThreadRecord(b"\x01\x00\x00\x00", b"")))
    elif what == "unreadable":
        txn.put(THREAD.key(1, 1), b"\xff")
    elif what == "stray":
        txn.put(THREAD.key(1, 99), ENCODER.encode(threads.ThreadRecord(b"\x63\x00\x00\x00", b"")))
    else:
        txn.put(THREAD_LINK.key(1, 5), b"\x01\x00\x00\x00" if what == "link" else b"\x58\x00\x00\x00")


@pytest.mark.parametrize("what", ["record", "members", "unreadable", "stray", "link", "astray"])
async def test_what_is_wrong_is_found_and_mended(what: str) -> None:
    world = await open_world()
    await add(world, message(1), message(2, "<1@x>"), message(3))
    before = await world.store.read(kept)
    assert await world.store.read(check_threads, 1) == []
    await world.store.write(spoil, what)
    assert len(await world.store.read(check_threads, 1)) == 1
    assert len(await world.store.write(mend_threads, 1)) == 1
    assert await world.store.read(check_threads, 1) == []
    assert await world.store.read(kept) == before
    assert await all_threads(world) == [1, 1, 3]


async def test_a_record_that_cannot_be_read_keeps_no_letter_away() -> None:
    world = await open_world()
    await add(world, message(1), message(2, "<1@x>"))
    await world.store.write(spoil, "unreadable")
    await add(world, message(3, "<2@x>"))
    await world.store.write(spoil, "unreadable")
    await remove(world, 1)
    await world.store.write(mend_threads, 1)
    assert await all_threads(world) == [2, 2]


async def test_nor_does_a_first_message_that_is_damaged() -> None:
    world = await open_world()
    await add(world, message(1))
    await world.store.write(damage_message, 1)
    await world.store.write(append, 1, "INBOX", [letter(message(2, "<1@x>"))], [(0, ())], [NOW], NOW)
    assert await world.store.read(thread_members, 1, 1) == [1, 2]


@operation
def damage_message(txn: WriteTransaction, number: int) -> None:
    txn.put(MESSAGE.key(1, number), b"\xff")


async def test_messages_from_before_there_were_threads_get_theirs() -> None:
    world = await open_world()
    await add(world, message(1), message(2, "<1@x>"), message(3))
    for number in (1, 2, 3):
        await world.store.write(forget_thread, number)
    assert await all_threads(world) == [1, 2, 3], "each is of its own until then"
    assert len(await world.store.write(mend_threads, 1)) == 1
    assert await all_threads(world) == [1, 1, 3]
    assert await world.store.write(mend_threads, 1) == []


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["add", "add", "remove", "copy"]),
        st.integers(1, 8),
        st.lists(st.integers(1, 8), max_size=3),
        st.sampled_from(["Tea", "Coffee"]),
    ),
    max_size=25,
)


@settings(max_examples=60)
@given(STEPS)
def test_whatever_happens_all_fits(steps: list[tuple[str, int, list[int], str]]) -> None:
    async def work() -> None:
        world = await open_world()
        for step, number, chain, subject in steps:
            if step == "add":
                await add(world, message(number, " ".join(f"<{one}@x>" for one in chain), subject))
            elif step == "remove":
                await remove(world, number)
            else:
                await world.store.write(copy, 1, 1, [(number, number)], "INBOX", NOW)
            assert await world.store.read(check_threads, 1) == []
        found = await world.store.read(rows, 1, 1, 1, 10_000, 10_000, 0)
        await remove(world, *[row.uid for row in found])
        assert await world.store.read(kept) == [0, 0]

    LOOP.run_until_complete(work())
