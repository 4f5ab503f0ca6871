"""Directories of the machine among the files of Ann and Bob."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Callable
from pathlib import Path

import pytest

from posthouse.core.directories.mapping import map_directory, share_directory
from posthouse.core.sharing.rights import PRESETS
from posthouse.core.sharing.settings import SharingSettings
from tests.unit.webdav.davhouse import BASE, NOW, DavHouse, Said


@pytest.fixture
def house(tmp_path: Path, loop: asyncio.AbstractEventLoop) -> Mapped:
    return loop.run_until_complete(Mapped(tmp_path).furnish())


DIRECTORIES = f"{BASE}/Directories"
PLANS = f"{DIRECTORIES}/plans"
BOB = f"authorization: Basic {base64.b64encode(b'bob@example.org:x').decode()}"
BOBS = PLANS.replace("ann", "bob")
LOCK = '<lockinfo xmlns="DAV:"><lockscope><{}/></lockscope><locktype><write/></locktype><owner>me</owner></lockinfo>'


class Mapped(DavHouse):
    """Ann may write in `plans`, Bob may read there."""

    def __init__(self, base: Path, **settings: int) -> None:
        super().__init__(None, **settings)
        self.disk = base / "plans"

    async def furnish(self) -> Mapped:
        await self.open()
        self.disk.mkdir()
        (self.disk / "sub").mkdir()
        (self.disk / "a.txt").write_text("hello")
        (self.disk / "sub" / "b ü.txt").write_text("deep")
        await self.store.write(map_directory, "plans", str(self.disk), 10, NOW)
        await self.give("ann@example.org", "all")
        await self.give("bob@example.org", "read")
        return self

    async def give(self, whom: str, preset: str) -> None:
        await self.store.write(share_directory, "plans", whom, int(PRESETS[preset]), SharingSettings())

    async def put(self, path: str, octets: bytes | str, *fields: str) -> Said:
        return await self.ask("PUT", f"{PLANS}{path}", octets, *fields)

    async def to(self, method: str, source: str, target: str, *fields: str) -> int:
        return (await self.ask(method, f"{PLANS}{source}", "", f"destination: {PLANS}{target}", *fields)).status

    def tree(self) -> dict[str, str]:
        """All that is on the disk, ours while it is made too."""
        found = {}
        for path in sorted(self.disk.rglob("*")):
            found[str(path.relative_to(self.disk))] = "/" if path.is_dir() else path.read_text()
        return found


async def comes(holds: Callable[[], bool]) -> None:
    """Wait for what threads do."""
    async with asyncio.timeout(30):
        while not holds():  # noqa: ASYNC110 - a file system tells nobody
            await asyncio.sleep(0)


async def lock(house: Mapped, path: str, scope: str = "exclusive", *fields: str, login: str = "") -> tuple[int, str]:
    where = f"{PLANS}{path}" if not login else f"{BOBS}{path}"
    said = await house.ask("LOCK", where, LOCK.format(scope), *fields, **({"login": login} if login else {}))
    return said.status, said.fields.get("lock-token", "").strip("<>")
