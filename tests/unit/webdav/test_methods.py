"""WebDAV's methods on files: documents, folders, properties, and what is refused."""

from __future__ import annotations

import asyncio
import random
from pathlib import Path

import pytest

from posthouse.storage.blobs.files import FileBlobs
from posthouse.storage.blobs.settings import BlobSettings
from posthouse.storage.contract import StoreFull
from tests.unit.http.wire import Wire
from tests.unit.webdav.davhouse import BASE, LOGIN, DavHouse


@pytest.fixture
def house(loop: asyncio.AbstractEventLoop) -> DavHouse:
    return loop.run_until_complete(DavHouse().open())


async def test_a_document_is_written_read_and_deleted(house: DavHouse) -> None:
    made = await house.ask("PUT", "/a.txt", "hello")
    assert (made.status, made.body) == (201, b"")
    read = await house.ask("GET", "/a.txt")
    assert (read.status, read.body, read.fields["content-type"]) == (200, b"hello", "text/plain")
    assert read.fields["etag"] == made.fields["etag"]
    assert "content-length: 5" in await house.head("/a.txt")
    assert (await house.ask("PUT", "/a.txt", "more", "content-type: text/markdown")).status == 204
    assert (await house.ask("GET", "/a.txt")).fields["content-type"] == "text/markdown"
    assert (await house.ask("DELETE", "/a.txt")).status == 204
    assert (await house.ask("GET", "/a.txt")).status == 404
    assert (await house.ask("DELETE", "/a.txt")).status == 404


async def test_parts_of_a_document(house: DavHouse) -> None:
    whole = bytes(range(256)) * 2
    made = await house.ask("PUT", "/a", whole)
    part = await house.ask("GET", "/a", b"", "range: bytes=100-299")
    assert (part.status, part.body, part.fields["content-range"]) == (206, whole[100:300], "bytes 100-299/512")
    assert (await house.ask("GET", "/a", b"", "range: bytes=600-")).status == 416
    assert (await house.ask("GET", "/a", b"", f"if-none-match: {made.fields['etag']}")).status == 304
    put = await house.ask("PUT", "/a", b"XYZ", "content-range: bytes 1-3/512")
    assert put.status == 204
    assert (await house.ask("GET", "/a")).body == whole[:1] + b"XYZ" + whole[4:]
    assert (await house.ask("PUT", "/a", b"end", "content-range: bytes 512-514/*")).status == 204
    assert (await house.ask("GET", "/a")).body == whole[:1] + b"XYZ" + whole[4:] + b"end"
    assert (await house.ask("PUT", "/a", b"end", "content-range: bytes 600-602/*")).status == 416
    assert (await house.ask("PUT", "/a", b"end", "content-range: bytes 0-9/*")).status == 400
    assert (await house.ask("PUT", "/new", b"abc", "content-range: bytes 0-2/3")).status == 201


async def test_parts_of_what_is_to_be_shorter(house: DavHouse) -> None:
    await house.ask("PUT", "/a", b"a longer text of old")
    assert (await house.ask("PUT", "/a", b"new", "content-range: bytes 0-2/5")).status == 204
    assert (await house.ask("GET", "/a")).body == b"newon"
    assert (await house.ask("PUT", "/a", b"er", "content-range: bytes 3-4/5")).status == 204
    assert (await house.ask("GET", "/a")).body == b"newer"


async def test_contents_that_are_packed_are_not_taken_for_what_is_in_them(house: DavHouse) -> None:
    said = await house.ask("PUT", "/a.txt", b"\x1f\x8b", "content-encoding: gzip")
    assert (said.status, said.fields["accept-encoding"]) == (415, "identity")
    assert (await house.ask("GET", "/a.txt")).status == 404
    assert (await house.ask("PUT", "/a.txt", b"x", "content-encoding: identity")).status == 201


