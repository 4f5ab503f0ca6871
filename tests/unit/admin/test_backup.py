"""Backups: what was acknowledged before is in it, whatever goes on meanwhile; restoring is all or nothing."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from posthouse.admin.backup import NoBackup, Source, backup, read_manifest
from posthouse.admin.restore import NotEmpty, restore, restored_configuration
from posthouse.admin.verify import verify
from posthouse.core.files.changes import file_changes
from posthouse.core.files.tree import state
from posthouse.core.mail.erase import erase_some
from posthouse.core.mail.flags import DELETED, FlagChange
from posthouse.core.mail.mailboxes import read_mailbox
from posthouse.core.mail.messages import expunge, rows, store_flags
from posthouse.formats.mime.settings import MimeLimits
from posthouse.storage.blobs.files import FileBlobs
from posthouse.storage.blobs.records import collect, hold_collection
from posthouse.storage.blobs.settings import BlobSettings
from posthouse.storage.changes import changes_since
from posthouse.storage.contract import query
from posthouse.storage.item_bytes import EVERY
from posthouse.storage.lmdb import LocalStore
from posthouse.storage.lmdb.engine import HalfRestored
from tests.unit.admin.house import ALICE, BOB, LARGE, House, open_house, send
from tests.unit.core.filehouse import folders, put, tree
from tests.unit.imap.world import NOW
from tests.unit.stores import SETTINGS

changes = query(changes_since)


def nothing(_: int) -> None:
    pass


@pytest.fixture
def store(tmp_path: Path) -> Iterator[LocalStore]:
    base = tmp_path / "house"
    base.mkdir()
    (base / "posthouse.toml").write_text("[server]\n")
    opened = LocalStore.open(base / "store", SETTINGS)
    yield opened
    opened.close()


def source_of(tmp_path: Path) -> Source:
    base = tmp_path / "house"
    return Source(base, base / "blobs", [base / "posthouse.toml", Path("/etc/hostname")])


async def write(house: House, tmp_path: Path, done: Callable[[int], None] = nothing) -> int:
    """Back up; how many files were copied."""
    store = house.store
    assert isinstance(store, LocalStore)
    written = await backup(store, source_of(tmp_path), tmp_path / "backup", lambda: NOW, done)
    assert written.missing == []
    return written.copied


async def restored_faults(tmp_path: Path, name: str = "again") -> list[str]:
    """Restore the backup into a new folder; what verify says of it."""
    base = tmp_path / name
    base.mkdir()
    await restore(tmp_path / "backup", base, replace=False, now=lambda: NOW, done=nothing)
    store, blobs = LocalStore.open(base / "store", SETTINGS), FileBlobs(base / "blobs", BlobSettings())
    report = await verify(store, blobs, MimeLimits(), quick=False, address=None, done=nothing)
    store.close()
    return [f"{fault.where}: {fault.what}" for fault in report.faults]


async def test_there_and_back(store: LocalStore, tmp_path: Path) -> None:
    house = await open_house(tmp_path / "house" / "blobs", store)
    assert await write(house, tmp_path) == 1
    manifest = read_manifest(tmp_path / "backup")
    assert manifest.files == 1
    assert {path.name for path in (tmp_path / "backup" / "configuration").iterdir()} == {"posthouse.toml"}
    assert await restored_faults(tmp_path) == []

    def run_out_of_room() -> None:
        with restored_configuration(tmp_path / "backup", tmp_path / "new"):
            assert (tmp_path / "new" / "posthouse.toml").is_file()
            raise OSError("the disk is full")

    with pytest.raises(OSError, match="full"):
        run_out_of_room()
    assert not (tmp_path / "new").exists()
    with restored_configuration(tmp_path / "backup", tmp_path / "new"):
        pass
    assert (tmp_path / "new" / "posthouse.toml").read_text() == "[server]\n"
    with pytest.raises(NotEmpty), restored_configuration(tmp_path / "backup", tmp_path / "new"):
        pass


async def test_clients_start_anew_with_a_restored_account(store: LocalStore, tmp_path: Path) -> None:
    house = await open_house(tmp_path / "house" / "blobs", store)
    await write(house, tmp_path)
    known = await house.store.read(read_mailbox, ALICE, 1)
    await send(house, b"Subject: lost\r\n\r\n", ALICE)  # a client may have seen it, with UID 3
    seen = await house.store.read(read_mailbox, ALICE, 1)
    assert await restored_faults(tmp_path) == []
    again = LocalStore.open(tmp_path / "again" / "store", SETTINGS)
    mailbox = await again.read(read_mailbox, ALICE, 1)
    assert mailbox.uid_validity > known.uid_validity
    assert mailbox.modseq > seen.modseq
    assert not (await again.read(changes, ALICE, 1, seen.modseq)).complete
    again.close()


async def test_a_second_backup_copies_what_is_new(store: LocalStore, tmp_path: Path) -> None:
    house = await open_house(tmp_path / "house" / "blobs", store)
    await write(house, tmp_path)
    first = read_manifest(tmp_path / "backup")
    await send(house, LARGE + b"more\r\n", BOB)
    written = await backup(store, source_of(tmp_path), tmp_path / "backup", lambda: NOW + 1, nothing)
    assert written.copied == 1
    assert not (tmp_path / "backup" / first.store).exists()
    assert await restored_faults(tmp_path) == []


async def test_what_goes_while_it_is_copied_is_in_it(
    store: LocalStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # all blobs are released and would be collected as soon as the store was copied
    house = await open_house(tmp_path / "house" / "blobs", store)
    for number in range(30):
        await send(house, LARGE + b"%d\r\n" % number, ALICE)
    copy_to = store.copy_to

    async def copy_and_lose(target: Path) -> None:
        await copy_to(target)
        for account in (ALICE, BOB):
            assert await house.store.write(erase_some, account, 1000, NOW)
        collected = await house.store.write(collect, NOW + 1000, 1000, NOW)
        await house.blobs.remove(collected.locations)

    monkeypatch.setattr(store, "copy_to", copy_and_lose)
    assert await write(house, tmp_path) == 31
    assert await restored_faults(tmp_path) == []
    assert (await house.store.write(collect, NOW + 1000, 1000, NOW)).seen > 0, "held only as long as it goes on"


async def test_what_nobody_held_is_stored_anew_after_a_restore(store: LocalStore, tmp_path: Path) -> None:
    # its file is in no backup, and the store's copy must not say that it is there
    house = await open_house(tmp_path / "house" / "blobs", store)
    await send(house, LARGE + b"more\r\n", ALICE)
    await house.store.write(store_flags, ALICE, 1, [(3, 3)], FlagChange("add", DELETED), None)
    await house.store.write(expunge, ALICE, 1, [EVERY], NOW)
    await write(house, tmp_path)
    assert await restored_faults(tmp_path) == []
    again = LocalStore.open(tmp_path / "again" / "store", SETTINGS)
    blobs = FileBlobs(tmp_path / "again" / "blobs", BlobSettings(inline_octets=1000))
    await send(House(again, blobs), LARGE + b"more\r\n", BOB)
    report = await verify(again, blobs, MimeLimits(), quick=False, address=None, done=nothing)
    assert report.faults == []
    again.close()


async def test_two_backups_hold_what_is_unused_until_both_are_done(store: LocalStore, tmp_path: Path) -> None:
    house = await open_house(tmp_path / "house" / "blobs", store)
    assert await house.store.write(erase_some, ALICE, 1000, NOW)
    for holder in (1, 2):
        await store.write(hold_collection, holder, NOW + 5000, NOW)
    for holder in (2, 1):
        assert (await store.write(collect, NOW + 1000, 1000, NOW + 1000)).seen == 0
        await store.write(hold_collection, holder, 0, NOW)
    assert (await store.write(collect, NOW + 1000, 1000, NOW + 1000)).seen > 0
    await store.write(hold_collection, 3, NOW + 5000, NOW)
    assert await house.store.write(erase_some, BOB, 1000, NOW)
    assert (await store.write(collect, NOW + 9000, 1000, NOW + 5000)).seen > 0, "it ends by itself"


@pytest.mark.parametrize("at", [1, 2, 3, 4])
async def test_a_restore_that_was_cut_off_leaves_no_empty_store(
    store: LocalStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, at: int
) -> None:
    house = await open_house(tmp_path / "house" / "blobs", store)
    await write(house, tmp_path)
    assert await restored_faults(tmp_path) == []
    base = tmp_path / "again"
    renames: list[Path] = []
    rename = Path.rename

    def cut_off(path: Path, target: Path) -> Path:
        if path.parent == base:
            renames.append(path)
            if len(renames) == at:
                raise KeyboardInterrupt
        return rename(path, target)

    monkeypatch.setattr(Path, "rename", cut_off)
    with pytest.raises(KeyboardInterrupt):
        await restore(tmp_path / "backup", base, replace=True, now=lambda: NOW, done=nothing)
    monkeypatch.setattr(Path, "rename", rename)
    if at > 1:
        with pytest.raises(HalfRestored):
            LocalStore.open(base / "store", SETTINGS)
    await restore(tmp_path / "backup", base, replace=True, now=lambda: NOW + 1, done=nothing)
    again = LocalStore.open(base / "store", SETTINGS)
    assert len(await again.read(rows, ALICE, 1, 1, 100, 100, 0)) == 2
    again.close()


async def test_mail_comes_while_it_is_copied(store: LocalStore, tmp_path: Path) -> None:
    house = await open_house(tmp_path / "house" / "blobs", store)
    over = False
    accepted = 0
    many = asyncio.Event()

    async def deliver() -> None:
        nonlocal accepted
        while not over:
            await send(house, LARGE + b"%d\r\n" % accepted, ALICE, BOB)
            accepted += 1
            if accepted == 20:
                many.set()

    delivering = asyncio.ensure_future(deliver())
    await many.wait()
    before = accepted
    await write(house, tmp_path)
    over = True
    await delivering
    assert await restored_faults(tmp_path) == []
    again = LocalStore.open(tmp_path / "again" / "store", SETTINGS)
    assert len(await again.read(rows, ALICE, 1, 1, 10_000, 10_000, 0)) >= 2 + before
    again.close()


async def test_what_is_no_backup_is_refused(store: LocalStore, tmp_path: Path) -> None:
    house = await open_house(tmp_path / "house" / "blobs", store)
    other = tmp_path / "other"
    other.mkdir()
    (other / "letter.txt").write_text("hello")
    with pytest.raises(NoBackup):
        await backup(store, source_of(tmp_path), other, lambda: NOW, nothing)
    with pytest.raises(NoBackup):
        await restore(other, tmp_path / "new", replace=True, now=lambda: NOW, done=nothing)
    await write(house, tmp_path)
    database = tmp_path / "backup" / read_manifest(tmp_path / "backup").store / "data.mdb"
    octets = bytearray(database.read_bytes())
    octets[5000] ^= 1
    database.write_bytes(octets)
    (tmp_path / "new").mkdir()
    with pytest.raises(NoBackup, match="not what the manifest says"):
        await restore(tmp_path / "backup", tmp_path / "new", replace=True, now=lambda: NOW, done=nothing)
    assert list((tmp_path / "new").iterdir()) == []


async def test_what_is_there_is_set_aside(store: LocalStore, tmp_path: Path) -> None:
    house = await open_house(tmp_path / "house" / "blobs", store)
    await write(house, tmp_path)
    base = tmp_path / "again"
    assert await restored_faults(tmp_path) == []
    with pytest.raises(NotEmpty):
        await restore(tmp_path / "backup", base, replace=False, now=lambda: NOW, done=nothing)
    (file,) = (tmp_path / "backup" / "blobs").glob("*/*")
    octets = bytearray(file.read_bytes())
    octets[100] ^= 1
    file.write_bytes(octets)
    restored = await restore(tmp_path / "backup", base, replace=True, now=lambda: NOW - 1, done=nothing)
    assert (restored.files, restored.damaged) == (0, [f"{file.parent.name}/{file.name}"])
    file.unlink()
    restored = await restore(tmp_path / "backup", base, replace=True, now=lambda: NOW, done=nothing)
    assert [Path(path).name for path in restored.aside] == [f"store.before-{NOW}", f"blobs.before-{NOW}"]
    assert restored.missing == [f"{file.parent.name}/{file.name}"]
    shutil.rmtree(base / "store")


async def test_files_come_back_and_their_clients_start_anew(store: LocalStore, tmp_path: Path) -> None:
    house = await open_house(tmp_path / "house" / "blobs", store)
    await folders(store, "docs")
    await put(store, "docs/letter", LARGE)
    await put(store, "docs/letter", b"short")
    await write(house, tmp_path)
    here, known = await tree(store), await store.read(state, ALICE)
    await put(store, "docs/lost")  # a client may have seen it, by its number
    assert await restored_faults(tmp_path) == []
    again = LocalStore.open(tmp_path / "again" / "store", SETTINGS)
    assert await tree(again) == here
    assert not (await again.read(file_changes, ALICE, known, 100)).is_complete
    assert await again.read(state, ALICE) > await store.read(state, ALICE)
    again.close()
