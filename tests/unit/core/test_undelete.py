"""What was expunged stays for a while, and comes back whole, in its mailbox, with new UIDs."""

from __future__ import annotations

import random

import pytest

from posthouse.core.accounts.accounts import AccountChange, NewAccount, add_account, change_account
from posthouse.core.accounts.domains import add_domain
from posthouse.core.accounts.errors import OverQuota
from posthouse.core.accounts.quota import usage
from posthouse.core.mail.erase import erase_some
from posthouse.core.mail.errors import TooManyMailboxes
from posthouse.core.mail.flags import DELETED, SEEN, FlagChange
from posthouse.core.mail.mailboxes import (
    INBOX_ID,
    create_mailbox,
    delete_mailbox,
    find_mailbox,
    list_mailboxes,
    rename_mailbox,
)
from posthouse.core.mail.maildrop import leave_maildrop
from posthouse.core.mail.messages import append, bodies, copy, expunge, move, rows, store_flags
from posthouse.core.mail.settings import MailSettings
from posthouse.core.mail.undelete import Choice, Undeleted, expunged_page, forget_expunged, undelete_some
from posthouse.core.maintenance.account import check_account
from posthouse.storage.contract import ReadTransaction, Store, query
from posthouse.storage.item_bytes import EVERY
from posthouse.storage.memory import MemoryStore
from posthouse.storage.spaces import BLOB, BLOB_UNUSED, EXPUNGED, MESSAGE, PLACES
from tests.letters import letter
from tests.unit.imap.world import NOW, keys_of

ALICE, BOB = 1, 2
HOUR_MS = 3_600_000
ALL = Choice()


async def open_store() -> Store:
    store = MemoryStore()
    await store.write(add_domain, "example.org", None, NOW)
    for name in ("alice", "bob"):
        await store.write(add_account, NewAccount(f"{name}@example.org", "", keys_of("secret"), None), NOW)
    return store


def mail(subject: str) -> bytes:
    return f"From: bob@example.org\r\nSubject: {subject}\r\n\r\nhello\r\n".encode()


async def put(
    store: Store, *subjects: str, mailbox: str = "INBOX", flags: tuple[int, tuple[str, ...]] = (0, ())
) -> None:
    letters = [letter(mail(subject)) for subject in subjects]
    await store.write(append, ALICE, mailbox, letters, [flags] * len(letters), [NOW - HOUR_MS] * len(letters), NOW)


async def remove(store: Store, *uids: int, mailbox: int = INBOX_ID, now: int = NOW) -> None:
    ranges = [(uid, uid) for uid in uids]
    await store.write(store_flags, ALICE, mailbox, ranges, FlagChange("add", DELETED), None)
    await store.write(expunge, ALICE, mailbox, ranges, now)


async def undelete(store: Store, choice: Choice = ALL, into: str | None = None, limit: int = 1000) -> int:
    count, after = 0, b""
    while True:
        done: Undeleted = await store.write(undelete_some, ALICE, choice, into, after, limit, NOW, MailSettings())
        count += done.messages
        if done.last is None:
            return count
        after = done.last


async def shown(store: Store, mailbox: str = "INBOX") -> list[tuple[int, int, int]]:
    """(UID, flags, message) of what stands there."""
    found = await store.read(find_mailbox, ALICE, mailbox)
    return [
        (row.uid, row.flags, row.message) for row in await store.read(rows, ALICE, found.id, 1, 9999, 9999, 0)
    ]  # fmt: skip


async def forget(store: Store, before: int, limit: int = 1000) -> None:
    account: int | None = 0
    while account is not None:
        account = await store.write(forget_expunged, account, before, limit, NOW)


@query
def count(txn: ReadTransaction, tag: int) -> int:
    return sum(1 for _ in txn.scan(bytes([tag]), bytes([tag + 1])))


async def left(store: Store) -> dict[str, int]:
    """How many records there are."""
    spaces = (MESSAGE, PLACES, BLOB_UNUSED, EXPUNGED)
    return {space.name: await store.read(count, space.tag) for space in spaces}


async def sound(store: Store) -> None:
    for account in (ALICE, BOB):
        report = await store.read(check_account, account)
        assert report.faults + report.letter_faults == []


