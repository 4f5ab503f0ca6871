"""Notices of changes in folders: who hears what of whom, once, as long as he may read there."""

from __future__ import annotations

import email
import email.policy

import msgspec
import pytest

from posthouse.core.accounts.accounts import AccountChange, NewAccount, add_account, change_account
from posthouse.core.accounts.domains import DomainChange, change_domain
from posthouse.core.files.conditions import Conditions
from posthouse.core.files.copying import copy_one, copy_tree
from posthouse.core.files.describing import FileChange, change_file
from posthouse.core.files.erasing import erase_files, remove
from posthouse.core.files.errors import NoNotices, NotAFolder, NotPermitted, TooManyWatches
from posthouse.core.files.moving import Target, move
from posthouse.core.files.noticing import Noticer, finish_noticing, gather, settle
from posthouse.core.files.revisions import restore_revision
from posthouse.core.files.settings import FileSettings
from posthouse.core.files.trash import restore
from posthouse.core.files.watching import MOST_DEEDS, NOTICE, Watcher, unwatch, watch, watched_by, watchers_of
from posthouse.core.mail.letters import BlobLetters
from posthouse.core.queue.records import read_message, scan_recipients
from posthouse.core.sharing.rights import PRESETS
from posthouse.formats.mime.settings import MimeLimits
from posthouse.storage.blobs.memory import MemoryBlobs
from posthouse.storage.blobs.records import place
from posthouse.storage.contract import ReadTransaction, Store, query
from posthouse.storage.jobs import Room, take_jobs
from posthouse.storage.spaces import QUEUED
from tests.unit.core.filehouse import (
    LIMITS,
    ME,
    NOW,
    erase_all,
    folders,
    node,
    put,
    records,
    share,
    sound,
    with_sharer,
)

WINDOW = LIMITS.notice_ms


class Office:
    """Does the jobs that are due, and reads what was queued."""

    def __init__(self, store: Store, window: int = WINDOW) -> None:
        self.store = store
        self.blobs = MemoryBlobs()
        self.now = NOW
        letters = BlobLetters(self.blobs, MimeLimits())
        self.noticer = Noticer(store, letters, "mx.example.org", window, 86_400_000, lambda: self.now)

    async def told(self, at: int = NOW + WINDOW) -> list[tuple[str, str]]:
        """(whom, text) of what is queued by then, and was not before."""
        self.now = at
        before = await self.store.read(queued)
        jobs = await self.store.write(take_jobs, [Room([NOTICE], 10)], at, 60_000, "test")
        for job in jobs:
            await self.noticer.tell(job.body)
            assert await self.store.write(finish_noticing, job.lease, job.body, at)
        found = []
        for number, octets in (await self.store.read(queued)).items():
            if number not in before:
                message = email.message_from_bytes(octets, policy=email.policy.default)
                assert message["auto-submitted"] == "auto-generated"
                found.append((message["to"].strip("<>"), f"{message['subject']}\n{message.get_content()}"))
        return sorted(found)


@query
def queued(txn: ReadTransaction) -> dict[int, bytes]:
    """What is in the queue, by number."""
    found = {}
    for key, _ in txn.scan(*QUEUED.range()):
        (number,) = QUEUED.parse(key)
        message = read_message(txn, number)
        assert message is not None
        assert message.sender == ""
        held = place(txn, message.hash)
        assert held is not None
        assert held.inline is not None
        assert len(list(scan_recipients(txn, number))) == 1
        found[number] = held.inline[message.start :]
    return found


def deeds(text: str) -> list[str]:
    """The lines of a notice that tell of a deed, without their times."""
    return [line[20:].strip() for line in text.splitlines() if line.startswith("  20")]


async def test_who_asked_hears_what_others_did(store: Store) -> None:
    bob = Conditions(await with_sharer(store))
    office = Office(store)
    await folders(store, "top", "top/in", "other")
    top = await node(store, "top")
    for conditions in (ME, bob):
        await store.write(watch, 1, top, conditions, LIMITS)
    assert await store.read(watched_by, 1, [top, await node(store, "other")], bob.who) == [top]
    assert await store.read(watchers_of, 1) == [Watcher(top, 1), Watcher(top, bob.who)]
    await put(store, "top/in/wörter", "1", bob)
    for number in range(5):
        await put(store, "top/in/wörter", f"{number}", bob, now=NOW + number)
    await put(store, "other/unheard", "1", bob)
    await put(store, "top/mine", "1")
    await sound(store)
    assert await office.told(NOW + WINDOW - 1) == []
    told = await office.told()
    assert [whom for whom, _ in told] == ["ann@example.org", "bob@example.org"]
    assert deeds(told[0][1]) == ["added    in/wörter", "changed  in/wörter"]
    assert "bob@example.org:" in told[0][1]
    assert told[0][1].startswith("Changes in top\n")
    assert deeds(told[1][1]) == ["added    mine"]
    assert told[1][1].startswith("Changes in top of ann@example.org\n")
    assert await office.told(NOW + 10 * WINDOW) == []
    await put(store, "top/mine", "2", bob, now=NOW + 20 * WINDOW)
    assert [whom for whom, _ in await office.told(NOW + 21 * WINDOW)] == ["ann@example.org"]
    await sound(store)


