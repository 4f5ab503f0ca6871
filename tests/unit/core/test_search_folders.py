"""Search folders in the core: what they show, with which UIDs, whatever is done to the messages that they show."""

from __future__ import annotations

import asyncio
import random
from typing import Any, Literal

import msgspec
import pytest

from posthouse.core.accounts.accounts import NewAccount, add_account
from posthouse.core.accounts.domains import add_domain
from posthouse.core.mail.criteria.keys import (
    All,
    And,
    Body,
    Bound,
    EnvelopeField,
    HasFlag,
    HasKeyword,
    Not,
    Older,
    Or,
    SearchKey,
    Younger,
)
from posthouse.core.mail.erase import erase_some
from posthouse.core.mail.errors import (
    InvalidMailboxName,
    MailboxHasChildren,
    NoSuchMailbox,
    TooManyMailboxes,
)
from posthouse.core.mail.flagging import Flagged
from posthouse.core.mail.flags import Flag, FlagChange
from posthouse.core.mail.mailboxes import (
    create_mailbox,
    delete_mailbox,
    find_mailbox,
    list_mailboxes,
    rename_mailbox,
)
from posthouse.core.mail.messages import append, changes, copy, expunge, move, rows, store_flags
from posthouse.core.mail.search_folders import acting, pending, refreshing
from posthouse.core.mail.search_folders.defining import (
    NamedPlace,
    Wanted,
    define_search_folder,
    list_search_folders,
    read_search_folder,
)
from posthouse.core.mail.search_folders.errors import (
    MailboxHasMessages,
    NoMainMailbox,
    NotForSearchFolders,
    NotLasting,
    TooManySearchFolders,
)
from posthouse.core.mail.search_folders.records import SPACES, decode_source
from posthouse.core.mail.search_folders.refreshing import Refresher, Turns
from posthouse.core.mail.search_folders.settings import SearchFolderSettings
from posthouse.core.maintenance.account import check_account, mend_account, renew_account
from posthouse.core.search.contract import NoIndex
from posthouse.storage.blobs.memory import MemoryBlobs
from posthouse.storage.changes import net, prune_changes
from posthouse.storage.contract import ReadTransaction, Store, StoreUnavailable, WriteTransaction, operation, query
from posthouse.storage.item_bytes import EVERY
from posthouse.storage.spaces import SEARCH_MEMBER, SEARCH_SOURCE, SEARCH_STANDING
from tests.letters import letter

NOW = 1_790_000_000_000
SEEN, FLAGGED, DELETED = int(Flag.SEEN), int(Flag.FLAGGED), int(Flag.DELETED)
UNSEEN = HasFlag(SEEN, False)
SETTINGS = SearchFolderSettings()


async def furnish(store: Store) -> None:
    await store.write(add_domain, "example.org", None, NOW)
    await store.write(add_account, NewAccount("ann@example.org", "", None, None), NOW)


@query
def sources(txn: ReadTransaction, folder: int) -> dict[int, tuple[int, int]]:
    return {
        SEARCH_SOURCE.parse(key)[2]: decode_source(value) for key, value in txn.scan(*SEARCH_SOURCE.range(1, folder))
    }


@query
def leftovers(txn: ReadTransaction, folder: int) -> int:
    return sum(1 for space in SPACES for _ in txn.scan(*space.range(1, folder)))


