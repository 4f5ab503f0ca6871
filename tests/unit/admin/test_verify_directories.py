"""Damaged records of mapped directories are found, and what means nothing is dropped."""

from __future__ import annotations

from pathlib import Path

from posthouse.admin.rebuild import rebuild
from posthouse.admin.verify import verify
from posthouse.core.directories.locks import take_lock
from posthouse.core.directories.mapping import directories_of, list_directories, map_directory, share_directory
from posthouse.core.directories.records import MappedLock
from posthouse.core.sharing.settings import SharingSettings
from posthouse.formats.mime.settings import MimeLimits
from posthouse.storage.spaces import MAPPED, MAPPED_LOCK
from tests.unit.admin.house import House, open_house, put_raw
from tests.unit.imap.world import NOW

LOCK = MappedLock(["a"], True, False, 1, "", NOW + 1000)


async def faults(house: House) -> list[str]:
    report = await verify(house.store, house.blobs, MimeLimits(), quick=True, address=None, done=lambda _: None)
    return [f"{fault.where}: {fault.what}" for fault in report.faults]


async def test_damage(tmp_path: Path) -> None:
    house = await open_house(tmp_path)
    for name in ("good", "bad"):
        await house.store.write(map_directory, name, "/srv", 10, NOW)
        await house.store.write(share_directory, name, "anyone", 3, SharingSettings())
        await house.store.write(take_lock, name, "token", LOCK, 10, NOW)
    assert await faults(house) == []
    lost = MAPPED_LOCK.key("good", b"x" * 32, "token")
    await house.store.write(put_raw, MAPPED.key("bad"), b"\xc1")
    await house.store.write(put_raw, lost, b"\xc1")
    await house.store.write(
        put_raw, MAPPED_LOCK.key("gone", b"x" * 32, "token"), b"\x97\x01\x91\xa1a\xc3\xc2\x01\xa0\x01"
    )
    found = [
        "mapped directory bad: its record cannot be read",
        "mapped directory gone: a lock is there without it",
        "mapped directory good: a lock cannot be read",
    ]
    assert await faults(house) == found
    assert [each.name for each in await house.store.read(list_directories)] == ["good"]
    assert [each.name for each in await house.store.read(directories_of, 1)] == ["good"]
    await rebuild(house.store, house.blobs, MimeLimits(), now=lambda: NOW, address=None, done=lambda _: None)
    assert await faults(house) == found[:1]
