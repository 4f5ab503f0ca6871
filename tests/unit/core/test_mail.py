"""Mailboxes and messages by their operations, on every engine."""

from __future__ import annotations

from array import array
from unittest.mock import Mock

import pytest

from posthouse.core.accounts.errors import OverQuota
from posthouse.core.delivery.deliver import Target, deliver
from posthouse.core.mail.errors import (
    InvalidMailboxName,
    MailboxExists,
    MailboxHasChildren,
    MailboxIsFixed,
    NoSuchMailbox,
    TooManyKeywords,
    TooManyMailboxes,
)
from posthouse.core.mail.flagging import Flagged
from posthouse.core.mail.flags import Flag, FlagChange
from posthouse.core.mail.mailboxes import (
    create_default_mailboxes,
    create_mailbox,
    delete_mailbox,
    find,
    find_mailbox,
    list_mailboxes,
    rename_mailbox,
    subscribe,
)
from posthouse.core.mail.messages import (
    Column,
    append,
    bodies,
    changes,
    copy,
    expunge,
    move,
    open_view,
    rows,
    store_flags,
)
from posthouse.core.mail.settings import MailSettings
from posthouse.storage.changes import net
from posthouse.storage.contract import ReadTransaction, Store, WriteTransaction, operation, query
from posthouse.storage.item_bytes import EVERY
from posthouse.storage.memory import MemoryStore
from tests.letters import letter

NOW = 1_790_000_000_000


@operation
def furnish(txn: WriteTransaction, account: int, now: int) -> None:
    create_default_mailboxes(txn, account, now)


@query
def found_by(txn: ReadTransaction, account: int, name: str) -> tuple[int, int]:
    """The number of a mailbox, and how often all were looked at to find it."""
    watched = Mock(wraps=txn)
    number, _ = find(watched, account, name)
    return number, watched.scan.call_count


async def uids(store: Store, mailbox: int) -> list[int]:
    return array("I", (await store.read(open_view, 1, mailbox)).uids).tolist()


async def filled(store: Store, count: int) -> int:
    await store.write(furnish, 1, NOW)
    letters = [letter(f"Subject: {number}\r\n\r\nhello {number}\r\n".encode()) for number in range(count)]
    await store.write(append, 1, "INBOX", letters, [(0, ())] * count, [NOW] * count, NOW)
    return (await store.read(find_mailbox, 1, "inbox")).id


async def test_a_name_that_was_found_is_found_without_looking_at_all() -> None:
    """A client that asks for the STATUS of thousands of mailboxes must not have all looked at for each."""
    store = MemoryStore()
    await store.write(furnish, 1, NOW)
    for name in ("Work", "Work/A"):
        await store.write(create_mailbox, 1, name, None, NOW, MailSettings())
    first = await store.read(find_mailbox, 1, "Work/A")
    assert await store.read(found_by, 1, "Work/A") == (first.id, 0)
    await store.write(rename_mailbox, 1, "Work", "Play", NOW, MailSettings())
    assert await store.read(found_by, 1, "Play/A") == (first.id, 1)
    with pytest.raises(NoSuchMailbox):
        await store.read(find_mailbox, 1, "Work/A")
    other = await store.write(create_mailbox, 1, "Work/A", None, NOW, MailSettings())
    assert await store.read(found_by, 1, "Work/A") == (other.id, 1)
    await store.write(delete_mailbox, 1, "Work/A", NOW)
    with pytest.raises(NoSuchMailbox):
        await store.read(find_mailbox, 1, "Work/A")
    assert await store.read(found_by, 1, "Play/A") == (first.id, 0)


async def test_a_new_account_has_its_mailboxes(store: Store) -> None:
    await store.write(furnish, 1, NOW)
    found = await store.read(list_mailboxes, 1)
    assert [(mailbox.name, mailbox.role) for mailbox in found] == [
        ("INBOX", "inbox"),
        ("Archive", "archive"),
        ("Drafts", "drafts"),
        ("Sent", "sent"),
        ("Spam", "junk"),
        ("Trash", "trash"),
    ]
    assert len({mailbox.uid_validity for mailbox in found}) == len(found)


async def test_create_makes_the_levels_above(store: Store) -> None:
    await store.write(furnish, 1, NOW)
    await store.write(create_mailbox, 1, "a/b/c", None, NOW, MailSettings())
    names = [mailbox.name for mailbox in await store.read(list_mailboxes, 1)]
    assert {"a", "a/b", "a/b/c"} <= set(names)
    with pytest.raises(MailboxExists):
        await store.write(create_mailbox, 1, "a/b", None, NOW, MailSettings())


