"""Search folders in the core: what they show, with which UIDs, whatever is done to the messages that they show."""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec
import pytest

from posthouse.core.mail.criteria.keys import All, And, Body, Bound, EnvelopeField, HasFlag, Not, Older, Or, Younger
from posthouse.core.mail.errors import InvalidMailboxName, MailboxHasChildren, NoSuchMailbox, TooManyMailboxes
from posthouse.core.mail.mailboxes import create_mailbox, delete_mailbox, find_mailbox, rename_mailbox
from posthouse.core.mail.messages import changes, move
from posthouse.core.mail.search_folders import pending
from posthouse.core.mail.search_folders.defining import (
    NamedPlace,
    Wanted,
    define_search_folder,
    list_search_folders,
    read_search_folder,
)
from posthouse.core.mail.search_folders.errors import (
    MailboxHasMessages,
    NotForSearchFolders,
    NotLasting,
    TooManySearchFolders,
)
from posthouse.core.mail.search_folders.settings import SearchFolderSettings
from posthouse.core.mail.settings import MailSettings
from posthouse.storage.changes import net
from posthouse.storage.contract import Store
from tests.unit.core.search_house import FLAGGED, NOW, SEEN, SETTINGS, UNSEEN, Dying, House, furnish, leftovers


@pytest.fixture
def house(store: Store, loop: asyncio.AbstractEventLoop) -> House:
    loop.run_until_complete(furnish(store))
    return House(store)


async def test_a_message_keeps_its_uid_as_long_as_it_fits_and_gets_another_when_it_fits_again(house: House) -> None:
    await house.put("INBOX", "one", "two", "three")
    folder = await house.define("Unread", UNSEEN)
    assert await house.uids(folder) == [1, 2, 3]
    await house.flag("INBOX", 2, "add", SEEN)
    assert await house.uids(folder) == [1, 3]
    await house.flag("INBOX", 2, "remove", SEEN)
    assert await house.uids(folder) == [1, 3, 4]
    await house.flag("INBOX", 1, "add", FLAGGED)
    assert await house.shown(folder) == [(1, FLAGGED), (3, 0), (4, 0)]


async def test_its_changes_stand_in_the_log_like_those_of_any_mailbox(house: House) -> None:
    await house.put("INBOX", "one", "two")
    folder = await house.define("Unread", UNSEEN)
    await house.shown(folder)
    since = (await house.store.read(changes, 1, folder, 0, None, None)).modseq
    await house.flag("INBOX", 1, "add", SEEN)
    await house.flag("INBOX", 2, "add", FLAGGED)
    await house.put("INBOX", "three")
    await house.shown(folder)
    told = net([await house.store.read(changes, 1, folder, since, None, None)])
    assert (told.created, told.updated, told.destroyed) == ([(3, 3)], [(2, 2)], [(1, 1)])


async def test_looking_when_nothing_happened_writes_nothing(house: House) -> None:
    folder = await house.define("All", All())
    await house.put("INBOX", "one")
    await house.shown(folder)
    before = (await house.store.read(changes, 1, folder, 0, None, None)).modseq
    await house.shown(folder)
    await house.put("Trash", "elsewhere")
    await house.shown(folder)
    assert (await house.store.read(changes, 1, folder, 0, None, None)).modseq == before + 1


async def test_everywhere_is_not_in_trash_and_spam(house: House) -> None:
    await house.store.write(create_mailbox, 1, "Trash/old", None, NOW, MailSettings())
    for name in ("INBOX", "Sent", "Trash", "Trash/old", "Spam"):
        await house.put(name, name)
    folder = await house.define("All", All())
    assert len(await house.shown(folder)) == 2
    await house.store.write(move, 1, await house.number("INBOX"), [(1, 1)], "Trash", NOW)
    assert len(await house.shown(folder)) == 1
    trash = await house.define("Thrown", All(), NamedPlace("Trash", below=True))
    assert len(await house.shown(trash)) == 3


async def test_mailboxes_come_go_and_are_renamed_into_its_places_and_out_of_them(house: House) -> None:
    await house.store.write(create_mailbox, 1, "Work", None, NOW, MailSettings())
    folder = await house.define("At work", All(), NamedPlace("Work", below=True))
    await house.store.write(create_mailbox, 1, "Work/a", None, NOW, MailSettings())
    await house.store.write(create_mailbox, 1, "b", None, NOW, MailSettings())
    await house.put("Work/a", "one")
    await house.put("b", "two")
    assert await house.uids(folder) == [1]
    await house.store.write(rename_mailbox, 1, "b", "Work/b", NOW, MailSettings())
    assert await house.uids(folder) == [1, 2]
    await house.store.write(rename_mailbox, 1, "Work/a", "a", NOW, MailSettings())
    assert await house.uids(folder) == [2]
    await house.store.write(delete_mailbox, 1, "Work/b", NOW)
    assert await house.uids(folder) == []
    shown = await house.store.read(read_search_folder, 1, "At work")
    assert shown is not None
    assert shown.wanted.places == [NamedPlace("Work", below=True)]