async def test_all_that_happens_to_files(store: Store) -> None:
    bob = Conditions(await with_sharer(store))
    office = Office(store)
    await folders(store, "top", "top/sub", "out")
    for path in ("top/a", "top/b", "top/c", "out/d"):
        await put(store, path, "1")
    await put(store, "top/a", "2")
    top = await node(store, "top")
    await store.write(watch, 1, top, ME, LIMITS)

    async def target(path: str) -> Target:
        folder, _, name = path.rpartition("/")
        return Target(await node(store, folder), name)

    a, b, c, d = [await node(store, path) for path in ("top/a", "top/b", "top/c", "out/d")]
    await store.write(restore_revision, 1, a, 1, bob, LIMITS, NOW + 1)
    await store.write(move, 1, b, await target("top/sub/b2"), bob, LIMITS, NOW + 2)
    await store.write(move, 1, c, await target("out/c"), bob, LIMITS, NOW + 3)
    await store.write(move, 1, d, await target("top/d"), bob, LIMITS, NOW + 4)
    await store.write(copy_one, 1, a, await target("top/copy"), bob, LIMITS, NOW + 5)
    await copy_tree(
        store, 1, await node(store, "top/sub"), await target("top/sub3"), bob, LIMITS, lambda: NOW + 6, print
    )
    await store.write(remove, 1, a, True, bob, NOW + 7)
    await store.write(restore, 1, a, None, "back", bob, LIMITS, NOW + 8)
    await store.write(change_file, 1, d, FileChange([("x", b"y")]), bob, LIMITS, NOW + 9)
    (told,) = await office.told(NOW + WINDOW + 1)
    assert deeds(told[1]) == [
        "changed  a",
        "moved    sub/b2",
        "deleted  c",
        "added    d",
        "added    copy",
        "added    sub3/",
        "deleted  a",
        "added    back",
    ]


async def test_what_leaves_for_where_he_cannot_read_is_deleted_for_him(store: Store) -> None:
    bob = Conditions(await with_sharer(store, PRESETS["none"]))
    office = Office(store)
    await folders(store, "top", "top/sub", "private")
    await share(store, "top", "bob@example.org", PRESETS["read"])
    a = await put(store, "top/sub/a")
    secret = await put(store, "private/secret")
    await store.write(watch, 1, await node(store, "top"), bob, LIMITS)
    private, top = Target(await node(store, "private"), "another name"), Target(await node(store, "top"), "open")
    await store.write(move, 1, a.node, private, ME, LIMITS, NOW)
    await store.write(move, 1, secret.node, top, ME, LIMITS, NOW)
    (told,) = await office.told()
    assert deeds(told[1]) == ["added    open", "deleted  sub/a"]


async def test_it_ends_with_the_rights(store: Store) -> None:
    bob = Conditions(await with_sharer(store, PRESETS["read"]))
    office = Office(store)
    await folders(store, "top", "top/hidden")
    top = await node(store, "top")
    await share(store, "top/hidden", "bob@example.org", PRESETS["none"])
    await store.write(watch, 1, top, bob, LIMITS)
    await put(store, "top/hidden/secret")
    await put(store, "top/hidden/secret", "2")
    assert await office.told() == []
    await put(store, "top/one")
    await put(store, "top/two")
    await share(store, "top/one", "bob@example.org", PRESETS["none"])
    (told,) = await office.told()
    assert deeds(told[1]) == ["added    two"]
    assert "more" not in told[1]
    await put(store, "top/three")
    await share(store, "top", "bob@example.org", PRESETS["none"])
    assert await office.told() == []
    assert await store.read(watchers_of, 1) == []
    assert set(await store.read(records)) & {"8b", "8c"} == set()
    with pytest.raises(NotPermitted):
        await store.write(watch, 1, await node(store, ""), Conditions(await _cat(store)), LIMITS)


async def _cat(store: Store) -> int:
    cat = await store.write(add_account, NewAccount("cat@example.org", "", None, None), NOW)
    await share(store, "", "cat@example.org", PRESETS["none"] | 1)
    return cat


async def test_who_cannot_hear(store: Store) -> None:
    bob = Conditions(await with_sharer(store))
    office = Office(store)
    await folders(store, "top")
    top = await node(store, "top")
    await store.write(watch, 1, top, bob, LIMITS)
    await put(store, "top/a")
    await store.write(unwatch, 1, top, bob.who)
    assert await office.told() == []
    await store.write(watch, 1, top, ME, LIMITS)
    await put(store, "top/c", "1", bob)
    await store.write(remove, 1, top, True, ME, NOW)
    assert await office.told() == []  # it is in the trash


