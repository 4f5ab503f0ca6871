"""Mailboxes whose name goes at once, and what is in them some at a time."""

from __future__ import annotations

import pytest

from posthouse.core.accounts.accounts import NewAccount, add_account
from posthouse.core.accounts.domains import add_domain
from posthouse.core.accounts.quota import usage
from posthouse.core.mail import deleting
from posthouse.core.mail.criteria.keys import All, Younger
from posthouse.core.mail.deleting import ERASE_MAILBOXES, erase_doomed, finish_erasing_mailboxes
from posthouse.core.mail.digests.blocks import write_digests
from posthouse.core.mail.erase import erase_some
from posthouse.core.mail.errors import NoSuchMailbox
from posthouse.core.mail.mailboxes import create_mailbox, delete_mailbox, find_mailbox, list_mailboxes, rename_mailbox
from posthouse.core.mail.messages import append, changes, copy
from posthouse.core.mail.search_folders.defining import NamedPlace, Wanted, define_search_folder
from posthouse.core.mail.search_folders.records import SPACES
from posthouse.core.mail.search_folders.refreshing import Refresher, Turns
from posthouse.core.mail.search_folders.settings import SearchFolderSettings
from posthouse.core.mail.settings import MailSettings
from posthouse.core.mail.undelete import Choice, undelete_some
from posthouse.core.maintenance.account import check_account, mend_account
from posthouse.core.search.contract import NoIndex
from posthouse.storage.blobs.memory import MemoryBlobs
from posthouse.storage.contract import ReadTransaction, Store, query
from posthouse.storage.jobs import Room, cancel_job, list_jobs, take_jobs
from posthouse.storage.spaces import DIGEST, ITEM
from tests.letters import letter

NOW = 1_790_000_000_000
COUNT = 10
STEP = 3


@pytest.fixture(autouse=True)
def small_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deleting, "AT_ONCE", STEP)


@query
def kept(txn: ReadTransaction, number: int) -> int:
    """How much hangs on a mailbox."""
    spaces = (ITEM, DIGEST, *SPACES)
    return sum(1 for space in spaces for _ in txn.scan(*space.range(1, number)))


async def made(store: Store, wanted: Wanted) -> int:
    """A search folder of Ann's; its number."""
    limits = SearchFolderSettings(), NOW, MailSettings()
    return (await store.write(define_search_folder, 1, "Every", wanted, *limits)).id


async def filled(store: Store) -> int:
    """Ann has messages in Work, which the inbox shows too."""
    await store.write(add_domain, "example.org", None, NOW)
    await store.write(add_account, NewAccount("ann@example.org", "", None, None), NOW)
    letters = [letter(b"Subject: %d\r\n\r\nhello\r\n" % number) for number in range(COUNT)]
    await store.write(create_mailbox, 1, "Work", None, NOW, MailSettings())
    await store.write(append, 1, "Work", letters, [(0, ("$Label1",))] * COUNT, [NOW] * COUNT, NOW)
    work = (await store.read(find_mailbox, 1, "Work")).id
    await store.write(copy, 1, work, [(1, COUNT)], "INBOX", NOW)
    await store.write(write_digests, 1, work, 0, {1: b"of them"})
    return work


async def sound(store: Store) -> None:
    report = await store.read(check_account, 1)
    assert report.faults + report.letter_faults == []


async def erased(store: Store) -> int:
    """Erase what is left, and see that all fits together behind each step; how many there were."""
    steps = 0
    while not await store.write(erase_doomed, 1, STEP, NOW):
        await sound(store)
        steps += 1
    await sound(store)
    return steps


async def jobs(store: Store) -> list[str]:
    return [job.kind for job in await store.read(list_jobs, 0, 99)]


