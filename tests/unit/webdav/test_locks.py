"""LOCK and UNLOCK: who holds what, what a lock is in the way of, and what If says of it."""

from __future__ import annotations

import asyncio

import pytest

from tests.unit.webdav.davhouse import BASE, NOW, DavHouse, Said

BOB = "authorization: Basic Ym9iQGV4YW1wbGUub3JnOng="
REMOVE = '<propertyupdate xmlns="DAV:"><remove><prop><p/></prop></remove></propertyupdate>'


def info(scope: str = "exclusive", owner: str = "<href>http://ann.example.org/</href>") -> str:
    return (
        f'<lockinfo xmlns="DAV:"><lockscope><{scope}/></lockscope><locktype><write/></locktype>'
        f"<owner>{owner}</owner></lockinfo>"
    )


@pytest.fixture
def house(loop: asyncio.AbstractEventLoop) -> DavHouse:
    return loop.run_until_complete(DavHouse().open())


def token(said: Said) -> str:
    assert said.status in (200, 201), said
    return said.fields["lock-token"].strip("<>")


async def test_a_lock_is_in_the_way_of_whoever_does_not_hold_it(house: DavHouse) -> None:
    await house.ask("PUT", "/a", "one")
    taken = await house.ask("LOCK", "/a", info(), "timeout: Second-100")
    held = token(taken)
    assert taken.value("timeout") == "Second-100"
    assert taken.value("lockroot") == f"{BASE}/a"
    assert taken.value("owner") == "http://ann.example.org/"
    for said in (
        await house.ask("PUT", "/a", "two"),
        await house.ask("DELETE", "/a"),
        await house.ask("MOVE", "/a", "", f"destination: {BASE}/b"),
        await house.ask("PROPPATCH", "/a", REMOVE),
    ):
        assert (said.status, said.condition, said.value("href")) == (423, "lock-token-submitted", f"{BASE}/a")
    assert (await house.ask("LOCK", "/a", info())).condition == "no-conflicting-lock"
    assert (await house.ask("COPY", "/a", "", f"destination: {BASE}/b")).status == 201
    assert (await house.ask("PUT", "/a", "two", f"if: (<{held}>)")).status == 204
    assert (await house.ask("PUT", "/a", "two", f"if: <http://x{BASE}/a> (<{held}>)")).status == 204
    assert (await house.ask("PUT", "/a", "two", f"if: <http://x/dav/files/bob@example.org/a> (<{held}>)")).status == 412
    assert (await house.ask("PUT", "/a", "two", "if: (<urn:uuid:other>)")).status == 412
    assert (await house.ask("PUT", "/a", "two", "if: (Not <urn:uuid:other>)")).status == 423
    shown = await house.ask("PROPFIND", "/a", "", "depth: 0")
    assert shown.value("locktoken") == held
    assert (await house.ask("UNLOCK", "/a", "", "lock-token: <urn:uuid:other>")).status == 409
    assert (await house.ask("UNLOCK", "/a", "", f"lock-token: {held}")).status == 204  # as Windows writes it
    assert (await house.ask("PUT", "/a", "three")).status == 204


async def test_shared_locks(house: DavHouse) -> None:
    await house.ask("PUT", "/a", "one")
    first, second = [token(await house.ask("LOCK", "/a", info("shared"))) for _ in range(2)]
    assert (await house.ask("LOCK", "/a", info())).status == 423
    assert (await house.ask("PUT", "/a", "two")).status == 423
    for held in (first, second):
        assert (await house.ask("PUT", "/a", "two", f"if: (<{held}>)")).status == 204
        assert (await house.ask("UNLOCK", "/a", "", f"lock-token: <{held}>")).status == 204


async def test_a_folder_with_all_in_it(house: DavHouse) -> None:
    await house.ask("MKCOL", "/a")
    await house.ask("PUT", "/a/b", "x")
    held = token(await house.ask("LOCK", "/a", info(), "depth: infinity"))
    assert (await house.ask("PUT", "/a/b", "y")).status == 423
    assert (await house.ask("PUT", "/a/c", "y")).status == 423
    assert (await house.ask("LOCK", "/a/b", info())).status == 423
    shown = await house.ask("PROPFIND", "/a", "", "depth: 1")
    assert [each.text for each in shown.xml.iterfind(".//{DAV:}locktoken/{DAV:}href")] == [held, held]
    assert (await house.ask("PUT", "/a/c", "y", f"if: <{BASE}/a/> (<{held}>)")).status == 201
    assert (await house.ask("UNLOCK", "/a/c", "", f"lock-token: <{held}>")).status == 204
    held = token(await house.ask("LOCK", "/a", info(), "depth: 0"))
    shown = await house.ask("PROPFIND", "/a", "", "depth: 1")
    assert len(list(shown.xml.iter("{DAV:}activelock"))) == 1
    assert (await house.ask("PUT", "/a/b", "z")).status == 204
    assert (await house.ask("PUT", "/a/d", "z")).status == 423
    assert (await house.ask("LOCK", "/a", info(), "depth: 1")).status == 400