@pytest.mark.parametrize("of_the_domain", [False, True])
async def test_who_is_disabled_is_told_nothing_and_hears_again_later(store: Store, of_the_domain: bool) -> None:
    bob = Conditions(await with_sharer(store))
    office = Office(store)
    await store.write(watch, 1, await node(store, ""), bob, LIMITS)
    await put(store, "before")
    if of_the_domain:
        await store.write(change_domain, "example.org", DomainChange(enabled=False))
    else:
        await store.write(change_account, "bob@example.org", AccountChange(status="disabled"))
    assert await office.told() == []
    await put(store, "meanwhile", now=NOW + 2 * WINDOW)
    assert await office.told(NOW + 3 * WINDOW) == []
    await sound(store)
    if of_the_domain:
        await store.write(change_domain, "example.org", DomainChange(enabled=True))
    else:
        await store.write(change_account, "bob@example.org", AccountChange(status="enabled"))
    await put(store, "after", now=NOW + 4 * WINDOW)
    ((whom, text),) = await office.told(NOW + 5 * WINDOW)
    assert whom == "bob@example.org"
    assert deeds(text) == ["added    after"]


async def test_who_is_locked_gets_letters_and_so_notices(store: Store) -> None:
    bob = Conditions(await with_sharer(store))
    office = Office(store)
    await store.write(watch, 1, await node(store, ""), bob, LIMITS)
    await put(store, "file")
    await store.write(change_account, "bob@example.org", AccountChange(status="locked"))
    ((_, text),) = await office.told()
    assert deeds(text) == ["added    file"]


async def test_what_is_refused(store: Store) -> None:
    await with_sharer(store)
    await folders(store, "top")
    file = await put(store, "file")
    top = await node(store, "top")
    with pytest.raises(NotAFolder):
        await store.write(watch, 1, file.node, ME, LIMITS)
    with pytest.raises(NoNotices):
        await store.write(watch, 1, top, ME, FileSettings(notice_minutes=0).limits)
    few = msgspec.structs.replace(LIMITS, watches=1)
    for _ in range(2):
        await store.write(watch, 1, top, ME, few)
    with pytest.raises(TooManyWatches):
        await store.write(watch, 1, await node(store, ""), ME, few)


async def test_a_notice_is_bounded(store: Store) -> None:
    bob = Conditions(await with_sharer(store))
    office = Office(store)
    await store.write(watch, 1, await node(store, ""), ME, LIMITS)
    for number in range(MOST_DEEDS + 5):
        await put(store, f"{number:04}", "x", bob)
    await put(store, "0000", "y", bob)
    (told,) = await office.told()
    assert len(deeds(told[1])) == MOST_DEEDS
    assert "and 6 more." in told[1]
    await put(store, "0001", "z", bob)
    (told,) = await office.told(NOW + 9 * WINDOW)
    assert deeds(told[1]) == ["changed  0001"]


async def test_what_comes_by_a_link_is_told_to_its_maker(store: Store) -> None:
    await with_sharer(store)
    office = Office(store)
    await store.write(watch, 1, await node(store, ""), ME, LIMITS)
    await put(store, "sent\u2028X-Evil: 1", "x", Conditions(1, by_link=True))
    ((_, text),) = await office.told()
    assert "Somebody without an account here:" in text
    assert deeds(text) == ["added    sent X-Evil: 1"]


async def test_a_server_that_tells_nothing_any_more(store: Store) -> None:
    bob = Conditions(await with_sharer(store))
    await store.write(watch, 1, await node(store, ""), ME, LIMITS)
    await put(store, "file", "x", bob)
    assert await Office(store, 0).told() == []
    assert await store.read(watchers_of, 1) == []


async def test_all_goes_with_the_folder_and_the_account(store: Store) -> None:
    bob = Conditions(await with_sharer(store))
    await folders(store, "top")
    for path in ("top", ""):
        await store.write(watch, 1, await node(store, path), ME, LIMITS)
    await put(store, "top/file", "x", bob)
    assert {key: (await store.read(records))[key] for key in ("8b", "8c")} == {"8b": 2, "8c": 2}
    await store.write(remove, 1, await node(store, "top"), False, ME, NOW)
    await erase_all(store)
    assert {key: (await store.read(records))[key] for key in ("8b", "8c")} == {"8b": 1, "8c": 1}
    while not await store.write(erase_files, 1, 1, NOW):
        pass
    assert set(await store.read(records)) & {"8b", "8c"} == set()


async def test_two_who_tell_at_once_tell_once(store: Store) -> None:
    bob = Conditions(await with_sharer(store))
    office = Office(store)
    root = await node(store, "")
    await store.write(watch, 1, root, ME, LIMITS)
    await put(store, "file", "x", bob)
    office.now = NOW + WINDOW
    body = f"1 {root} 1".encode()
    gathered = await store.read(gather, 1, root, 1)
    assert gathered is not None
    await office.noticer.tell(body)
    assert not await store.write(settle, 1, root, 1, gathered.due, True, WINDOW, None, None, office.now)
    await office.noticer.tell(body)
    assert len(await store.read(queued)) == 1