@pytest.mark.parametrize("name", ["", "/", "a//b", "x\x01", "l" * 1001, "/".join("a" * 21)])
async def test_names_that_no_mailbox_may_have(store: Store, name: str) -> None:
    await store.write(furnish, 1, NOW)
    with pytest.raises(InvalidMailboxName):
        await store.write(create_mailbox, 1, name, None, NOW, MailSettings())


async def test_so_many_mailboxes_and_no_more(store: Store) -> None:
    await store.write(furnish, 1, NOW)
    held = len(await store.read(list_mailboxes, 1))
    await store.write(create_mailbox, 1, "a/b", None, NOW, MailSettings(mailboxes=held + 2))
    for name in ("c", "a/c"):
        with pytest.raises(TooManyMailboxes):
            await store.write(create_mailbox, 1, name, None, NOW, MailSettings(mailboxes=held + 2))
    with pytest.raises(TooManyMailboxes):
        await store.write(create_mailbox, 1, "c/d", None, NOW, MailSettings(mailboxes=held + 3))
    with pytest.raises(TooManyMailboxes):
        await store.write(rename_mailbox, 1, "a/b", "c/d/b", NOW, MailSettings(mailboxes=held + 3))
    assert len(await store.read(list_mailboxes, 1)) == held + 2
    await store.write(rename_mailbox, 1, "a/b", "c/b", NOW, MailSettings(mailboxes=held + 3))
    await store.write(create_mailbox, 1, "a/d", None, NOW, MailSettings(mailboxes=held + 4))  # those above it are there


async def test_delete(store: Store) -> None:
    await filled(store, 3)
    await store.write(create_mailbox, 1, "a/b", None, NOW, MailSettings())
    with pytest.raises(MailboxHasChildren):
        await store.write(delete_mailbox, 1, "a", NOW)
    with pytest.raises(MailboxIsFixed):
        await store.write(delete_mailbox, 1, "InBox", NOW)
    await store.write(delete_mailbox, 1, "a/b", NOW)
    with pytest.raises(NoSuchMailbox):
        await store.write(delete_mailbox, 1, "a/b", NOW)
    again = await store.write(create_mailbox, 1, "a/b", None, NOW, MailSettings())
    assert again.uid_validity > (await store.read(find_mailbox, 1, "a")).uid_validity


async def test_rename_takes_the_children_along(store: Store) -> None:
    await store.write(furnish, 1, NOW)
    await store.write(create_mailbox, 1, "a/b/c", None, NOW, MailSettings())
    await store.write(rename_mailbox, 1, "a/b", "x/y", NOW, MailSettings())
    names = {mailbox.name for mailbox in await store.read(list_mailboxes, 1)}
    assert {"a", "x", "x/y", "x/y/c"} <= names
    assert "a/b" not in names
    with pytest.raises(InvalidMailboxName):
        await store.write(rename_mailbox, 1, "x", "x/z", NOW, MailSettings())


async def test_renaming_the_inbox_moves_its_messages(store: Store) -> None:
    inbox = await filled(store, 3)
    await store.write(rename_mailbox, 1, "INBOX", "old", NOW, MailSettings())
    assert await uids(store, inbox) == []
    old = await store.read(find_mailbox, 1, "old")
    assert (old.exists, await uids(store, old.id)) == (3, [1, 2, 3])


async def test_subscribe(store: Store) -> None:
    await store.write(furnish, 1, NOW)
    await store.write(subscribe, 1, "Sent", False)
    assert not (await store.read(find_mailbox, 1, "Sent")).subscribed


async def test_append_counts_and_reads_back(store: Store) -> None:
    inbox = await filled(store, 3)
    mailbox = await store.read(find_mailbox, 1, "INBOX")
    assert (mailbox.exists, mailbox.unseen, mailbox.uid_next) == (3, 3, 4)
    found = await store.read(rows, 1, inbox, 2, 9, 10, Column.ENVELOPE | Column.STRUCTURE | Column.RECORD)
    assert [row.uid for row in found] == [2, 3]
    assert found[0].record is not None
    assert found[0].record.header.subject == "1"
    assert found[0].envelope
    places = await store.read(bodies, 1, [row.message for row in found])
    assert [place.inline for place in places if place is not None] == [
        b"Subject: 1\r\n\r\nhello 1\r\n",
        b"Subject: 2\r\n\r\nhello 2\r\n",
    ]


