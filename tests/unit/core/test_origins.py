"""What is copied to another account keeps its ids there, and again elsewhere; both ways of looking them up agree."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from posthouse.core.mail import threads
from posthouse.core.mail.erase import erase_some
from posthouse.core.mail.finding import Found
from posthouse.core.mail.flags import DELETED, FlagChange
from posthouse.core.mail.messages import Column, append, expunge, rows, store_flags
from posthouse.core.mail.origins import (
    MESSAGES,
    THREADS,
    Origin,
    message_number,
    object_id,
    origins_of,
    parse_id,
)
from posthouse.core.mail.settings import MailSettings
from posthouse.core.mail.threads import copied_members
from posthouse.core.mail.transfer import transfer
from posthouse.core.mail.undelete import Choice, forget_expunged, undelete_some
from posthouse.core.maintenance.account import check_account, mend_account
from posthouse.core.maintenance.threads import check_threads, mend_threads
from posthouse.core.sharing.rights import ALL
from posthouse.storage.contract import ReadTransaction, Store, WriteTransaction, operation, query
from posthouse.storage.keys import Space
from posthouse.storage.spaces import (
    COPIED_MESSAGE,
    COPIED_THREAD,
    MESSAGE,
    MESSAGE_ORIGIN,
    PLACES,
    THREAD,
    THREAD_ORIGIN,
)
from tests.letters import letter
from tests.unit.core.house import NOW, person, two_domains

ANN, BOB = 1, 2
SPACES = (MESSAGE_ORIGIN, COPIED_MESSAGE, THREAD_ORIGIN, COPIED_THREAD)

Ids = list[tuple[bytes, bytes]]  # EMAILID and THREADID as Ann sees them, of each message


async def add(store: Store, account: int, number: int, references: str = "", subject: str = "Tea") -> None:
    header = f"Message-ID: <{number}@x>\r\nSubject: {subject}\r\nReferences: {references}\r\n\r\n{number}"
    await store.write(append, account, "INBOX", [letter(header.encode())], [(0, ())], [NOW], NOW)


async def carry(store: Store, account: int, uid: int, to: int, *, move: bool = False) -> None:
    """Copy or move a message between inboxes."""
    await store.write(transfer, account, 1, [(uid, uid)], Found(to, "INBOX", "INBOX", ALL), not move, NOW)


async def remove(store: Store, account: int, uid: int, *, forget: bool = True) -> None:
    await store.write(store_flags, account, 1, [(uid, uid)], FlagChange("add", DELETED), None)
    await store.write(expunge, account, 1, [(uid, uid)], NOW)
    if forget:
        await store.write(forget_expunged, account, NOW + 1, 100, NOW)


async def ids(store: Store, account: int) -> Ids:
    found = await store.read(rows, account, 1, 1, 1000, 1000, Column.RECORD | Column.ORIGIN)
    return [
        (
            object_id(b"M", row.origin or Origin(account, row.message), ANN),
            object_id(b"T", row.thread_origin or Origin(account, row.thread), ANN),
        )
        for row in found
    ]


async def sound(store: Store, *accounts: int) -> None:
    for account in accounts or (ANN, BOB):
        report = await store.read(check_account, account)
        assert report.faults + report.letter_faults + await store.read(check_threads, account) == []


@query
def kept(txn: ReadTransaction) -> list[int]:
    """How many records each space of origins has."""
    return [sum(1 for _ in txn.scan(*space.range())) for space in SPACES]


@operation
def put_raw(txn: WriteTransaction, key: bytes, value: bytes | None) -> None:
    if value is None:
        txn.delete(key)
    else:
        txn.put(key, value)


@pytest.mark.parametrize(
    ("id_", "meant"),
    [
        ("M7", Origin(1, 7)),
        ("M2-7", Origin(2, 7)),
        ("M1-7", None),  # one's own are without a mark
        ("T7", None),
        ("M", None),
        ("M07", None),
        ("M2-", None),
        ("M02-7", None),
        ("M7 ", None),
        ("M1234567890", None),
        ("x", None),
    ],
)
def test_what_an_id_names(id_: str, meant: Origin | None) -> None:
    assert parse_id(id_, "M", ANN) == meant
    if meant is not None:
        assert object_id(b"M", meant, ANN).decode() == id_


async def test_a_copy_of_a_copy_has_the_id_of_the_first(store: Store) -> None:
    await two_domains(store)
    third = await person(store, "carol@example.com")
    await add(store, BOB, 1)
    await add(store, ANN, 2)
    await carry(store, ANN, 1, BOB)
    await carry(store, BOB, 2, third)
    await carry(store, ANN, 1, third)
    assert await ids(store, BOB) == [(b"M2-1", b"T2-1"), (b"M1", b"T1")]
    assert await ids(store, third) == [(b"M1", b"T1")] * 2
    await sound(store, ANN, BOB, third)


async def test_what_comes_back_is_the_message_that_it_was(store: Store) -> None:
    await two_domains(store)
    await add(store, ANN, 1)
    await carry(store, ANN, 1, BOB, move=True)
    await carry(store, BOB, 1, ANN, move=True)
    await carry(store, ANN, 2, BOB)
    assert await ids(store, ANN) == await ids(store, BOB) == [(b"M1", b"T1")]
    (row,) = await store.read(rows, ANN, 1, 1, 1000, 1000, 0)
    assert row.message == 1
    await sound(store)


async def test_what_comes_back_when_it_was_forgotten_has_its_id_again(store: Store) -> None:
    await two_domains(store)
    await add(store, ANN, 1)
    await carry(store, ANN, 1, BOB)
    await remove(store, ANN, 1)
    await add(store, ANN, 2, subject="Milk")
    for _ in range(2):
        await carry(store, BOB, 1, ANN)
    await add(store, ANN, 3, "<1@x>")
    assert await ids(store, ANN) == [(b"M2", b"T2"), (b"M1", b"T1"), (b"M1", b"T1"), (b"M4", b"T1")]
    assert await store.read(message_number, ANN, Origin(ANN, 1)) == 3
    assert await store.read(copied_members, ANN, Origin(ANN, 1)) == [3, 4]
    assert await store.read(copied_members, ANN, Origin(ANN, 3)) == []
    await sound(store)


async def test_a_thread_keeps_its_id_while_it_has_messages(store: Store) -> None:
    await two_domains(store)
    await add(store, ANN, 1)
    await add(store, ANN, 2, "<1@x>")
    await add(store, ANN, 3, "<2@x>")
    await carry(store, ANN, 1, BOB)
    await carry(store, ANN, 3, BOB)  # only by the one between them do they have to do with each other
    await add(store, BOB, 4, "<3@x>")
    assert await ids(store, BOB) == [(b"M1", b"T1"), (b"M3", b"T1"), (b"M2-3", b"T1")]
    await remove(store, BOB, 1)
    await sound(store)
    assert await ids(store, BOB) == [(b"M3", b"T1"), (b"M2-3", b"T1")]
    assert await store.read(copied_members, BOB, Origin(ANN, 1)) == [2, 3]
    for uid in (2, 3):
        await remove(store, BOB, uid)
    assert await store.read(kept) == [0, 0, 0, 0]


async def test_a_conversation_that_is_there_is_another_thread_than_its_copy(store: Store) -> None:
    """What is the same message has the same THREADID, and what led to one's own conversation still does."""
    await two_domains(store)
    for account in (ANN, BOB):
        await add(store, account, 1)
        await add(store, account, 9, subject="Milk")
    await add(store, ANN, 2, "<1@x>")
    await carry(store, ANN, 3, BOB)
    await add(store, BOB, 3, "<1@x>")
    await add(store, BOB, 4, "<2@x>")
    await carry(store, ANN, 1, BOB)
    assert await ids(store, BOB) == [
        (b"M2-1", b"T2-1"), (b"M2-2", b"T2-2"), (b"M3", b"T1"), (b"M2-4", b"T2-1"), (b"M2-5", b"T1"), (b"M1", b"T1"),
    ]  # fmt: skip
    await sound(store)