async def test_its_name_goes_at_once_and_its_messages_step_by_step(store: Store) -> None:
    work = await filled(store)
    modseq = (await store.read(find_mailbox, 1, "Work")).modseq
    await store.write(delete_mailbox, 1, "Work", NOW)
    await sound(store)
    with pytest.raises(NoSuchMailbox):
        await store.read(find_mailbox, 1, "Work")
    with pytest.raises(NoSuchMailbox):
        await store.read(changes, 1, work, modseq, None, None)
    assert "Work" not in [mailbox.name for mailbox in await store.read(list_mailboxes, 1)]
    assert (await store.read(usage, 1)).messages == 2 * COUNT - STEP
    assert await jobs(store) == [ERASE_MAILBOXES]
    # another of that name, and one below it, are others
    await store.write(create_mailbox, 1, "Work/new", None, NOW, MailSettings())
    await store.write(rename_mailbox, 1, "Work", "Play", NOW, MailSettings())
    assert await erased(store) > 1
    assert await store.read(kept, work) == 0
    assert (await store.read(usage, 1)).messages == COUNT
    # what was in it comes back where it was
    after: bytes | None = b""
    while after is not None:
        after = (await store.write(undelete_some, 1, Choice(), None, after, 100, NOW, MailSettings())).last
    mailbox = await store.read(find_mailbox, 1, "Work")
    assert (mailbox.exists, mailbox.keywords) == (COUNT, ("$Label1",))
    await sound(store)


async def test_a_small_one_is_gone_at_once(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deleting, "AT_ONCE", COUNT + 2)
    work = await filled(store)
    await store.write(delete_mailbox, 1, "Work", NOW)
    assert (await store.read(kept, work), await jobs(store)) == (0, [])
    await sound(store)


async def test_a_search_folder_goes_step_by_step_and_what_it_shows_stays(store: Store) -> None:
    await filled(store)
    wanted = Wanted(Younger(9_999), [NamedPlace("Work")], None)  # each is due to be looked at again
    folder = await made(store, wanted)
    refresher = Refresher(store, MemoryBlobs(4096), NoIndex(), lambda: NOW, Turns())
    await refresher.refresh(1, folder)
    before = await store.read(kept, folder)
    await store.write(delete_mailbox, 1, "Every", NOW)
    await sound(store)
    assert 0 < await store.read(kept, folder) < before
    with pytest.raises(NoSuchMailbox):
        await refresher.refresh(1, folder)
    assert await erased(store) > 1
    assert await store.read(kept, folder) == 0
    assert (await store.read(find_mailbox, 1, "Work")).exists == COUNT


async def test_the_job_is_put_off_while_another_is_deleted(store: Store) -> None:
    await filled(store)
    await store.write(delete_mailbox, 1, "Work", NOW)
    (job,) = await store.write(take_jobs, [Room([ERASE_MAILBOXES], 1)], NOW, 1000, "me")
    assert job.body == b"1"
    assert await store.write(finish_erasing_mailboxes, job.lease, job.body, NOW)
    assert await jobs(store) == [ERASE_MAILBOXES]
    (job,) = await store.write(take_jobs, [Room([ERASE_MAILBOXES], 1)], NOW, 1000, "me")
    await erased(store)
    assert await store.write(finish_erasing_mailboxes, job.lease, job.body, NOW)
    assert await jobs(store) == []
    assert not await store.write(finish_erasing_mailboxes, job.lease, job.body, NOW)


async def test_what_no_job_erases_is_found(store: Store) -> None:
    await filled(store)
    await store.write(delete_mailbox, 1, "Work", NOW)
    (job,) = await store.read(list_jobs, 0, 9)
    await store.write(cancel_job, job.number)
    (fault,) = (await store.read(check_account, 1)).faults
    assert "no job erases it" in fault.what
    await store.write(mend_account, 1, NOW)
    await sound(store)
    assert await jobs(store) == [ERASE_MAILBOXES]


async def test_an_account_is_erased_with_what_is_left_of_mailboxes(store: Store) -> None:
    work = await filled(store)
    wanted = Wanted(All(), [NamedPlace("INBOX")], None)
    folder = await made(store, wanted)
    await Refresher(store, MemoryBlobs(4096), NoIndex(), lambda: NOW, Turns()).refresh(1, folder)
    for name in ("Work", "Every"):
        await store.write(delete_mailbox, 1, name, NOW)
    while not await store.write(erase_some, 1, STEP, NOW):
        pass
    assert [await store.read(kept, number) for number in (1, work, folder)] == [0, 0, 0]
