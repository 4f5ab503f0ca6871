"""Accounts whose records are lost or damaged, and what hangs on them."""

from __future__ import annotations

from pathlib import Path

from posthouse.core.accounts.accounts import ERASE_ACCOUNT, delete_account, show_account
from posthouse.core.accounts.group_folders import open_folders
from posthouse.core.accounts.records import AddressRecord
from posthouse.core.mail.finding import list_shared
from posthouse.core.maintenance.account import present_accounts
from posthouse.core.maintenance.faults import RESTORE, Fault
from posthouse.core.sharing.changing import share, show_acl
from posthouse.core.sharing.effective import Visitor
from posthouse.core.sharing.grants import AclRecord, Grant, Grantee
from posthouse.core.sharing.settings import SharingSettings
from posthouse.storage.jobs import cancel_job, list_jobs
from posthouse.storage.spaces import ACCOUNT, ACL, ADDRESS, ANNOTATION, GRANT, MEMBER
from tests.unit.admin.house import ALICE, BOB, delete_raw, open_house, put_raw
from tests.unit.admin.verifying import ENCODER, faults, mend, put
from tests.unit.imap.world import NOW


async def test_an_account_whose_record_is_lost_comes_back_locked(tmp_path: Path) -> None:
    house = await open_house(tmp_path)
    await house.store.write(delete_raw, ACCOUNT.key(ALICE))
    await mend(house)
    shown = await house.store.read(show_account, "alice@example.org")
    assert (shown.number, shown.status, shown.usage.messages) == (ALICE, "locked", 2)
    assert await faults(house) == []


async def test_an_account_whose_address_became_anothers_is_left_to_a_backup(tmp_path: Path) -> None:
    house = await open_house(tmp_path)
    alias = AddressRecord("alias", "bob", 0, ["alice@example.org"])
    await put(ADDRESS.key("example.org", "bob"), ENCODER.encode(alias))(house)
    left = (await mend(house)).left
    assert Fault(f"account {BOB}", "bob@example.org does not lead to it", RESTORE) in left


async def test_an_account_that_is_deleted_is_erased_though_the_job_was_lost(tmp_path: Path) -> None:
    house = await open_house(tmp_path)
    await house.store.write(delete_account, "alice@example.org", NOW)
    assert await faults(house) == []
    (job,) = [job for job in await house.store.read(list_jobs, 0, 10) if job.kind == ERASE_ACCOUNT]
    await house.store.write(cancel_job, job.number)
    assert await faults(house) == [f"account {ALICE}: it is deleted, and nothing is going to erase it"]
    assert await house.store.read(present_accounts, 0, 10) == [BOB]
    await mend(house)
    assert [job.body for job in await house.store.read(list_jobs, 0, 10) if job.kind == ERASE_ACCOUNT] == [b"1"]
    assert await faults(house) == []


async def test_an_annotation_of_a_mailbox_that_is_gone(tmp_path: Path) -> None:
    house = await open_house(tmp_path)
    await house.store.write(put_raw, ANNOTATION.key(ALICE, ALICE, 99, "/shared/comment"), b"x")
    await house.store.write(put_raw, ANNOTATION.key(ALICE, ALICE, 0, "/private/comment"), b"of no mailbox at all")
    assert await faults(house) == ["account 1, mailbox 99: it is gone, and an annotation of it is here"]
    await mend(house)
    assert await faults(house) == []


async def test_sharing(tmp_path: Path) -> None:
    house = await open_house(tmp_path)
    store, settings = house.store, SharingSettings()
    await store.write(share, ALICE, 1, "bob@example.org", "set", 3, settings)
    await store.write(share, ALICE, 2, "anyone", "set", 3, settings)
    await store.write(open_folders, "team@example.org", NOW)
    assert await faults(house) == []
    await store.write(delete_raw, GRANT.key("account 2", ALICE, 1))
    await store.write(put_raw, GRANT.key("account 2", ALICE, 3), b"")
    await store.write(put_raw, ACL.key(ALICE, 2), b"\xc1")
    await store.write(put_raw, ACL.key(ALICE, 99), ENCODER.encode(AclRecord((Grant(Grantee("group", 77), 3),))))
    await store.write(put_raw, MEMBER.key("example.org", "bob", "example.org", "secrets"), b"")
    await store.write(delete_raw, MEMBER.key("example.org", "alice", "example.org", "team"))
    assert len(await faults(house)) == 9
    await mend(house)
    assert await faults(house) == []
    assert [seen.mailbox.name for seen in await store.read(list_shared, Visitor(BOB))] == [
        "Other Users/alice@example.org/INBOX"
    ]
    assert (await store.read(show_acl, ALICE, 2)).grants == []