async def test_threads_that_are_made_anew_keep_the_ids_of_copies(store: Store) -> None:
    await two_domains(store)
    for account in (ANN, BOB):
        await add(store, account, 1)
    await carry(store, ANN, 1, BOB)
    await add(store, ANN, 2, "<1@x>")
    await carry(store, ANN, 2, BOB)
    await remove(store, BOB, 2)
    before = await ids(store, BOB)
    assert before == [(b"M2-1", b"T2-1"), (b"M2", b"T1")]
    await store.write(put_raw, THREAD.key(BOB, 2), None)
    assert await store.write(mend_threads, BOB)
    assert await ids(store, BOB) == before
    assert await store.read(copied_members, BOB, Origin(ANN, 1)) == [3]
    await sound(store)


async def test_copies_join_a_thread_however_full(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(threads, "MOST_MEMBERS", 2)
    await two_domains(store)
    await add(store, ANN, 1)
    await add(store, ANN, 2, "<1@x>")
    await carry(store, ANN, 1, BOB)
    for number in (3, 4):
        await add(store, BOB, number, "<1@x>")
    await carry(store, ANN, 2, BOB)
    assert [thread for _, thread in await ids(store, BOB)] == [b"T1", b"T1", b"T2-3", b"T1"]
    await sound(store)


async def test_a_message_without_ids_of_its_own(store: Store) -> None:
    await two_domains(store)
    await store.write(append, ANN, "INBOX", [letter(b"\r\n1"), letter(b"\r\n2")], [(0, ())] * 2, [NOW] * 2, NOW)
    for uid in (1, 2, 1):
        await carry(store, ANN, uid, BOB)
    assert await ids(store, BOB) == [(b"M1", b"T1"), (b"M2", b"T2"), (b"M1", b"T1")]
    await sound(store)


async def test_what_is_put_back_still_has_its_id(store: Store) -> None:
    await two_domains(store)
    await add(store, ANN, 1)
    await carry(store, ANN, 1, BOB)
    await remove(store, BOB, 1, forget=False)
    await carry(store, ANN, 1, BOB)
    await store.write(undelete_some, BOB, Choice(), None, b"", 10, NOW, MailSettings())
    assert await ids(store, BOB) == [(b"M1", b"T1")] * 2
    assert await store.read(kept) == [1, 1, 1, 1]
    await sound(store)


async def test_an_account_that_is_erased_takes_its_own_along_and_no_others(store: Store) -> None:
    await two_domains(store)
    await add(store, ANN, 1)
    await carry(store, ANN, 1, BOB)
    await add(store, BOB, 2, subject="Milk")
    await carry(store, BOB, 2, ANN)
    while not await store.write(erase_some, ANN, 1, NOW):
        pass
    assert await store.read(kept) == [1, 1, 1, 1]
    assert await ids(store, BOB) == [(b"M1", b"T1"), (b"M2-2", b"T2-2")]
    await sound(store, BOB)
    await store.write(put_raw, COPIED_MESSAGE.key(BOB, 7, 7), b"\x07\x00\x00\x00")  # damage leaves nothing behind
    for space in (MESSAGE_ORIGIN, THREAD_ORIGIN):
        await store.write(put_raw, space.key(BOB, 1), b"\xff")
    while not await store.write(erase_some, BOB, 1, NOW):
        pass
    assert await store.read(kept) == [0, 0, 0, 0]


@pytest.mark.parametrize("damage", [b"\xff", None])
async def test_nothing_is_moved_into_a_message_that_is_damaged(store: Store, damage: bytes | None) -> None:
    await two_domains(store)
    await add(store, ANN, 1)
    await carry(store, ANN, 1, BOB)
    await store.write(put_raw, MESSAGE.key(BOB, 1), damage)
    await carry(store, ANN, 1, BOB, move=True)
    (row,) = await store.read(rows, BOB, 1, 2, 1000, 1000, Column.RECORD | Column.ORIGIN)
    assert row.record is not None
    assert (row.message, row.origin) == (2, Origin(ANN, 1))


STRAY = Origin(5, 5)
DAMAGE: dict[str, Callable[[Space, Space], tuple[bytes, bytes | None]]] = {
    "unreadable": lambda of, copied: (of.key(BOB, 1), b"\xff"),
    "lost": lambda of, copied: (of.key(BOB, 1), None),
    "not found by it": lambda of, copied: (copied.key(BOB, ANN, 1), None),
    "another found by it": lambda of, copied: (copied.key(BOB, ANN, 1), b"\x02\x00\x00\x00"),
    "none found by it": lambda of, copied: (copied.key(BOB, ANN, 1), b"\x09\x00\x00\x00"),
    "of none": lambda of, copied: (of.key(BOB, 9), b"\x93\x01\x05\x05"),
    "leads to none": lambda of, copied: (copied.key(BOB, 5, 5), b"\x09\x00\x00\x00"),
    "leads to another": lambda of, copied: (copied.key(BOB, 5, 5), b"\x01\x00\x00\x00"),
}


@pytest.mark.parametrize("what", DAMAGE)
@pytest.mark.parametrize("origins", [MESSAGES, THREADS], ids=["messages", "threads"])
async def test_what_is_wrong_is_found_and_mended(store: Store, origins: object, what: str) -> None:
    await two_domains(store)
    await add(store, ANN, 1)
    await carry(store, ANN, 1, BOB)
    await add(store, BOB, 2, subject="Milk")
    right = await ids(store, BOB)
    spaces = (MESSAGE_ORIGIN, COPIED_MESSAGE) if origins is MESSAGES else (THREAD_ORIGIN, COPIED_THREAD)
    await store.write(put_raw, *DAMAGE[what](*spaces))
    found = (await store.read(check_account, BOB)).faults + await store.read(check_threads, BOB)
    assert len(found) >= 1
    await store.write(mend_account, BOB, NOW)
    await store.write(mend_threads, BOB)
    await sound(store)
    assert await ids(store, BOB) == right
    assert await store.read(kept) == [1, 1, 1, 1]


async def test_many_are_looked_up_at_once(store: Store) -> None:
    """Where few lie between them, and where many do."""
    await two_domains(store)
    for number in range(1, 21):
        await add(store, ANN, number)
        await carry(store, ANN, number, BOB)
    for wanted in ([], [4], [1, 20], [20, 3, 3], [*range(1, 30)], [40]):
        found = await store.read(query_origins, BOB, wanted)
        assert found == {number: Origin(ANN, number) for number in wanted if number <= 20}


@query
def query_origins(txn: ReadTransaction, account: int, numbers: list[int]) -> dict[int, Origin]:
    return origins_of(txn, MESSAGES, account, numbers)


async def test_places_are_counted(store: Store) -> None:
    await two_domains(store)
    await add(store, ANN, 1)
    for _ in range(3):
        await carry(store, ANN, 1, BOB)
    await remove(store, BOB, 2)
    assert await store.read(read_raw, PLACES.key(BOB, 1)) == b"\x02\x00\x00\x00"
    await sound(store)


@query
def read_raw(txn: ReadTransaction, key: bytes) -> bytes | None:
    return txn.get(key)