async def test_addresses_that_nobody_encoded(house: DavHouse) -> None:
    assert (await house.ask("PUT", "/ü", "x")).status == 201
    assert (await house.ask("COPY", "/%C3%BC", "", f"destination: {BASE}/ö")).status == 201
    assert await house.names() == ["/%C3%B6", "/%C3%BC"]
    tag = (await house.ask("GET", "/ö")).fields["etag"]
    assert (await house.ask("PUT", "/ö", "y", f"if: <{BASE}/ö> ([{tag}])")).status == 204


async def test_conditions(house: DavHouse) -> None:
    tag = (await house.ask("PUT", "/a", "one", "if-none-match: *")).fields["etag"]
    assert (await house.ask("PUT", "/a", "two", "if-none-match: *")).status == 412
    assert (await house.ask("PUT", "/a", "two", 'if-match: "other"')).status == 412
    assert (await house.ask("PUT", "/a", "two", f"if-match: {tag}")).status == 204
    assert (await house.ask("DELETE", "/a", "", f"if-match: {tag}")).status == 412
    assert (await house.ask("DELETE", "/a", "", f"if: ([{tag}])")).status == 412
    assert (await house.ask("DELETE", "/a", "", f"if: (Not [{tag}])")).status == 204
    assert (await house.ask("PUT", "/a", "x", "if: no lists")).status == 400


async def test_folders(house: DavHouse) -> None:
    assert (await house.ask("MKCOL", "/a/")).status == 201
    assert (await house.ask("MKCOL", "/a/")).status == 405
    assert (await house.ask("MKCOL", "/x/y/")).status == 409
    assert (await house.ask("MKCOL", "/b/", "what", "content-type: text/plain")).status == 415
    assert (await house.ask("PUT", "/x/y", "x")).status == 409
    assert (await house.ask("PUT", "/a", "x")).status == 405
    assert (await house.ask("PUT", "/a/b", "x")).status == 201
    assert (await house.ask("PUT", "/a/b/c", "x")).status == 409
    assert (await house.ask("DELETE", "/a", "", "depth: 0")).status == 400
    assert (await house.ask("DELETE", "/")).status == 403
    assert (await house.ask("DELETE", "/a")).status == 204
    assert await house.names() == []


async def test_a_folder_for_people_and_for_office(house: DavHouse) -> None:
    await house.ask("PUT", "/%3Cb%3E.txt", "x")
    assert (await house.head("/")).startswith("http/1.1 200")
    wire = house.wire
    assert wire is not None
    wire.send(house.request("GET", "/"))
    await wire.until(lambda: wire.out.endswith(b"0\r\n\r\n"))
    assert f'<a href="{BASE}/%3Cb%3E.txt">&lt;b&gt;.txt</a>'.encode() in wire.out


EXTENDED = """<mkcol xmlns="DAV:" xmlns:x="urn:x"><set><prop>
<resourcetype><collection/>{more}</resourcetype><displayname>Änne</displayname><x:colour>red</x:colour></prop></set></mkcol>"""


async def test_extended_mkcol(house: DavHouse) -> None:
    refused = await house.ask("MKCOL", "/a", EXTENDED.format(more="<x:calendar/>"), "content-type: text/xml")
    assert refused.status == 403
    assert refused.xml.tag == "{DAV:}mkcol-response"
    assert b"valid-resourcetype" in refused.body
    assert await house.names() == []
    assert (await house.ask("MKCOL", "/a", EXTENDED.format(more=""), "content-type: text/xml")).status == 201
    asked = '<propfind xmlns="DAV:"><prop><displayname/><c xmlns="urn:x"/><colour xmlns="urn:x"/></prop></propfind>'
    said = await house.ask("PROPFIND", "/a", asked, "depth: 0")
    assert said.rows() == {f"{BASE}/a/": {"displayname": "200", "colour": "200", "c": "404"}}
    assert said.value("displayname") == "Änne"