async def test_expunged_mail_comes_back_where_it_was_with_new_uids() -> None:
    store = await open_store()
    await put(store, "one", "two", "three", flags=(SEEN, ("$Label1", "urgent")))
    before = await shown(store)
    modseq = (await store.read(find_mailbox, ALICE, "INBOX")).modseq
    await remove(store, 1, 3)
    page = await store.read(expunged_page, ALICE, ALL, b"", 100)
    assert [(each.mailbox, each.subject, each.sender) for each in page.messages] == [
        ("INBOX", "one", "bob@example.org"),
        ("INBOX", "three", "bob@example.org"),
    ]
    await sound(store)
    assert await undelete(store) == 2
    assert await shown(store) == [before[1], (4, SEEN, before[0][2]), (5, SEEN, before[2][2])]
    row = (await store.read(rows, ALICE, INBOX_ID, 4, 4, 1, 0))[0]
    assert (row.received, row.keywords) == (NOW - HOUR_MS, 3)
    assert (await store.read(bodies, ALICE, [row.message]))[0] is not None
    mailbox = await store.read(find_mailbox, ALICE, "INBOX")
    assert mailbox.modseq == modseq + 3  # flags, expunge, and all that came back in one
    assert await undelete(store) == 0
    assert (await left(store))["expunged"] == 0
    await sound(store)


async def test_recoverable_mail_counts_in_no_quota_and_is_let_in_by_it() -> None:
    store = await open_store()
    await put(store, "one", "two")
    size = len(mail("one"))
    await remove(store, 1, 2)
    held = await store.read(usage, ALICE)
    assert (held.messages, held.octets) == (0, 0)
    await store.write(change_account, "alice@example.org", AccountChange(quota_octets=size))
    with pytest.raises(OverQuota):
        await undelete(store)
    assert await shown(store) == []
    assert len((await store.read(expunged_page, ALICE, ALL, b"", 100)).messages) == 2, "nothing is half done"
    await store.write(change_account, "alice@example.org", AccountChange(quota_octets=None))
    assert await undelete(store) == 2
    held = await store.read(usage, ALICE)
    assert (held.messages, held.octets) == (2, 2 * size)


async def test_a_deleted_mailbox_comes_back_with_those_above_it() -> None:
    store = await open_store()
    for name in ("Work/A", "Work/B"):
        await store.write(create_mailbox, ALICE, name, None, NOW, MailSettings())
        await put(store, name, mailbox=name)
    for name in ("Work/A", "Work/B", "Work"):
        await store.write(delete_mailbox, ALICE, name, NOW)
    await sound(store)
    held = len(await store.read(list_mailboxes, ALICE))
    with pytest.raises(TooManyMailboxes):
        await store.write(undelete_some, ALICE, ALL, None, b"", 1000, NOW, MailSettings(mailboxes=held + 1))
    assert await undelete(store) == 2
    names = [mailbox.name for mailbox in await store.read(list_mailboxes, ALICE)]
    assert len(names) == len(set(names))
    assert {"Work", "Work/A", "Work/B"} <= set(names)
    assert len(await shown(store, "Work/A")) == len(await shown(store, "Work/B")) == 1
    await sound(store)


async def test_a_mailbox_that_was_renamed_meanwhile_is_still_the_same() -> None:
    store = await open_store()
    created = await store.write(create_mailbox, ALICE, "Old", None, NOW, MailSettings())
    await put(store, "one", mailbox="Old")
    await remove(store, 1, mailbox=created.id)
    await store.write(rename_mailbox, ALICE, "Old", "New", NOW, MailSettings())
    assert await undelete(store) == 1
    assert len(await shown(store, "New")) == 1


async def test_only_what_was_meant_comes_back_and_into_what_was_said() -> None:
    store = await open_store()
    await put(store, "inbox")
    await put(store, "sent", "later", mailbox="Sent")
    sent = await store.read(find_mailbox, ALICE, "Sent")
    await remove(store, 1)
    await remove(store, 1, mailbox=sent.id)
    await remove(store, 2, mailbox=sent.id, now=NOW + HOUR_MS)
    assert await undelete(store, Choice(since=NOW + 1), "Recovered") == 1
    assert len(await shown(store, "Recovered")) == 1
    assert await undelete(store, Choice(mailbox="sent")) == 0
    assert await undelete(store, Choice(mailbox="Sent"), "Recovered") == 1
    assert await undelete(store, Choice(mailbox="inbox")) == 1
    await sound(store)