async def test_addresses_of_folders_end_in_a_slash(house: DavHouse) -> None:
    await house.ask("MKCOL", "/a")
    await house.ask("MKCOL", "/a/b")
    held = token(taken := await house.ask("LOCK", "/a/b", info(), "depth: 0"))
    assert taken.value("lockroot") == f"{BASE}/a/b/"  # RFC 4918 5.2
    shown = await house.ask("PROPFIND", "/a/b", "", "depth: 0")
    assert shown.value("lockroot") == f"{BASE}/a/b/"
    renewed = await house.ask("LOCK", "/a/b", "", f"if: (<{held}>)")
    assert renewed.value("lockroot") == f"{BASE}/a/b/"
    for said in (
        await house.ask("PUT", "/a/b/c", "x"),
        await house.ask("DELETE", "/a"),
        await house.ask("DELETE", "/a/b"),
    ):
        assert (said.status, said.value("href")) == (423, f"{BASE}/a/b/")
    assert (await house.ask("LOCK", "/a/b", info())).value("href") == f"{BASE}/a/b/"
    root = await house.ask("LOCK", "/", info("shared"), "depth: 0")
    assert root.value("lockroot") == f"{BASE}/"
    assert (await house.ask("PUT", "/x", "x")).value("href") == f"{BASE}/"


async def test_what_is_not_there_is_made(house: DavHouse) -> None:
    taken = await house.ask("LOCK", "/new.txt", info())
    assert taken.status == 201
    assert (await house.ask("GET", "/new.txt")).body == b""
    assert (await house.ask("PUT", "/new.txt", "x")).status == 423
    assert (await house.ask("PUT", "/new.txt", "x", f"if: (<{token(taken)}>)")).status == 204
    assert (await house.ask("LOCK", "/x/y", info())).status == 409


async def test_what_is_in_the_way_below_a_folder_is_named(house: DavHouse) -> None:
    """RFC 4918 9.10.3."""
    await house.ask("MKCOL", "/a")
    await house.ask("MKCOL", "/a/c")
    await house.ask("LOCK", "/a/b", info())
    said = await house.ask("LOCK", "/a", info(), "depth: infinity")
    assert said.status == 207
    assert said.rows() == {f"{BASE}/a/b": {"": "423"}, f"{BASE}/a/": {"": "424"}}
    assert said.value("no-conflicting-lock") == f"{BASE}/a/b"
    assert (await house.ask("LOCK", "/a", info(), "depth: 0")).status == 200
    assert (await house.ask("LOCK", "/a/c", info(), "depth: infinity")).status == 200


async def test_who_holds_a_folder_takes_no_second_lock_in_it(house: DavHouse) -> None:
    await house.ask("MKCOL", "/a")
    held = token(await house.ask("LOCK", "/a", info(), "depth: infinity"))
    said = await house.ask("LOCK", "/a/new", info(), f"if: <{BASE}/a/> (<{held}>)")
    assert (said.status, said.condition, said.value("href")) == (423, "no-conflicting-lock", f"{BASE}/a/")
    assert await house.names("/a") == []


async def test_a_lock_is_renewed_and_runs_out(house: DavHouse) -> None:
    await house.ask("PUT", "/a", "one")
    held = token(await house.ask("LOCK", "/a", info(), "timeout: Second-100"))
    house.now = NOW + 90_000
    assert (await house.ask("LOCK", "/a", "")).status == 400
    assert (await house.ask("LOCK", "/a", "", "if: (<urn:uuid:other>)")).status == 412
    renewed = await house.ask("LOCK", "/a", "", f"if: (<{held}>)", "timeout: Second-100")
    assert (renewed.status, renewed.value("timeout")) == (200, "Second-100")
    assert "lock-token" not in renewed.fields
    house.now = NOW + 180_000
    assert (await house.ask("PUT", "/a", "two")).status == 423
    house.now = NOW + 191_000
    assert (await house.ask("PUT", "/a", "two")).status == 204
    endless = await house.ask("LOCK", "/a", info(), "timeout: Infinite, Second-4100000000")
    assert endless.value("timeout") == "Second-86400"


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ("<lockinfo/>", 400),
        ('<lockinfo xmlns="DAV:"/>', 400),
        ('<lockinfo xmlns="DAV:"><lockscope><local/></lockscope><locktype><write/></locktype></lockinfo>', 422),
        ('<lockinfo xmlns="DAV:"><lockscope><shared/></lockscope><locktype><read/></locktype></lockinfo>', 422),
        (info(owner="x" * 5000), 413),
    ],
)
async def test_locks_that_there_are_not(house: DavHouse, body: str, status: int) -> None:
    assert (await house.ask("LOCK", "/a", body)).status == status
    assert await house.names() == []


async def test_an_owner_of_too_many_octets() -> None:
    house = await DavHouse(lock_owner_octets=100).open()
    empty = len(b'<owner xmlns="DAV:"></owner>')
    assert (await house.ask("LOCK", "/a", info(owner="ä" * ((100 - empty) // 2)))).status == 201
    assert (await house.ask("LOCK", "/b", info(owner="ä" * ((100 - empty) // 2 + 1)))).status == 413