async def test_copy_and_move(house: DavHouse) -> None:
    for path in ("/a/", "/a/b/", "/c/"):
        await house.ask("MKCOL", path)
    await house.ask("PUT", "/a/b/file", "x")
    assert (await house.ask("COPY", "/a", "", f"destination: http://x{BASE}/d/")).status == 201
    assert (await house.ask("GET", "/d/b/file")).body == b"x"
    assert (await house.ask("COPY", "/a", "", f"destination: {BASE}/e", "depth: 0")).status == 201
    assert await house.names("/e/") == []
    assert (await house.ask("COPY", "/a", "", f"destination: {BASE}/d", "overwrite: F")).status == 412
    assert (await house.ask("COPY", "/a", "", f"destination: {BASE}/d")).status == 204
    assert (await house.ask("COPY", "/a", "", f"destination: {BASE}/a/b/a")).status == 403
    assert (await house.ask("COPY", "/a", "", f"destination: {BASE}/a")).status == 403
    assert (await house.ask("MOVE", "/a", "", f"destination: {BASE}/x/a")).status == 409
    assert (await house.ask("MOVE", "/a", "", "destination: http://other/a")).status == 502
    assert (await house.ask("MOVE", "/a", "", "destination: /dav/files/bob@example.org/a")).status == 502
    assert (await house.ask("MOVE", "/a", "")).status == 400
    assert (await house.ask("MOVE", "/a", "", f"destination: {BASE}/c/%C3%A4")).status == 201
    assert await house.names("/c/") == ["/c/%C3%A4/"]
    assert (await house.ask("MOVE", "/c/%C3%A4/b/file", "", f"destination: {BASE}/d/b/file")).status == 204
    assert (await house.ask("GET", "/d/b/file")).body == b"x"


async def test_propfind(house: DavHouse) -> None:
    await house.ask("MKCOL", "/a")
    await house.ask("PUT", "/a/b & c.txt".replace(" ", "%20"), "hello")
    everything = (await house.ask("PROPFIND", "/a", "", "depth: 1")).rows()
    assert list(everything) == [f"{BASE}/a/", f"{BASE}/a/b%20%26%20c.txt"]
    document = everything[f"{BASE}/a/b%20%26%20c.txt"]
    assert set(document.values()) == {"200"}
    assert {"resourcetype", "getetag", "getcontentlength", "getlastmodified", "creationdate", "lockdiscovery"} <= set(
        document
    )
    names = await house.ask("PROPFIND", "/a", '<propfind xmlns="DAV:"><propname/></propfind>', "depth: 0")
    assert "quota-used-bytes" in names.rows()[f"{BASE}/a/"]
    more = '<propfind xmlns="DAV:"><allprop/><include><owner/></include></propfind>'
    assert "owner" in (await house.ask("PROPFIND", "/a", more, "depth: 0")).rows()[f"{BASE}/a/"]
    assert (await house.ask("PROPFIND", "/a", "<propfind/>", "depth: 0")).status == 400
    assert (await house.ask("PROPFIND", "/x", "", "depth: 0")).status == 404
    said = await house.ask("PROPFIND", "/a", "", "depth: 0")
    assert said.fields["dav"] == "1, 2, 3, access-control, extended-mkcol"


async def test_all_below_a_folder_where_that_is_not_much() -> None:
    house = await DavHouse(listed=4).open()
    for path in ("/a", "/a/b", "/a/b/c"):
        await house.ask("MKCOL", path)
    await house.ask("PUT", "/a/b/d", "x")
    await house.ask("PUT", "/e", "x")
    below = [f"{BASE}/a/", f"{BASE}/a/b/", f"{BASE}/a/b/c/", f"{BASE}/a/b/d"]
    for fields in (("depth: infinity",), ()):
        assert list((await house.ask("PROPFIND", "/a", "", *fields)).rows()) == below
    assert list((await house.ask("PROPFIND", "/a", "", "prefer: depth-noroot")).rows()) == below[1:]
    assert (await house.ask("PROPFIND", "/a/b/d", "", "depth: infinity")).rows().keys() == {below[-1]}
    for path in ("/", "/dav/", "/dav/files/"):  # too much; leading on to what is not looked at
        said = await house.ask("PROPFIND", path, "", "depth: infinity")
        assert (said.status, said.condition) == (403, "propfind-finite-depth")


