"""Mapped directories over WebDAV: who sees and changes what, and that nothing outside of them is ever reached."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import msgspec
import pytest

from tests.unit.webdav.davhouse import BASE
from tests.unit.webdav.mapped import BOB, BOBS, DIRECTORIES, LOCK, PLANS, Mapped, comes, lock


@pytest.fixture
def house(tmp_path: Path, loop: asyncio.AbstractEventLoop) -> Mapped:
    return loop.run_until_complete(Mapped(tmp_path).furnish())


async def test_they_stand_among_ones_own_files(house: Mapped) -> None:
    await house.ask("PUT", "/own", "x")
    assert await house.names("/") == ["/own", "/Directories/"]
    assert await house.names("/Directories/") == ["/Directories/plans/"]
    assert await house.names("/Directories/plans/") == ["/Directories/plans/a.txt", "/Directories/plans/sub/"]
    assert (await house.ask("PROPFIND", PLANS, "", "depth: 0")).value("displayname") == "plans"
    assert await house.names("/Directories/plans/sub") == ["/Directories/plans/sub/b%20%C3%BC.txt"]
    await house.give("ann@example.org", "none")
    assert await house.names("/") == ["/own"]
    for path in (DIRECTORIES, PLANS, f"{PLANS}/a.txt"):
        assert (await house.ask("PROPFIND", path, "", "depth: 0")).status == 404
    await house.give("anyone", "read")
    assert await house.names("/") == ["/own", "/Directories/"]
    await house.ask("PUT", "/Directories", "mine")  # the folder only leads on: there is no such file
    assert (await house.ask("GET", "/Directories")).body != b"mine"


async def test_a_file_of_ones_own_of_that_name_comes_first(house: Mapped) -> None:
    await house.give("ann@example.org", "none")
    await house.ask("PUT", "/Directories", "mine")
    await house.give("ann@example.org", "all")
    assert (await house.ask("GET", "/Directories")).body == b"mine"
    assert await house.names("/") == ["/Directories"]
    assert (await house.ask("GET", f"{PLANS}/a.txt")).status == 404


async def test_when_a_file_was_changed_may_be_said(house: Mapped) -> None:
    tags, times = set(), set()
    for text in ("one", "two", "six"):
        said = await house.put("/new", text, "x-oc-mtime: 1500000000")
        assert said.fields["x-oc-mtime"] == "accepted"
        assert said.fields["last-modified"] == "fri, 14 jul 2017 02:40:00 gmt"
        tags.add(said.fields["etag"])
        times.add((house.disk / "new").stat().st_mtime_ns)
    assert len(tags) == len(times) == 3, "an inode may be used again"
    assert {time // 1_000_000 for time in times} == {1_500_000_000_000}
    await house.ask("PUT", "/own", "x", "x-oc-mtime: 1400000000")
    assert await carried(house, "COPY", f"{BASE}/own", f"{PLANS}/own") == 201
    assert int((house.disk / "own").stat().st_mtime) == 1_400_000_000
    said = await house.put("/new", "x", "x-oc-mtime: " + "9" * 11)  # more than the file system has room for
    assert (said.status, "x-oc-mtime" in said.fields) == (204, int((house.disk / "new").stat().st_mtime) > 9e10)
    said = await house.put("/new", "y")
    assert (house.disk / "new").stat().st_mtime > 1_500_000_001
    assert "x-oc-mtime" not in said.fields


async def test_documents_are_read_whole_and_in_part(house: Mapped) -> None:
    said = await house.ask("GET", f"{PLANS}/a.txt")
    assert (said.status, said.body, said.fields["content-type"]) == (200, b"hello", "text/plain")
    tag = said.fields["etag"]
    part = await house.ask("GET", f"{PLANS}/a.txt", "", "range: bytes=1-3")
    assert (part.status, part.body) == (206, b"ell")
    assert (await house.ask("GET", f"{PLANS}/a.txt", "", f"if-none-match: {tag}")).status == 304
    (house.disk / "a.txt").write_text("other!")  # by another program
    said = await house.ask("GET", f"{PLANS}/a.txt", "", f"if-none-match: {tag}")
    assert (said.status, said.body) == (200, b"other!")
    large = os.urandom(1_000_000)
    (house.disk / "large").write_bytes(large)
    assert (await house.ask("GET", f"{PLANS}/large")).body == large
    assert (await house.ask("GET", f"{PLANS}/large", "", "range: bytes=300000-900000")).body == large[300_000:900_001]


async def test_documents_are_written_whole_or_not_at_all(house: Mapped) -> None:
    os.chmod(house.disk, 0o770)
    made = await house.put("/new.txt", "new")
    assert made.status == 201
    assert (house.disk / "new.txt").read_text() == "new"
    assert (house.disk / "new.txt").stat().st_mode & 0o777 == 0o660  # as its folder
    assert made.fields["etag"] == (await house.ask("GET", f"{PLANS}/new.txt")).fields["etag"]
    os.chmod(house.disk / "a.txt", 0o604)
    again = await house.put("/a.txt", "b" * 3_000_000)
    assert (again.status, (house.disk / "a.txt").stat().st_size) == (204, 3_000_000)
    assert (house.disk / "a.txt").stat().st_mode & 0o777 == 0o604
    assert (await house.put("/a.txt", "x", f"if-match: {made.fields['etag']}")).status == 412
    assert (await house.put("/a.txt", "x", "if-none-match: *")).status == 412
    assert (await house.put("/a.txt", "x", f"if-match: {again.fields['etag']}")).status == 204
    assert (await house.put("/none/x", "x")).status == 409
    assert (await house.put("/sub", "x")).status == 405
    assert (await house.put("/a.txt/x", "x")).status == 409
    assert (await house.put("/a.txt", "Z", "content-range: bytes 1-1/*")).status == 204
    assert sorted(house.tree().items()) == [
        ("a.txt", "xZ"),
        ("new.txt", "new"),
        ("sub", "/"),
        ("sub/b ü.txt", "deep"),
    ]
    cut = house.request("PUT", f"{PLANS}/half", "x" * 100)[:-50]
    assert house.wire is not None
    house.wire.send(cut)
    await comes(lambda: len(os.listdir(house.disk)) == 4)  # it has begun
    house.wire.lose()
    await comes(lambda: sorted(os.listdir(house.disk)) == ["a.txt", "new.txt", "sub"])


async def test_folders_come_and_go(house: Mapped) -> None:
    os.chmod(house.disk, 0o750)
    assert (await house.ask("MKCOL", f"{PLANS}/made")).status == 201
    assert (house.disk / "made").stat().st_mode & 0o777 == 0o750
    assert (await house.ask("MKCOL", f"{PLANS}/made")).status == 405
    assert (await house.ask("MKCOL", f"{PLANS}/none/made")).status == 409
    assert (await house.ask("DELETE", f"{PLANS}/a.txt")).status == 204
    assert (await house.ask("DELETE", f"{PLANS}/a.txt")).status == 404
    (house.disk / "sub" / ".hidden").write_text("goes along")
    assert (await house.ask("DELETE", f"{PLANS}/sub/")).status == 204
    assert house.tree() == {"made": "/"}
    assert (await house.ask("DELETE", f"{PLANS}/")).status == 403
    assert house.disk.is_dir()


async def test_copy_and_move(house: Mapped) -> None:
    assert await house.to("COPY", "/a.txt", "/c.txt") == 201
    assert await house.to("COPY", "/a.txt", "/c.txt") == 204
    assert await house.to("COPY", "/a.txt", "/c.txt", "overwrite: F") == 412
    assert await house.to("COPY", "/sub", "/sub2") == 201
    assert await house.to("COPY", "/sub", "/flat", "depth: 0") == 201
    assert await house.to("MOVE", "/c.txt", "/sub2/c.txt") == 201
    assert await house.to("MOVE", "/sub2", "/sub") == 204
    assert await house.to("MOVE", "/sub", "/sub/inner") == 403
    assert await house.to("COPY", "/sub", "/sub/inner") == 403
    assert await house.to("MOVE", "/a.txt", "/none/a.txt") == 409
    assert await house.to("MOVE", "/a.txt", "/a.txt") == 403
    assert house.tree() == {
        "a.txt": "hello",
        "flat": "/",
        "sub": "/",
        "sub/b ü.txt": "deep",
        "sub/c.txt": "hello",
    }
    house.directories = msgspec.structs.replace(house.directories, copied=2)
    assert await house.to("COPY", "/sub", "/much") == 507
    assert not [name for name in os.listdir(house.disk) if name.startswith((".", "much"))]


async def carried(house: Mapped, method: str, source: str, target: str, *fields: str) -> int:
    return (await house.ask(method, source, "", f"destination: {target}", *fields)).status


async def test_between_ones_own_files_and_a_directory(house: Mapped) -> None:
    set_ = '<propertyupdate xmlns="DAV:"><set><prop><x xmlns="urn:x">1</x></prop></set></propertyupdate>'
    asked = '<propfind xmlns="DAV:"><prop><x xmlns="urn:x"/></prop></propfind>'
    for path in (f"{PLANS}/a.txt", f"{PLANS}/sub"):
        await house.ask("PROPPATCH", path, set_)
    os.utime(house.disk / "a.txt", (1_500_000_000, 1_500_000_000))
    assert await carried(house, "COPY", f"{PLANS}/a.txt", f"{BASE}/own") == 201
    assert (await house.ask("GET", "/own")).fields["last-modified"] == "fri, 14 jul 2017 02:40:00 gmt"
    assert await carried(house, "COPY", f"{PLANS}/a.txt", f"{BASE}/own") == 204
    assert await carried(house, "COPY", f"{PLANS}/a.txt", f"{BASE}/own", "overwrite: F") == 412
    assert (await house.ask("GET", "/own")).body == b"hello"
    assert (await house.ask("PROPFIND", "/own", asked, "depth: 0")).value("{urn:x}x") == "1"
    assert await carried(house, "MOVE", f"{PLANS}/sub", f"{BASE}/sub") == 201
    assert house.tree() == {"a.txt": "hello"}
    assert (await house.ask("GET", "/sub/b%20%C3%BC.txt")).body == b"deep"
    assert (await house.ask("PROPFIND", "/sub/", asked, "depth: 0")).value("{urn:x}x") == "1"
    await house.ask("MKCOL", "/sub/inner")
    await house.ask("PUT", "/sub/inner/empty", "")
    assert await carried(house, "COPY", f"{BASE}/sub", f"{PLANS}/flat", "depth: 0") == 201
    assert await carried(house, "MOVE", f"{BASE}/sub", f"{PLANS}/a.txt") == 204
    assert house.tree() == {
        "a.txt": "/",
        "a.txt/b ü.txt": "deep",
        "a.txt/inner": "/",
        "a.txt/inner/empty": "",
        "flat": "/",
    }
    assert await house.names("/") == ["/own", "/Directories/"]
    assert await carried(house, "COPY", f"{BASE}/", f"{PLANS}/all") == 201  # but not what only leads on
    assert sorted(os.listdir(house.disk / "all")) == ["own"]
    assert await carried(house, "COPY", f"{BASE}/own", f"{PLANS}/none/own") == 409
    assert await carried(house, "COPY", f"{BASE}/own", f"{PLANS}/.own") == 403
    assert await carried(house, "COPY", f"{BASE}/own", f"{DIRECTORIES}/own") == 502
    assert await carried(house, "MOVE", PLANS, f"{BASE}/plans") == 403


async def test_of_a_tree_that_cannot_be_carried_it_is_said_which_member(house: Mapped) -> None:
    await house.ask("MKCOL", "/own")
    await house.ask("PUT", "/own/.dot", "x")
    said = await house.ask("COPY", f"{BASE}/own", "", f"destination: {PLANS}/own")
    assert (said.status, said.body.partition(b": ")[0]) == (403, b"own/.dot")
    assert not (house.disk / "own").exists()
    said = await house.ask("COPY", f"{BASE}/own/.dot", "", f"destination: {PLANS}/.dot")
    assert (said.status, b": " in said.body) == (403, False)


async def test_what_cannot_be_carried_leaves_nothing(tmp_path: Path) -> None:
    house = await Mapped(tmp_path, carried=3).furnish()
    await house.give("ann@example.org", "read")
    assert await carried(house, "MOVE", f"{PLANS}/a.txt", f"{BASE}/own") == 403
    assert await house.names("/") == ["/Directories/"]
    assert await carried(house, "COPY", f"{PLANS}/sub", f"{BASE}/sub") == 201
    assert await carried(house, "COPY", f"{BASE}/sub", f"{PLANS}/new") == 403
    await house.give("ann@example.org", "all")
    _, token = await lock(house, "/a.txt")
    assert await carried(house, "MOVE", f"{PLANS}/a.txt", f"{BASE}/own") == 423
    assert await carried(house, "COPY", f"{BASE}/sub", f"{PLANS}/a.txt") == 423
    assert await carried(house, "COPY", f"{PLANS}/a.txt", f"{BASE}/own") == 201
    assert await carried(house, "MOVE", f"{PLANS}/a.txt", f"{BASE}/own", f"if: (<{token}>)") == 204
    for number in range(4):
        (house.disk / "sub" / str(number)).touch()
    assert await carried(house, "COPY", f"{PLANS}/sub", f"{BASE}/much") == 507
    assert await carried(house, "MOVE", f"{PLANS}/sub", f"{BASE}/much") == 507
    assert await house.names("/") == ["/own", "/sub/", "/Directories/"]
    assert len(house.tree()) == 6


async def test_who_only_reads_changes_nothing(house: Mapped) -> None:
    before = house.tree()
    assert (await house.ask("GET", f"{BOBS}/a.txt", login=BOB)).body == b"hello"
    for method, path, body in (
        ("PUT", "/a.txt", "x"),
        ("PUT", "/new", "x"),
        ("DELETE", "/a.txt", ""),
        ("DELETE", "/sub", ""),
        ("MKCOL", "/made", ""),
        ("LOCK", "/a.txt", LOCK.format("exclusive")),
        ("LOCK", "/new", LOCK.format("exclusive")),
        ("PROPPATCH", "/a.txt", '<propertyupdate xmlns="DAV:"><set><prop><x/></prop></set></propertyupdate>'),
        ("COPY", "/a.txt", ""),
        ("MOVE", "/a.txt", ""),
    ):
        said = await house.ask(method, f"{BOBS}{path}", body, f"destination: {BOBS}/target", login=BOB)
        assert (said.status, said.condition) == (403, "need-privileges"), method
    assert house.tree() == before
    await house.give("bob@example.org", "author")  # may add, and change nothing
    assert (await house.ask("PUT", f"{BOBS}/new", "x", login=BOB)).status == 201
    assert (await house.ask("PUT", f"{BOBS}/new", "y", login=BOB)).status == 403
    assert (await house.ask("COPY", f"{BOBS}/a.txt", "", f"destination: {BOBS}/new", login=BOB)).status == 403


async def test_nothing_outside_is_reached(house: Mapped, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret").write_text("secret")
    (house.disk / "link").symlink_to(outside)
    (house.disk / "file-link").symlink_to(outside / "secret")
    (house.disk / "inner-link").symlink_to("a.txt")
    os.mkfifo(house.disk / "pipe")
    os.mkdir(os.fsencode(house.disk) + b"/\xff")
    (house.disk / ".hidden").write_text("hidden")
    assert await house.names("/Directories/plans/") == ["/Directories/plans/a.txt", "/Directories/plans/sub/"]
    for path in (
        "/link",
        "/link/secret",
        "/file-link",
        "/inner-link",
        "/pipe",
        "/.hidden",
        "/%ff",
        "/sub%2f..%2f..%2foutside%2fsecret",
        "/../outside/secret",
        "/%2e%2e/outside/secret",
        "/a.txt%00",
        "/.posthouse-x",
    ):
        assert (await house.ask("GET", f"{PLANS}{path}")).status in (400, 404), path
    for path in ("/link/new", "/link", "/file-link", "/pipe", "/.hidden", "/.new", "/.posthouse-x"):
        assert (await house.put(path, "written")).status in (403, 409), path
        assert (await house.ask("DELETE", f"{PLANS}{path}")).status == 404, path
        assert await house.to("MOVE", "/a.txt", path) in (403, 409), path
        assert await house.to("COPY", "/a.txt", path) in (403, 409), path
        assert (await house.ask("MKCOL", f"{PLANS}{path}")).status in (403, 405, 409), path
        locked = await house.ask("LOCK", f"{PLANS}{path}", LOCK.format("exclusive"))
        assert locked.status in (403, 409), path
    assert await house.to("COPY", "/", "/../elsewhere") in (400, 403)
    assert {path.name: path.read_text() for path in outside.iterdir()} == {"secret": "secret"}
    assert (house.disk / ".hidden").read_text() == "hidden"
    assert (house.disk / "a.txt").read_text() == "hello"
    (house.disk / "sub" / "out").symlink_to(outside)
    assert await house.to("COPY", "/sub", "/sub2") == 201
    assert os.listdir(house.disk / "sub2") == ["b ü.txt"]
    assert (await house.ask("DELETE", f"{PLANS}/sub")).status == 204
    assert (outside / "secret").read_text() == "secret"
    assert (await house.ask("PROPFIND", f"{PLANS}/", "", "depth: 1")).body.count(b"posthouse-") == 0


async def test_dot_files_where_they_are_wanted(house: Mapped) -> None:
    (house.disk / ".hidden").write_text("hidden")
    house.directories = msgspec.structs.replace(house.directories, dot_files=True)
    assert (await house.ask("GET", f"{PLANS}/.hidden")).body == b"hidden"
    assert (await house.put("/.new", "x")).status == 201
    assert (await house.put("/.posthouse-x", "x")).status == 403


async def test_a_name_in_another_spelling(house: Mapped) -> None:
    (house.disk / "é").write_text("composed")
    assert (await house.ask("GET", f"{PLANS}/e%CC%81")).body == b"composed"
    (house.disk / "o\u0308").write_text("apart")  # as other programs wrote it
    assert "/Directories/plans/o%CC%88" in await house.names("/Directories/plans")
    assert (await house.ask("GET", f"{PLANS}/o%CC%88")).body == b"apart"
    assert (await house.put("/u%CC%88", "x")).status == 201
    assert (house.disk / "ü").exists()
    assert (await house.put("/" + "x" * 256, "x")).status == 403


async def test_properties_go_along_with_the_file(house: Mapped) -> None:
    update = '<propertyupdate xmlns="DAV:"><{0}><prop><x xmlns="urn:x">{1}</x></prop></{0}></propertyupdate>'
    asked = '<propfind xmlns="DAV:"><prop><x xmlns="urn:x"/></prop></propfind>'

    async def value(path: str) -> str:
        said = await house.ask("PROPFIND", f"{PLANS}{path}", asked, "depth: 0")
        (status,) = said.rows()[f"{PLANS}{path}"].values()
        return said.value("{urn:x}x") if status == "200" else status

    for path in ("/a.txt", "/sub/", "/"):
        assert (await house.ask("PROPPATCH", f"{PLANS}{path}", update.format("set", "1"))).status == 207
        assert await value(path) == "1"
    assert await house.to("COPY", "/a.txt", "/copy") == 201
    assert await house.to("MOVE", "/a.txt", "/b.txt") == 201
    assert [await value(path) for path in ("/copy", "/b.txt")] == ["1", "1"]
    await house.put("/b.txt", "other contents")
    assert await value("/b.txt") == "1"
    await house.ask("PROPPATCH", f"{PLANS}/b.txt", update.format("remove", ""))
    assert (await value("/b.txt"), await value("/copy")) == ("404", "1")
    house.directories = msgspec.structs.replace(house.directories, property_octets=10)
    said = await house.ask("PROPPATCH", f"{PLANS}/b.txt", update.format("set", "1"))
    assert said.rows()[f"{PLANS}/b.txt"] == {"x": "507"}
