"""The standing duties: unused blobs go after their time, files that nothing names, the old part of change logs."""

from __future__ import annotations

import hashlib
import os
from itertools import count
from pathlib import Path

from posthouse.core.mail.erase import erase_some
from posthouse.core.maintenance.blobs import blob_page
from posthouse.server.timetable.duties import AT_ONCE, all_duties
from posthouse.storage.blobs.settings import BlobSettings
from posthouse.storage.changes import changes_since, prune_changes
from posthouse.storage.contract import query
from posthouse.storage.settings import StoreSettings
from posthouse.storage.spaces import BLOB, SEQUENCE
from tests.unit.admin.house import ALICE, BOB, SMALL, House, open_house, put_raw, send
from tests.unit.imap.world import NOW

HOUR_MS = 3_600_000
changes = query(changes_since)


async def do(house: House, kind: str, now: int) -> None:
    duties = all_duties(house.store, house.blobs, StoreSettings(changes_kept=100), BlobSettings(), lambda: now)
    await duties[kind].do(b"")


async def test_unused_blobs_go_after_their_time(tmp_path: Path) -> None:
    house = await open_house(tmp_path)
    for account in (ALICE, BOB):
        await house.store.write(erase_some, account, 1000, NOW)
    await do(house, "collect blobs", NOW + HOUR_MS - 1)
    assert len(house.files()) == 1
    await do(house, "collect blobs", NOW + HOUR_MS + 1)
    assert house.files() == []


async def test_files_that_nothing_names_go_when_they_are_old(tmp_path: Path) -> None:
    house = await open_house(tmp_path)
    (file,) = house.files()
    orphans = [file.with_name(file.name[:-16] + "0" * 16), tmp_path / "incoming" / "half"]
    for orphan in orphans:
        orphan.write_bytes(b"x")
    await do(house, "sweep files", NOW)
    assert all(orphan.exists() for orphan in orphans)
    for path in (file, *orphans):
        os.utime(path, (1, 1))
    await do(house, "sweep files", NOW)
    assert not any(orphan.exists() for orphan in orphans)
    assert house.files() == [file]


async def test_change_logs_are_cut(tmp_path: Path) -> None:
    house = await open_house(tmp_path)
    for number in range(320):
        await send(house, b"Subject: %d\r\n\r\n" % number, ALICE)
    last = (await house.store.read(changes, ALICE, 1, 0)).modseq
    await house.store.write(prune_changes, ALICE, 100, 50)
    assert (await house.store.read(changes, ALICE, 1, 50)).complete, "so many at a time"
    assert not (await house.store.read(changes, ALICE, 1, 49)).complete
    await do(house, "cut change logs", NOW)
    assert (await house.store.read(changes, ALICE, 1, last - 100)).complete
    assert not (await house.store.read(changes, ALICE, 1, last - 101)).complete
    assert (await house.store.read(changes, BOB, 1, 0)).complete


async def test_what_cannot_be_read_stops_no_duty(tmp_path: Path) -> None:
    house = await open_house(tmp_path)
    for account in (ALICE, BOB):
        await house.store.write(erase_some, account, 1000, NOW)
    (file,) = house.files()
    await house.store.write(put_raw, BLOB.key(hashlib.sha256(SMALL).digest()), b"\xc1")
    await house.store.write(put_raw, SEQUENCE.key(ALICE), b"\xc1")
    await do(house, "collect blobs", NOW + HOUR_MS + 1)
    await do(house, "cut change logs", NOW)
    assert not file.exists()


async def test_collecting_ends_in_time(tmp_path: Path) -> None:
    house = await open_house(tmp_path)
    for number in range(AT_ONCE):
        await send(house, b"Subject: %d\r\n\r\n" % number, ALICE)
    for account in (ALICE, BOB):
        await house.store.write(erase_some, account, 1000, NOW)
    clock = count(NOW + HOUR_MS + 1, 25_000)
    duties = all_duties(house.store, house.blobs, StoreSettings(), BlobSettings(), lambda: next(clock))
    await duties["collect blobs"].do(b"")
    assert len((await house.store.read(blob_page, b"", 1000)).counts) == 2, "the rest is for the next time"
    await duties["collect blobs"].do(b"")
    assert (await house.store.read(blob_page, b"", 1000)).counts == {}