async def test_prefer_minimal_leaves_out_what_is_not_there(house: DavHouse) -> None:
    asked = '<propfind xmlns="DAV:"><prop><getetag/><resourcetype/></prop></propfind>'
    assert (await house.ask("PROPFIND", "/", asked, "depth: 0")).rows()[f"{BASE}/"]["getetag"] == "404"
    said = await house.ask("PROPFIND", "/", asked, "depth: 0", "prefer: return=minimal")
    assert said.rows()[f"{BASE}/"] == {"resourcetype": "200"}


@pytest.mark.parametrize("fields", [("depth: 1", "prefer: depth-noroot"), ("depth: 1,noroot",)])
async def test_what_is_below_alone(house: DavHouse, fields: tuple[str, ...]) -> None:
    await house.ask("PUT", "/a", "x")
    assert list((await house.ask("PROPFIND", "/", "", *fields)).rows()) == [f"{BASE}/a"]


async def test_a_long_listing_is_streamed(house: DavHouse) -> None:
    for number in range(450):
        await house.ask("PUT", f"/{number:03}", "x")
    wire = house.wire
    assert wire is not None
    wire.send(house.request("PROPFIND", "/", "", "depth: 1"))
    await wire.until(lambda: wire.out.endswith(b"0\r\n\r\n"))
    assert wire.out.count(b"<D:response>") == 451


async def test_options_need_no_login(house: DavHouse) -> None:
    said = await house.ask("OPTIONS", "/", login="")
    assert (said.status, said.fields["dav"]) == (200, "1, 2, 3, access-control, extended-mkcol")
    assert said.fields["ms-author-via"] == "dav"
    assert "PROPPATCH" in said.fields["allow"].upper()


async def test_options_of_what_is_only_read(house: DavHouse) -> None:
    for path in ("/dav/", "/dav/files/", "/dav/principals/ann@example.org/"):
        said = await house.ask("OPTIONS", path, login="")
        assert (said.status, said.fields["dav"]) == (200, "1, 2, 3, access-control, extended-mkcol")
        assert said.fields["allow"].upper() == "OPTIONS, GET, HEAD, PROPFIND, REPORT, SEARCH"


async def test_everything_else_needs_one(house: DavHouse) -> None:
    assert (await house.ask("PROPFIND", "/", login="")).status == 401
    assert (await house.ask("PROPFIND", "/dav/files/bob@example.org/", "", "depth: 0")).status == 404
    assert (await house.ask("PUT", "/dav/files/bob@example.org/a", "x")).status == 404
    assert (await house.ask("BREW", "/")).status == 501


async def test_the_folders_above_and_who_one_is(house: DavHouse) -> None:
    me = "/dav/principals/ann@example.org/"
    assert list((await house.ask("PROPFIND", "/dav/", "", "depth: 1")).rows()) == [
        "/dav/",
        "/dav/files/",
        "/dav/principals/",
    ]
    assert list((await house.ask("PROPFIND", "/dav/files/", "", "depth: 1")).rows()) == ["/dav/files/", f"{BASE}/"]
    assert list((await house.ask("PROPFIND", "/dav/principals/", "", "depth: 1")).rows())[1:] == [me]
    asked = (
        '<propfind xmlns="DAV:"><prop><current-user-principal/><principal-URL/><resourcetype/><displayname/>'
        "<principal-collection-set/><current-user-privilege-set/><owner/></prop></propfind>"
    )
    said = await house.ask("PROPFIND", me, asked, "depth: 0")
    assert (said.value("current-user-principal"), said.value("principal-URL")) == (me, me)
    assert said.value("principal-collection-set") == "/dav/principals/"
    assert next(said.xml.iter("{DAV:}principal")) is not None
    files = await house.ask("PROPFIND", "/", asked, "depth: 0")
    assert files.rows()[f"{BASE}/"]["principal-URL"] == "404"
    assert files.value("owner") == me
    assert {each[0].tag for each in files.xml.iter("{DAV:}privilege")} >= {"{DAV:}read", "{DAV:}write"}
    assert (await house.ask("PUT", "/dav/x", "x")).status == 405
    assert (await house.ask("MKCOL", me + "x")).status == 405
    assert (await house.ask("LOCK", me, "x")).status == 405


