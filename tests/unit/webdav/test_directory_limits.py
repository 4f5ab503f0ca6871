"""What the file system of a mapped directory refuses, and what is too much."""

from __future__ import annotations

import asyncio
import os
import re
from errno import EACCES, EDQUOT, EIO, ENOSPC
from pathlib import Path

import msgspec
import pytest

from tests.unit.http.wire import Wire
from tests.unit.webdav.mapped import PLANS, Mapped


@pytest.fixture
def house(tmp_path: Path, loop: asyncio.AbstractEventLoop) -> Mapped:
    return loop.run_until_complete(Mapped(tmp_path).furnish())


@pytest.mark.parametrize(
    ("errno", "status", "condition"),
    [
        (ENOSPC, 507, "sufficient-disk-space"),
        (EDQUOT, 507, "quota-not-exceeded"),
        (EACCES, 403, ""),
        (EIO, 503, ""),
    ],
)
async def test_what_the_file_system_says(
    house: Mapped, monkeypatch: pytest.MonkeyPatch, errno: int, status: int, condition: str
) -> None:
    def full(descriptor: int, octets: bytes) -> int:
        raise OSError(errno, "as said")

    monkeypatch.setattr("posthouse.core.directories.changing.os.write", full)
    said = await house.put("/a.txt", "x")
    monkeypatch.undo()
    assert (said.status, said.condition) == (status, condition)
    assert house.tree() == {"a.txt": "hello", "sub": "/", "sub/b ü.txt": "deep"}


async def test_a_directory_that_is_gone(house: Mapped) -> None:
    house.disk.rename(house.disk.with_name("elsewhere"))
    assert (await house.ask("PROPFIND", f"{PLANS}/", "", "depth: 1")).status in (404, 409)
    assert (await house.put("/x", "x")).status == 409
    assert await house.names("/Directories/") == ["/Directories/plans/"]


async def test_a_folder_with_too_many_names_and_what_the_dead_left(house: Mapped) -> None:
    for number in range(101):
        (house.disk / "sub" / str(number)).touch()
    house.directories = msgspec.structs.replace(house.directories, members=100)
    assert (await house.ask("PROPFIND", f"{PLANS}/sub", "", "depth: 1")).status == 507
    (house.disk / ".posthouse-young").touch()
    await house.names("/Directories/plans")
    assert (house.disk / ".posthouse-young").exists()


async def test_a_large_folder_is_listed_in_order(house: Mapped) -> None:
    names = [f"{number:04}" for number in range(450)]
    for name in names:
        (house.disk / "sub" / name).touch()
    wire = Wire(house.site, "127.0.0.1")
    wire.send(house.request("PROPFIND", f"{PLANS}/sub", "", "depth: 1"))
    await wire.until(lambda: b"</D:multistatus>" in wire.out)
    assert re.findall(r"/sub/(\d+)</D:href>", wire.out.decode()) == names


async def test_the_room_is_that_of_the_disk(house: Mapped) -> None:
    asked = '<propfind xmlns="DAV:"><prop><quota-available-bytes/></prop></propfind>'
    said = await house.ask("PROPFIND", f"{PLANS}/", asked, "depth: 0")
    held = os.statvfs(house.disk)
    assert abs(int(said.value("quota-available-bytes")) - held.f_bavail * held.f_frsize) < 10 << 30