class House:
    """An account with its mailboxes, and a clock."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.now = NOW
        self.refresher = Refresher(store, MemoryBlobs(4096), NoIndex(), lambda: self.now, Turns())

    async def put(self, mailbox: str, *subjects: str, flags: int = 0, keywords: tuple[str, ...] = ()) -> None:
        letters = [letter(f"Subject: {one}\r\n\r\nbody of {one}\r\n".encode()) for one in subjects]
        times = [self.now] * len(letters)
        await self.store.write(append, 1, mailbox, letters, [(flags, keywords)] * len(letters), times, self.now)

    async def number(self, name: str) -> int:
        return (await self.store.read(find_mailbox, 1, name)).id

    async def define(self, name: str, criteria: SearchKey, *places: NamedPlace, main: str | None = None) -> int:
        wanted = Wanted(criteria, list(places), main)
        return (await self.store.write(define_search_folder, 1, name, wanted, SETTINGS, NOW, 1000)).id

    async def shown(self, folder: int) -> list[tuple[int, int]]:
        """(UID, flags) of what it shows now; its counters are right, too."""
        await self.refresher.refresh(1, folder)
        found = await self.store.read(rows, 1, folder, 1, 2**32 - 1, 10_000, 0)
        mailbox = next(one for one in await self.store.read(list_mailboxes, 1) if one.id == folder)
        assert mailbox.virtual
        assert mailbox.exists == len(found)
        assert mailbox.unseen == sum(not row.flags & SEEN for row in found)
        assert mailbox.size == sum(row.size for row in found)
        held = await self.store.read(sources, folder)
        assert list(held) == [row.uid for row in found]
        return [(row.uid, row.flags) for row in found]

    async def uids(self, folder: int) -> list[int]:
        return [uid for uid, _ in await self.shown(folder)]

    async def flag(self, mailbox: str, uid: int, mode: Literal["add", "remove"], flags: int) -> None:
        change = FlagChange(mode, flags)
        await self.store.write(store_flags, 1, await self.number(mailbox), [(uid, uid)], change, None)


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
    await house.store.write(create_mailbox, 1, "Trash/old", None, NOW, 1000)
    for name in ("INBOX", "Sent", "Trash", "Trash/old", "Spam"):
        await house.put(name, name)
    folder = await house.define("All", All())
    assert len(await house.shown(folder)) == 2
    await house.store.write(move, 1, await house.number("INBOX"), [(1, 1)], "Trash", NOW)
    assert len(await house.shown(folder)) == 1
    trash = await house.define("Thrown", All(), NamedPlace("Trash", below=True))
    assert len(await house.shown(trash)) == 3


async def test_mailboxes_come_go_and_are_renamed_into_its_places_and_out_of_them(house: House) -> None:
    await house.store.write(create_mailbox, 1, "Work", None, NOW, 1000)
    folder = await house.define("At work", All(), NamedPlace("Work", below=True))
    await house.store.write(create_mailbox, 1, "Work/a", None, NOW, 1000)
    await house.store.write(create_mailbox, 1, "b", None, NOW, 1000)
    await house.put("Work/a", "one")
    await house.put("b", "two")
    assert await house.uids(folder) == [1]
    await house.store.write(rename_mailbox, 1, "b", "Work/b", NOW, 1000)
    assert await house.uids(folder) == [1, 2]
    await house.store.write(rename_mailbox, 1, "Work/a", "a", NOW, 1000)
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


async def test_a_log_that_was_cut_is_made_up_for(house: House) -> None:
    await house.put("INBOX", *"abcdef")
    folder = await house.define("Unread", UNSEEN)
    assert await house.uids(folder) == [1, 2, 3, 4, 5, 6]
    await house.flag("INBOX", 2, "add", SEEN)
    await house.flag("INBOX", 3, "add", FLAGGED)
    await house.put("INBOX", "g")
    await house.store.write(prune_changes, 1, 0, 1000)
    assert await house.shown(folder) == [(1, 0), (3, FLAGGED), (4, 0), (5, 0), (6, 0), (7, 0)]


class Dying:
    """A store that can be read, and written to so many times."""

    def __init__(self, store: Store, writes: int) -> None:
        self.read = store.read
        self._write = store.write
        self._left = writes

    async def write(self, *what: Any) -> Any:
        self._left -= 1
        if self._left < 0:
            raise StoreUnavailable("gone")
        return await self._write(*what)


@pytest.mark.parametrize("writes", range(1, 6))
async def test_who_dies_while_looking_leaves_the_rest_to_the_next(
    house: House, writes: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pending, "MESSAGES_AT_ONCE", 2)
    monkeypatch.setattr(pending, "MAILBOXES_AT_ONCE", 1)
    monkeypatch.setattr(refreshing, "WRITTEN_AT_ONCE", 1)
    await house.put("INBOX", *"abcde")
    folder = await house.define("All", All())
    dying: Any = Dying(house.store, writes)
    with pytest.raises(StoreUnavailable):
        await msgspec.structs.replace(house.refresher, store=dying).refresh(1, folder)
    await house.put("INBOX", "f")
    assert await house.uids(folder) == [1, 2, 3, 4, 5, 6]


async def test_many_new_mailboxes_are_looked_at_together(house: House) -> None:
    folder = await house.define("All", All())
    await house.uids(folder)
    for number in range(30):
        await house.store.write(create_mailbox, 1, f"box{number}", None, NOW, 1000)
        await house.put(f"box{number}", "one")
    dying: Any = Dying(house.store, 3)  # one when the log is read, one for the mailboxes, one for their messages
    await msgspec.structs.replace(house.refresher, store=dying).refresh(1, folder)
    assert len(await house.uids(folder)) == 30


async def test_two_workers_that_look_at_once_show_each_message_once(house: House) -> None:
    await house.put("INBOX", *"abcde")
    folder = await house.define("All", All())
    other = msgspec.structs.replace(house.refresher, turns=Turns())
    for _ in range(3):
        await asyncio.gather(*[one.refresh(1, folder) for one in (other, house.refresher, other, house.refresher)])
        assert len(set((await house.store.read(sources, folder)).values())) == len(await house.uids(folder))
        await house.put("INBOX", "f")
    assert await house.uids(folder) == [1, 2, 3, 4, 5, 6, 7, 8]


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
    await house.store.write(create_mailbox, 1, "a/b", None, NOW, 1000)
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
        await house.store.write(create_mailbox, 1, "Some/below", None, NOW, 1000)
    with pytest.raises(InvalidMailboxName):
        await house.store.write(rename_mailbox, 1, "a", "Some/a", NOW, 1000)
    with pytest.raises(TooManySearchFolders):
        await house.store.write(
            define_search_folder, 1, "More", Wanted(All()), SearchFolderSettings(folders=1), NOW, 1000
        )
    with pytest.raises(TooManyMailboxes):
        await house.store.write(define_search_folder, 1, "More", Wanted(All()), SETTINGS, NOW, 5)
    assert [one.mailbox.name for one in await house.store.read(list_search_folders, 1)] == ["Some"]


async def test_an_empty_mailbox_becomes_one_with_another_uid_validity(house: House) -> None:
    await house.store.write(create_mailbox, 1, "Unread", None, NOW, 1000)
    before = await house.store.read(find_mailbox, 1, "Unread")
    await house.define("Unread", UNSEEN)
    after = await house.store.read(find_mailbox, 1, "Unread")
    assert after.uid_validity > before.uid_validity
    assert not before.virtual
    assert after.virtual


async def test_what_is_put_into_it_goes_to_its_main_mailbox(house: House) -> None:
    await house.define("Unread", UNSEEN)
    with pytest.raises(NoMainMailbox):
        await house.put("Unread", "one")
    await house.define("Unread", UNSEEN, main="Archive")
    await house.put("Unread", "one")
    assert (await house.store.read(find_mailbox, 1, "Archive")).exists == 1
    copied = await house.store.write(copy, 1, await house.number("Archive"), [(1, 1)], "Unread", NOW)
    assert (copied.main, copied.target) == (await house.number("Archive"), [(2, 2)])
    await house.store.write(delete_mailbox, 1, "Archive", NOW)
    with pytest.raises(NoMainMailbox):
        await house.put("Unread", "one")


async def test_flags_are_those_of_the_message(house: House) -> None:
    await house.put("INBOX", "one", keywords=("red",))
    await house.put("Sent", "two", keywords=("blue", "red"))
    folder = await house.define("Reds", HasKeyword("RED", True))
    await house.shown(folder)
    change = FlagChange("add", SEEN, ("green",))
    stored = await house.store.write(acting.store_flags, 1, folder, [(1, 2)], change, None)
    assert stored.keywords == ("red", "blue", "green")
    assert stored.rows == [Flagged(1, 1, SEEN, 0b101, stored.modseq), Flagged(2, 2, SEEN, 0b111, stored.modseq)]
    sent = await house.store.read(find_mailbox, 1, "Sent")
    assert (sent.unseen, sent.keywords) == (0, ("blue", "red", "green"))
    # what happened where the folder has not looked yet counts as a change, too
    await house.flag("Sent", 1, "add", FLAGGED)
    stored = await house.store.write(acting.store_flags, 1, folder, [(1, 2)], change, 2**40)
    assert stored.failed == [(2, 2)]
    drop = FlagChange("remove", 0, ("red",))
    await house.store.write(acting.store_flags, 1, folder, [(1, 1)], drop, None)
    assert await house.shown(folder) == [(2, SEEN | FLAGGED)]


async def test_expunging_removes_the_messages(house: House) -> None:
    await house.put("INBOX", "one", "two", "three", flags=DELETED)
    await house.put("Sent", "four", flags=DELETED)
    folder = await house.define("All", All())
    await house.shown(folder)
    await house.flag("INBOX", 3, "remove", DELETED)
    await house.store.write(expunge, 1, await house.number("INBOX"), [(2, 2)], NOW)
    gone = await house.store.write(acting.expunge, 1, folder, [EVERY], NOW)
    assert gone == [(1, 1), (4, 4)]
    assert await house.shown(folder) == [(3, 0)]
    assert (await house.store.read(find_mailbox, 1, "Sent")).exists == 0


async def test_a_message_is_older_at_that_very_age_and_younger_still(house: House) -> None:
    await house.put("INBOX", "one")
    older, younger = await house.define("Older", Older(20)), await house.define("Younger", Younger(20))
    found = []
    for age in (19_999, 20_000, 20_001):
        house.now = NOW + age
        found.append((len(await house.shown(older)), len(await house.shown(younger))))
    assert found == [(0, 1), (1, 1), (1, 0)]


async def some_change(house: House, choice: random.Random, folders: list[int], mailboxes: list[str]) -> None:
    mailbox = choice.choice(mailboxes)
    number = await house.number(mailbox)
    first = choice.randint(1, 20)
    some = [(first, first + choice.randint(0, 3))]
    flags = choice.choice([SEEN, FLAGGED, DELETED, SEEN | FLAGGED])
    change = FlagChange(choice.choice(["add", "remove", "replace"]), flags, choice.choice([(), ("red",)]))
    match choice.randrange(10):
        case 0 | 1:
            await house.put(mailbox, *choice.choices(["one", "two"], k=choice.randint(1, 4)))
        case 2 | 3:
            await house.store.write(store_flags, 1, number, some, change, None)
        case 4:
            await house.store.write(move, 1, number, some, choice.choice(mailboxes), NOW)
        case 5:
            await house.store.write(copy, 1, number, some, choice.choice(mailboxes), NOW)
        case 6:
            await house.store.write(expunge, 1, number, [EVERY], NOW)
        case 7:
            await house.store.write(acting.store_flags, 1, choice.choice(folders), some, change, None)
        case 8:
            await house.store.write(acting.expunge, 1, choice.choice(folders), [EVERY], NOW)
        case 9:
            house.now += choice.randint(1, 30_000)


CRITERIA: list[SearchKey] = [
    UNSEEN,
    And((HasFlag(FLAGGED, True), Not(HasKeyword("red", True)))),
    Or(EnvelopeField("subject", "one"), Body("body of two")),
    And((Younger(60), Or(Older(20), HasFlag(SEEN, True)))),
]


def fits(which: int, subject: str, flags: int, red: bool, age: int) -> bool:
    """The same in words of its own; `age` in ms."""
    if which == 0:
        return not flags & SEEN
    if which == 1:
        return bool(flags & FLAGGED) and not red
    if which == 2:
        return subject in ("one", "two")
    return age <= 60_000 and (age >= 20_000 or bool(flags & SEEN))


@pytest.mark.parametrize("steps", [120])
async def test_whatever_is_done_it_shows_what_fits(house: House, steps: int, monkeypatch: pytest.MonkeyPatch) -> None:
    seed = random.randrange(1 << 32)
    print(f"seed {seed}")
    choice = random.Random(seed)
    for module, name, value in (
        (pending, "ENTRIES_AT_ONCE", choice.choice([1, 3, 500])),
        (pending, "MESSAGES_AT_ONCE", choice.choice([2, 1000])),
        (pending, "UNWRITTEN", choice.choice([1, 100])),
        (refreshing, "WRITTEN_AT_ONCE", choice.choice([1, 200])),
    ):
        monkeypatch.setattr(module, name, value)
    mailboxes = ["INBOX", "Archive", "Trash"]
    folders = [await house.define(f"Folder {n}", key, main="Archive") for n, key in enumerate(CRITERIA)]
    seen: dict[int, dict[int, tuple[int, int]]] = {folder: {} for folder in folders}
    for _ in range(steps):
        await some_change(house, choice, folders, mailboxes)
        if choice.random() < 0.03:
            await house.store.write(prune_changes, 1, choice.choice([0, 5]), 1000)
        if choice.random() < 0.5:
            continue
        for which, folder in enumerate(folders):
            shown = dict(await house.shown(folder))
            held = await house.store.read(sources, folder)
            wanted = {}
            for name in mailboxes[:2]:
                mailbox = await house.store.read(find_mailbox, 1, name)
                red = 1 << mailbox.keywords.index("red") if "red" in mailbox.keywords else 0
                for row in await house.store.read(rows, 1, mailbox.id, 1, 2**32 - 1, 10_000, 4):
                    assert row.record is not None
                    age = house.now - row.received
                    if fits(which, row.record.header.subject, row.flags, bool(row.keywords & red), age):
                        wanted[mailbox.id, row.uid] = row.flags
            assert {held[uid]: flags for uid, flags in shown.items()} == wanted, (seed, which)
            # a UID never means another message, and new ones are higher than any before
            for uid in shown:
                assert seen[folder].setdefault(uid, held[uid]) == held[uid]
            known = list(seen[folder])
            assert known == sorted(known)


@operation
def damage(txn: WriteTransaction, delete: list[bytes], put: dict[str, bytes]) -> None:
    for key in delete:
        txn.delete(key)
    for text, value in put.items():
        txn.put(bytes.fromhex(text), value)


async def test_verify_finds_nothing_wrong_and_what_is_damaged_is_found_again(house: House) -> None:
    await house.put("INBOX", "one", "two", "three")
    folder = await house.define("Unread", UNSEEN, main="Archive")
    assert await house.uids(folder) == [1, 2, 3]
    await house.store.write(expunge, 1, await house.number("INBOX"), [(1, 1)], NOW)
    assert (await house.store.read(check_account, 1)).faults == []
    source = SEARCH_SOURCE.key(1, folder, 2)
    stray = SEARCH_MEMBER.key(1, 99, 1, 1)
    standing = SEARCH_STANDING.key(1, folder)
    await house.store.write(damage, [source], {stray.hex(): b"\0\0\0\1", standing.hex(): b"nothing"})
    faults = [fault.what for fault in await house.store.write(mend_account, 1, NOW)]
    assert "records of a search folder are there without it" in faults
    assert "its items and the messages that they show do not fit together" in faults
    assert "how far it has come cannot be read" in faults
    assert (await house.store.read(check_account, 1)).faults == []
    assert await house.uids(folder) == [4, 5, 6]
    assert (await house.store.read(check_account, 1)).faults == []


async def test_after_a_backup_was_brought_back_all_is_looked_at(house: House) -> None:
    await house.put("INBOX", "one", "two")
    folder = await house.define("Unread", UNSEEN)
    assert await house.uids(folder) == [1, 2]
    await house.flag("INBOX", 1, "add", SEEN)
    await house.store.write(renew_account, 1, NOW)
    assert await house.uids(folder) == [2]
    assert (await house.store.read(check_account, 1)).faults == []


async def test_an_account_is_erased_with_its_search_folders(house: House) -> None:
    await house.put("INBOX", "one")
    folder = await house.define("All", Younger(1_000_000))
    await house.shown(folder)
    while not await house.store.write(erase_some, 1, 100, NOW):
        pass
    assert await house.store.read(leftovers, folder) == 0
    assert await house.store.read(list_mailboxes, 1) == []