@pytest.mark.parametrize(
    ("path", "status"),
    [("/%2e%2e/x", 400), ("/../x", 400), ("/a%2fb", 400), ("/a%00b", 400), ("/%c0%ae%c0%ae", 400), ("/%01", 403),
     ("/" + "x" * 300, 403), ("/%ff", 400)],
)  # fmt: skip
async def test_paths_that_are_none(house: DavHouse, path: str, status: int) -> None:
    assert (await house.ask("PUT", path, "x")).status == status
    assert await house.names() == []


async def test_a_bomb_of_xml_is_refused(house: DavHouse) -> None:
    bomb = (
        '<!DOCTYPE a [<!ENTITY b "bbbb"><!ENTITY c "&b;&b;">]><propfind xmlns="DAV:"><prop><x>&c;</x></prop></propfind>'
    )
    for method in ("PROPFIND", "PROPPATCH", "LOCK", "REPORT"):
        assert (await house.ask(method, "/", bomb, "depth: 0")).status == 400
    assert (await house.ask("PROPFIND", "/", b"x" * 1_000_001, "depth: 0")).status == 413


async def test_what_changes_while_an_upload_comes(house: DavHouse) -> None:
    tag = (await house.ask("PUT", "/a", "one")).fields["etag"]
    for field, status in ((f"if-match: {tag}", 412), ("user-agent: none", 204), ("if-none-match: *", 412)):
        if status == 412 and "none" in field:
            await house.ask("DELETE", "/a")
        slow = Wire(house.site, "127.0.0.1")
        octets = house.request("PUT", "/a", "slow", field)
        slow.send(octets[:-1])
        await asyncio.sleep(0)  # it is held against what is there now
        assert (await house.ask("PUT", "/a", f"quick {field}")).status in (201, 204)
        slow.send(octets[-1:])
        assert (await slow.answer())[0] == status


async def test_half_an_upload_leaves_no_file(tmp_path: Path) -> None:
    blobs = FileBlobs(tmp_path, BlobSettings())
    house = await DavHouse(blobs).open()
    slow = Wire(house.site, "127.0.0.1")
    slow.send(house.request("PUT", "/a", random.randbytes(1_000_000))[:-1])
    assert await house.names() == []
    assert files_in(tmp_path) != []
    slow.lose()
    assert await house.names() == []
    assert files_in(tmp_path) == []
    blobs.close()