async def test_store_flags_and_the_log(store: Store) -> None:
    inbox = await filled(store, 5)
    before = (await store.read(find_mailbox, 1, "INBOX")).modseq
    change = FlagChange("add", Flag.SEEN | Flag.DELETED, ("$Work",))
    stored = await store.write(store_flags, 1, inbox, [(2, 4)], change, None)
    assert stored.rows == [Flagged(2, 4, Flag.SEEN | Flag.DELETED, b"\1", stored.modseq)]
    mailbox = await store.read(find_mailbox, 1, "INBOX")
    assert (mailbox.unseen, mailbox.deleted, mailbox.keywords) == (2, 3, ("$Work",))
    log = net([await store.read(changes, 1, inbox, before, None, None)])
    assert (log.updated, log.created, log.destroyed, log.complete) == ([(2, 4)], [], [], True)
    again = await store.write(store_flags, 1, inbox, [(1, 9)], FlagChange("remove", Flag.SEEN), before)
    assert again.failed == [(2, 4)]
    many = FlagChange("add", 0, tuple(f"k{number}" for number in range(300)))
    with pytest.raises(TooManyKeywords):
        await store.write(store_flags, 1, inbox, [(1, 1)], many, None)
    assert (await store.read(find_mailbox, 1, "INBOX")).keywords == ("$Work",)


async def test_a_mailbox_has_as_many_keywords_as_it_may(store: Store) -> None:
    inbox = await filled(store, 2)
    names = tuple(f"k{number}" for number in range(256))
    for name in names:
        stored = await store.write(store_flags, 1, inbox, [(2, 2)], FlagChange("add", 0, (name,)), None)
    assert stored.keywords == names
    assert [row.keywords for row in stored.rows] == [(1 << 256) - 1]
    copied = await store.write(copy, 1, inbox, [(2, 2)], "Archive", NOW)
    archive = await store.read(find_mailbox, 1, "Archive")
    (row,) = await store.read(rows, 1, archive.id, 1, 9, 9, 0)
    assert (copied.target, row.keywords, archive.keywords) == ([(1, 1)], (1 << 256) - 1, names)
    again = await store.write(store_flags, 1, inbox, [(2, 2)], FlagChange("remove", 0, names[1:]), None)
    assert [row.keywords for row in again.rows] == [1]


async def test_expunge_leaves_tombstones_and_frees(store: Store) -> None:
    inbox = await filled(store, 5)
    before = (await store.read(find_mailbox, 1, "INBOX")).modseq
    await store.write(store_flags, 1, inbox, [(2, 3), (5, 5)], FlagChange("add", Flag.DELETED), None)
    gone = await store.write(expunge, 1, inbox, [(1, 3)], NOW)
    assert gone == [(2, 3)]
    assert (await store.write(expunge, 1, inbox, [EVERY], NOW)) == [(5, 5)]
    assert await uids(store, inbox) == [1, 4]
    log = net([await store.read(changes, 1, inbox, before, None, None)])
    assert (log.destroyed, log.updated, log.created) == ([(2, 3), (5, 5)], [], [])
    mailbox = await store.read(find_mailbox, 1, "INBOX")
    assert (mailbox.exists, mailbox.deleted, mailbox.unseen) == (2, 0, 2)


async def test_copy_and_move_share_the_message(store: Store) -> None:
    inbox = await filled(store, 4)
    await store.write(store_flags, 1, inbox, [(1, 1)], FlagChange("add", Flag.FLAGGED, ("a", "b")), None)
    copied = await store.write(copy, 1, inbox, [(1, 2)], "Archive", NOW)
    assert (copied.source, copied.target) == ([(1, 2)], [(1, 2)])
    moved = await store.write(move, 1, inbox, [(1, 1), (4, 4)], "Archive", NOW)
    assert (moved.source, moved.target) == ([(1, 1), (4, 4)], [(3, 4)])
    assert await uids(store, inbox) == [2, 3]
    archive = await store.read(find_mailbox, 1, "Archive")
    assert (archive.exists, archive.keywords) == (4, ("a", "b"))
    found = await store.read(rows, 1, archive.id, 1, 9, 10, 0)
    assert found[0].message == found[2].message
    assert (found[0].flags, found[0].keywords) == (Flag.FLAGGED, 3)
    await store.write(delete_mailbox, 1, "Archive", NOW)
    left = await store.read(rows, 1, inbox, 1, 9, 10, Column.RECORD)
    assert [row.record is not None for row in left] == [True, True]


async def test_delivery_reaches_every_account_once(store: Store) -> None:
    await store.write(furnish, 1, NOW)
    await store.write(furnish, 2, NOW)
    targets = [Target("a@x", 1), Target("alias@x", 1), Target("b@x", 2), Target("none@x", 9)]
    receipts = await store.write(deliver, letter(b"Subject: x\r\n\r\n"), targets, NOW)
    assert [receipt.reason for receipt in receipts] == [None, None, None, "no mailbox"]
    for account in (1, 2):
        assert (await store.read(find_mailbox, account, "INBOX")).exists == 1


def test_over_quota_is_a_refusal() -> None:
    assert OverQuota("messages", 1).args == ("messages", 1)