async def test_criteria_that_depend_on_time_follow_it(house: House) -> None:
    await house.put("INBOX", "one")
    house.now += 10_000
    await house.put("INBOX", "two")
    young = await house.define("Young", Younger(60))
    old = await house.define("Old", And((Older(60), UNSEEN)))
    assert (await house.uids(young), await house.uids(old)) == ([1, 2], [])
    assert await house.store.read(pending.next_due, 1, young) == NOW + 60_001
    house.now = NOW + 60_000
    assert (await house.uids(young), await house.uids(old)) == ([1, 2], [1])
    house.now = NOW + 60_001
    assert (await house.uids(young), await house.uids(old)) == ([2], [1])
    house.now = NOW + 1_000_000
    assert (await house.uids(young), await house.uids(old)) == ([], [1, 2])
    assert await house.store.read(pending.next_due, 1, old) is None


async def test_what_only_the_content_tells_is_read(house: House) -> None:
    await house.put("INBOX", "one", "two")
    folder = await house.define("Two", Or(Body("body of TWO"), EnvelopeField("subject", "three")))
    assert await house.uids(folder) == [1]
    await house.put("Sent", "three", "two")
    assert await house.uids(folder) == [1, 2, 3]


async def test_many_new_mailboxes_are_looked_at_together(house: House) -> None:
    folder = await house.define("All", All())
    await house.uids(folder)
    for number in range(30):
        await house.store.write(create_mailbox, 1, f"box{number}", None, NOW, MailSettings())
        await house.put(f"box{number}", "one")
    dying: Any = Dying(house.store, 3)  # one when the log is read, one for the mailboxes, one for their messages
    await msgspec.structs.replace(house.refresher, store=dying).refresh(1, folder)
    assert len(await house.uids(folder)) == 30


async def test_changed_criteria_leave_what_still_fits_its_uid(house: House) -> None:
    await house.put("INBOX", "one", "two", flags=FLAGGED)
    await house.put("INBOX", "three")
    folder = await house.define("Some", HasFlag(FLAGGED, True))
    assert await house.uids(folder) == [1, 2]
    assert await house.define("Some", Not(EnvelopeField("subject", "one"))) == folder
    assert await house.uids(folder) == [2, 3]
    assert await house.define("Some", All(), NamedPlace("Sent")) == folder
    assert await house.uids(folder) == []


async def test_deleting_it_leaves_the_messages(house: House) -> None:
    await house.put("INBOX", "one")
    folder = await house.define("All", All())
    await house.shown(folder)
    await house.store.write(delete_mailbox, 1, "All", NOW)
    assert (await house.store.read(find_mailbox, 1, "INBOX")).exists == 1
    assert await house.store.read(leftovers, folder) == 0
    with pytest.raises(NoSuchMailbox):
        await house.refresher.refresh(1, folder)


async def test_what_cannot_be_one(house: House) -> None:
    await house.put("Archive", "one")
    await house.store.write(create_mailbox, 1, "a/b", None, NOW, MailSettings())
    for name, refusal in (("INBOX", NotForSearchFolders), ("Sent", NotForSearchFolders), ("a", MailboxHasChildren)):
        with pytest.raises(refusal):
            await house.define(name, All())
    await house.put("a/b", "one")
    with pytest.raises(MailboxHasMessages):
        await house.define("a/b", All())
    with pytest.raises(NotLasting):
        await house.define("Some", And((All(), Not(Bound()))))
    with pytest.raises(NoSuchMailbox):
        await house.define("Some", All(), NamedPlace("nowhere"))
    await house.define("Some", All())
    with pytest.raises(NotForSearchFolders):
        await house.define("Other", All(), NamedPlace("Some"))
    with pytest.raises(InvalidMailboxName):
        await house.store.write(create_mailbox, 1, "Some/below", None, NOW, MailSettings())
    with pytest.raises(InvalidMailboxName):
        await house.store.write(rename_mailbox, 1, "a", "Some/a", NOW, MailSettings())
    with pytest.raises(TooManySearchFolders):
        await house.store.write(
            define_search_folder, 1, "More", Wanted(All()), SearchFolderSettings(folders=1), NOW, MailSettings()
        )
    few = MailSettings(mailboxes=5)
    with pytest.raises(TooManyMailboxes):
        await house.store.write(define_search_folder, 1, "More", Wanted(All()), SETTINGS, NOW, few)
    assert [one.mailbox.name for one in await house.store.read(list_search_folders, 1)] == ["Some"]


async def test_an_empty_mailbox_becomes_one_with_another_uid_validity(house: House) -> None:
    await house.store.write(create_mailbox, 1, "Unread", None, NOW, MailSettings())
    before = await house.store.read(find_mailbox, 1, "Unread")
    await house.define("Unread", UNSEEN)
    after = await house.store.read(find_mailbox, 1, "Unread")
    assert after.uid_validity > before.uid_validity
    assert not before.virtual
    assert after.virtual


async def test_no_message_comes_to_an_age_beyond_all_time(house: House) -> None:
    await house.put("INBOX", "one")
    older, younger = await house.define("Older", Older(2**63 - 1)), await house.define("Younger", Younger(2**63 - 1))
    assert (len(await house.shown(older)), len(await house.shown(younger))) == (0, 1)
    assert await house.store.read(pending.next_due, 1, older) is None
    assert await house.store.read(pending.next_due, 1, younger) is None


async def test_a_message_is_older_at_that_very_age_and_younger_still(house: House) -> None:
    await house.put("INBOX", "one")
    older, younger = await house.define("Older", Older(20)), await house.define("Younger", Younger(20))
    found = []
    for age in (19_999, 20_000, 20_001):
        house.now = NOW + age
        found.append((len(await house.shown(older)), len(await house.shown(younger))))
    assert found == [(0, 1), (1, 1), (1, 0)]