def files_in(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


async def test_half_an_upload_is_not_seen(house: DavHouse) -> None:
    await house.ask("PUT", "/a", "before")
    wire = house.wire
    assert wire is not None
    wire.send(house.request("PUT", "/a", b"x" * 1000)[:-500])
    wire.send(b"")
    wire.lose()
    house.wire = None
    assert (await house.ask("GET", "/a")).body == b"before"
    assert house.files.files == {}


async def test_no_room(house: DavHouse) -> None:
    small = await DavHouse().open(quota=10)
    assert (await small.ask("PUT", "/a", "123456")).status == 201
    said = await small.ask("PUT", "/b", "123456")
    assert (said.status, said.condition) == (507, "quota-not-exceeded")
    chunked = (
        f"PUT {BASE}/b HTTP/1.1\r\nhost: x\r\n{LOGIN}\r\ntransfer-encoding: chunked\r\n\r\n6\r\n123456\r\n0\r\n\r\n"
    )
    said = await small.ask_raw(chunked.encode())
    assert (said.status, said.condition) == (507, "quota-not-exceeded")
    assert (await small.ask("COPY", "/a", "", f"destination: {BASE}/c")).status == 507
    asked = '<propfind xmlns="DAV:"><prop><quota-used-bytes/><quota-available-bytes/></prop></propfind>'
    said = await small.ask("PROPFIND", "/", asked, "depth: 0")
    assert (said.value("quota-used-bytes"), said.value("quota-available-bytes")) == ("6", "4")
    assert (await house.ask("PROPFIND", "/", asked, "depth: 0")).rows()[f"{BASE}/"]["quota-available-bytes"] == "404"
    tiny = await DavHouse(upload_octets=5).open()
    assert (await tiny.ask("PUT", "/a", "123456")).status == 413
    assert (await tiny.ask_raw(chunked.encode())).status == 413


async def test_what_is_there_afterwards_where_that_is_preferred() -> None:
    house = await DavHouse().open()
    wish = "prefer: return=representation"
    said = await house.ask("PUT", "/a", "one", wish)
    assert (said.status, said.body, said.fields["preference-applied"]) == (201, b"one", "return=representation")
    assert said.fields["content-location"] == f"{BASE}/a"
    assert (await house.ask("PUT", "/a", "two", wish)).status == 200
    refused = await house.ask("PUT", "/a", "three", wish, "if-match: " + said.fields["etag"])
    assert (refused.status, refused.body) == (412, b"two")
    assert (await house.ask("PUT", "/b", "x", wish, 'if-match: "x"')).status == 412
    copied = await house.ask("COPY", "/a", "", wish, f"destination: {BASE}/c")
    assert (copied.status, copied.body, copied.fields["content-location"]) == (201, b"two", f"{BASE}/c")
    moved = await house.ask("MOVE", "/c", "", wish, f"destination: {BASE}/a")
    assert (moved.status, moved.body) == (200, b"two")
    await house.ask("MKCOL", "/d")
    assert (await house.ask("COPY", "/d", "", wish, f"destination: {BASE}/e")).body == b""
    assert (await house.ask("PUT", "/empty", "", wish)).body == b""


class Painter:
    def knows(self, media_type: str) -> bool:
        return True

    async def picture(self, hash_: bytes, size: int, media_type: str, side: int) -> bytes | None:
        return b"%d" % side if media_type == "image/png" else None


async def test_small_pictures() -> None:
    house = await DavHouse().open()
    house.thumbnails = Painter()
    await house.ask("PUT", "/a.png", "octets")
    said = await house.ask("GET", "/a.png?thumbnail=100")
    assert (said.status, said.body, said.fields["content-type"]) == (200, b"256", "image/webp")
    plain = await house.ask("GET", "/a.png")
    assert said.fields["etag"] != plain.fields["etag"]
    assert (await house.ask("GET", "/a.png?thumbnail=100", "", f"if-none-match: {said.fields['etag']}")).status == 304
    assert (await house.ask("GET", "/a.png?thumbnail=64", "", f"if-none-match: {said.fields['etag']}")).body == b"64"
    await house.ask("PUT", "/a.txt", "text")
    assert (await house.ask("GET", "/a.txt?thumbnail")).status == 404


async def test_a_full_disk_is_told_as_such(house: DavHouse, monkeypatch: pytest.MonkeyPatch) -> None:
    """RFC 4331 6."""

    async def full(*_: object) -> None:
        raise StoreFull("no space left")

    monkeypatch.setattr(house.store, "write", full)
    said = await house.ask("PUT", "/a.txt", "x")
    assert (said.status, said.condition) == (507, "sufficient-disk-space")
