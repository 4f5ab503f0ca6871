"""Locks in mapped directories."""

from __future__ import annotations

import asyncio
from pathlib import Path

import msgspec
import pytest

from tests.unit.webdav.mapped import BOB, BOBS, LOCK, PLANS, Mapped, lock


@pytest.fixture
def house(tmp_path: Path, loop: asyncio.AbstractEventLoop) -> Mapped:
    return loop.run_until_complete(Mapped(tmp_path).furnish())


async def test_locks_hold_for_all_who_come(house: Mapped) -> None:
    await house.give("bob@example.org", "all")
    status, token = await lock(house, "/a.txt")
    assert status == 200
    assert (await lock(house, "/a.txt", login=BOB))[0] == 423
    for method, body in (("PUT", "x"), ("DELETE", ""), ("MOVE", "")):
        said = await house.ask(method, f"{BOBS}/a.txt", body, f"destination: {BOBS}/b", login=BOB)
        assert (said.status, said.condition) == (423, "lock-token-submitted"), method
        assert f"{BOBS}/a.txt" in said.body.decode()
    stolen = f"if: (<{token}>)"
    assert (await house.ask("PUT", f"{BOBS}/a.txt", "x", stolen, login=BOB)).status == 423
    assert (await house.put("/a.txt", "x")).status == 423
    assert (await house.put("/a.txt", "x", f"if: (<{token}>)")).status == 204
    assert (await house.ask("LOCK", f"{PLANS}/a.txt", "", f"if: (<{token}>)")).status == 200
    assert token in (await house.ask("PROPFIND", f"{BOBS}/a.txt", "", "depth: 0", login=BOB)).body.decode()
    assert (await house.ask("UNLOCK", f"{BOBS}/a.txt", "", f"lock-token: <{token}>", login=BOB)).status == 409
    assert (await house.ask("UNLOCK", f"{PLANS}/a.txt", "", f"lock-token: <{token}>")).status == 204
    assert (await house.ask("PUT", f"{BOBS}/a.txt", "x", login=BOB)).status == 204


async def test_addresses_of_locked_folders_end_in_a_slash(house: Mapped) -> None:
    taken = await house.ask("LOCK", f"{PLANS}/sub", LOCK.format("exclusive"), "depth: 0")
    token = taken.fields["lock-token"]
    assert taken.value("lockroot") == f"{PLANS}/sub/"  # RFC 4918 5.2
    shown = await house.ask("PROPFIND", f"{PLANS}/sub", "", "depth: 0")
    assert shown.value("lockroot") == f"{PLANS}/sub/"
    renewed = await house.ask("LOCK", f"{PLANS}/sub", "", f"if: ({token})")
    assert renewed.value("lockroot") == f"{PLANS}/sub/"
    assert (await house.put("/sub/new", "x")).value("href") == f"{PLANS}/sub/"
    assert (await house.ask("LOCK", f"{PLANS}/sub", LOCK.format("exclusive"))).value("href") == f"{PLANS}/sub/"
    assert (await house.ask("DELETE", f"{PLANS}/sub")).value("href") == f"{PLANS}/sub/"


async def test_deep_locks_and_their_end(house: Mapped) -> None:
    _, token = await lock(house, "/sub")
    assert (await lock(house, "/sub/b%20%C3%BC.txt"))[0] == 423
    assert (await lock(house, "/"))[0] == 207  # what is in the way is below
    assert (await house.put("/sub/new", "x")).status == 423
    assert (await house.ask("MKCOL", f"{PLANS}/sub/made")).status == 423
    assert await house.to("COPY", "/a.txt", "/sub/a.txt") == 423
    assert (await house.put("/sub/new", "x", f"if: <{PLANS}/sub> (<{token}>)")).status == 201
    assert await house.to("MOVE", "/sub", "/moved", f"if: <{PLANS}/sub> (<{token}>)") == 201
    assert (await house.put("/moved/free", "x")).status == 201  # the lock did not go along
    status, token = await lock(house, "/new.txt", "exclusive", "timeout: Second-100")
    assert (status, (house.disk / "new.txt").read_bytes()) == (201, b"")
    assert (await house.put("/new.txt", "x")).status == 423
    house.now += 101_000
    assert (await house.put("/new.txt", "x")).status == 204
    assert [(await lock(house, "/a.txt", "shared"))[0] for _ in range(2)] == [200, 200]
    assert (await lock(house, "/a.txt"))[0] == 423
    house.directories = msgspec.structs.replace(house.directories, locks=2)
    assert (await lock(house, "/moved"))[0] == 507
