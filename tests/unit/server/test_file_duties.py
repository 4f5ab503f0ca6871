"""What is kept of files goes when its time is over; what was deleted for good is erased; so are an account's files."""

from __future__ import annotations

from pathlib import Path

import pytest

from posthouse.core.accounts.accounts import ERASE_ACCOUNT, delete_account
from posthouse.core.accounts.errors import NoSuchAccount
from posthouse.core.files.describing import FileChange, change_file
from posthouse.core.files.erasing import ERASE_FILES, remove
from posthouse.core.files.locks import LockWish, all_locks, lock
from posthouse.core.files.noticing import Noticer
from posthouse.core.files.records import DOOMED
from posthouse.core.files.revisions import list_revisions
from posthouse.core.files.settings import FileSettings
from posthouse.core.files.trash import list_trash
from posthouse.core.files.tree import list_folder
from posthouse.core.mail.letters import BlobLetters
from posthouse.formats.mime.settings import MimeLimits
from posthouse.server.timetable.duties import all_duties
from posthouse.server.timetable.files import file_duties
from posthouse.storage.blobs.memory import MemoryBlobs
from posthouse.storage.blobs.settings import BlobSettings
from posthouse.storage.contract import ReadTransaction, query
from posthouse.storage.memory import MemoryStore
from posthouse.storage.settings import StoreSettings
from posthouse.storage.spaces import COLLECTION
from tests.unit.admin.house import open_house
from tests.unit.core.filehouse import (
    DAY,
    LIMITS,
    ME,
    NOW,
    folders,
    node,
    octets_held,
    put,
    records,
    sound,
    with_account,
)

SETTINGS = FileSettings(trash_days=3, revision_days=5)
NOTICER = Noticer(MemoryStore(), BlobLetters(MemoryBlobs(), MimeLimits()), "mx.example.org", 0, 0, lambda: NOW)


async def test_their_time() -> None:
    store = MemoryStore()
    await with_account(store)
    for number in range(3):
        await put(store, "a", f"{number}", now=NOW + number * DAY)
    await put(store, "b")
    await store.write(remove, 1, await node(store, "b"), True, ME, NOW)
    a = await node(store, "a")
    await store.write(lock, 1, a, LockWish("t", True, False, "", NOW + DAY), ME, LIMITS, NOW)

    async def left(now: int) -> tuple[int, int, int]:
        duties = file_duties(store, SETTINGS, NOTICER, lambda: now)
        for kind in ("empty trash", "forget revisions", "forget locks"):
            assert await duties[kind].do(b"") is None
        await sound(store)
        trashed, earlier = await store.read(list_trash, 1, "", 9), await store.read(list_revisions, 1, a)
        return len(trashed), len(earlier), len(await store.read(all_locks, 1, NOW))

    assert await left(NOW + DAY - 1) == (1, 2, 1)
    assert await left(NOW + DAY) == (1, 2, 0)
    assert await left(NOW + 3 * DAY) == (1, 2, 0)
    assert await left(NOW + 3 * DAY + 1) == (0, 2, 0)
    assert await left(NOW + 6 * DAY + 1) == (0, 1, 0)
    assert await octets_held(store) == 2


async def test_many_are_gone_through() -> None:
    store = MemoryStore()
    await with_account(store)
    await folders(store, "a", *[f"a/{number}" for number in range(450)])
    await store.write(remove, 1, await node(store, "a"), False, ME, NOW)
    await file_duties(store, SETTINGS, NOTICER, lambda: NOW)[ERASE_FILES].do(b"1")
    assert await store.read(list_folder, 1, DOOMED, "", 1) == []
    for number in range(420):
        await put(store, f"f{number}", "1")
        await put(store, f"f{number}", "22")
        await store.write(remove, 1, await node(store, f"f{number}"), number % 2 == 0, ME, NOW)
    duties = file_duties(store, SETTINGS, NOTICER, lambda: NOW + 9 * DAY)
    await duties["forget revisions"].do(b"")
    assert await octets_held(store) == 420
    await duties["empty trash"].do(b"")
    assert await store.read(records) == {"80": 1}
    await sound(store)


async def test_a_deleted_account_leaves_no_files(tmp_path: Path) -> None:
    house = await open_house(tmp_path)
    store = house.store
    await folders(store, "a", "a/b")
    for number in range(250):
        await put(store, f"a/b/{number}", str(number))
    await store.write(change_file, 1, await node(store, "a"), FileChange([("p", b"v")]), ME, LIMITS, NOW)
    await store.write(remove, 1, await node(store, "a/b"), False, ME, NOW)
    await store.write(delete_account, "alice@example.org", NOW)
    duties = all_duties(store, house.blobs, StoreSettings(), BlobSettings(), lambda: NOW)
    await duties[ERASE_ACCOUNT].do(b"1")
    assert await store.read(records) == {}
    assert await store.read(collections_of, 1) == 0
    await file_duties(store, SETTINGS, NOTICER, lambda: NOW)[ERASE_FILES].do(b"1")
    with pytest.raises(NoSuchAccount):
        await put(store, "new")
    assert await store.read(records) == {}


@query
def collections_of(txn: ReadTransaction, account: int) -> int:
    return sum(1 for _ in txn.scan(*COLLECTION.range(account)))