async def test_moves_are_no_deletes() -> None:
    store = await open_store()
    await put(store, "one")
    await store.write(move, ALICE, INBOX_ID, [(1, 1)], "Archive", NOW)
    assert (await left(store))["expunged"] == 0
    await put(store, "two")
    await store.write(leave_maildrop, ALICE, [(2, 2)], [], True, NOW)
    assert (await left(store))["expunged"] == 0
    await put(store, "three")
    await store.write(leave_maildrop, ALICE, [(3, 3)], [], False, NOW)
    assert (await left(store))["expunged"] == 1


async def test_copies_beside_their_message_are_counted_each() -> None:
    store = await open_store()
    await put(store, "one")
    for _ in range(3):
        await store.write(copy, ALICE, INBOX_ID, [(1, 99)], "INBOX", NOW)
    await sound(store)
    await remove(store, *range(1, 8))
    await forget(store, NOW + 1)
    assert len(await shown(store)) == 1
    assert (await left(store))["message"] == 1
    await sound(store)


async def test_what_is_over_age_is_forgotten_a_little_at_a_time() -> None:
    store = await open_store()
    await put(store, *[f"old {number}" for number in range(450)])
    await put(store, "new")
    await store.write(copy, ALICE, INBOX_ID, [(1, 1)], "Archive", NOW)
    await remove(store, *range(1, 451), now=NOW)
    await remove(store, 451, now=NOW + HOUR_MS)
    assert (await left(store)) == {"message": 451, "places": 1, "unused blob": 0, "expunged": 4}
    await forget(store, NOW)
    assert (await left(store))["expunged"] == 4
    account = await store.write(forget_expunged, 0, NOW + 1, 100, NOW)
    assert (account, (await left(store))["message"]) == (ALICE, 252)  # a record has two hundred
    await forget(store, NOW + 1, limit=100)
    assert (await left(store)) == {"message": 2, "places": 0, "unused blob": 449, "expunged": 1}
    await sound(store)
    assert await undelete(store) == 1
    assert len(await shown(store, "Archive")) == 1
    await sound(store)


async def test_accounts_behind_one_that_has_nothing_old_are_looked_at() -> None:
    store = await open_store()
    await put(store, "one")
    await remove(store, 1, now=NOW + HOUR_MS)
    await store.write(append, BOB, "INBOX", [letter(mail("his"))], [(DELETED, ())], [NOW], NOW)
    await store.write(expunge, BOB, INBOX_ID, [EVERY], NOW)
    await forget(store, NOW + 1, limit=1)
    assert (await left(store)) == {"message": 1, "places": 0, "unused blob": 1, "expunged": 1}


async def test_an_erased_account_takes_it_along() -> None:
    store = await open_store()
    await put(store, *[str(number) for number in range(30)])
    await remove(store, *range(1, 21))
    steps = 1
    while not await store.write(erase_some, ALICE, 7, NOW):
        steps += 1
        assert steps < 20
    assert await left(store) == {"message": 0, "places": 0, "unused blob": 30, "expunged": 0}
    assert await store.read(count, BLOB.tag) == 30


async def test_whatever_is_done_nothing_is_lost() -> None:
    store = await open_store()
    choice = random.Random(5)
    for number in range(30):
        await put(store, str(number))
    for _ in range(150):
        held = [uid for uid, _, _ in await shown(store)]
        some = choice.sample(held, min(len(held), 3))
        what = choice.randrange(4)
        if what == 0:
            await remove(store, *some)
        elif what == 1 and some:
            await store.write(copy, ALICE, INBOX_ID, [(some[0], some[0])], "INBOX", NOW)
        elif what == 2 and some:
            await store.write(move, ALICE, INBOX_ID, [(some[0], some[0])], "Archive", NOW)
        else:
            await undelete(store, limit=choice.randint(1, 5))
    await sound(store)
    await undelete(store)
    everywhere = {message for name in ("INBOX", "Archive") for _, _, message in await shown(store, name)}
    assert everywhere == set(range(1, 31))
    assert (await left(store))["message"] == 30
    await sound(store)
