"""The standing duties: unused blobs go after their time, files that nothing names, the old part of change logs."""

from __future__ import annotations

import os
from pathlib import Path

from posthouse.core.mail.erase import erase_some
from posthouse.server.timetable.duties import all_duties
from posthouse.storage.blobs.settings import BlobSettings
from posthouse.storage.changes import changes_since
from posthouse.storage.contract import query
from posthouse.storage.settings import StoreSettings
from tests.unit.admin.house import ALICE, BOB, House, open_house, send
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
    for number in range(120):
        await send(house, b"Subject: %d\r\n\r\n" % number, ALICE)
    last = (await house.store.read(changes, ALICE, 1, 0)).modseq
    await do(house, "cut change logs", NOW)
    assert (await house.store.read(changes, ALICE, 1, last - 100)).complete
    assert not (await house.store.read(changes, ALICE, 1, last - 101)).complete
    assert (await house.store.read(changes, BOB, 1, 0)).complete
