"""What files have beside WebDAV's own properties: tags, notes, earlier contents, small pictures."""

from __future__ import annotations

import base64

import msgspec

from posthouse.webdav.files.properties import NAMESPACE
from tests.unit.webdav.davhouse import BASE, DavHouse, Said
from tests.unit.webdav.test_locks import info, token

BOB = f"authorization: Basic {base64.b64encode(b'bob@example.org:x').decode()}"


async def prop(house: DavHouse, path: str, *names: str, depth: str = "0", login: str = "") -> Said:
    inside = "".join([f'<{name} xmlns="{NAMESPACE}"/>' for name in names])
    asked = f'<propfind xmlns="DAV:"><prop>{inside}</prop></propfind>'
    return await house.ask("PROPFIND", path, asked, f"depth: {depth}", **({"login": login} if login else {}))


async def update(house: DavHouse, path: str, inside: str, kind: str = "set", login: str = "") -> Said:
    body = f'<propertyupdate xmlns="DAV:" xmlns:P="{NAMESPACE}"><{kind}><prop>{inside}</prop></{kind}></propertyupdate>'
    return await house.ask("PROPPATCH", path, body, **({"login": login} if login else {}))


async def test_tags_and_notes_are_properties() -> None:
    house = await DavHouse().open()
    await house.ask("PUT", "/letter", "hello")
    await house.ask("PUT", "/other", "hello")
    said = await update(
        house, "/letter", "<P:tags><P:tag>red</P:tag><P:tag>R&amp;D</P:tag></P:tags><P:note>to &lt;Bob&gt;</P:note><x/>"
    )
    assert set(said.rows()[f"{BASE}/letter"].values()) == {"200"}
    said = await prop(house, "/letter", "tags", "note")
    assert [each.text for each in said.xml.iter(f"{{{NAMESPACE}}}tag")] == ["red", "R&D"]
    assert said.value(f"{{{NAMESPACE}}}note") == "to <Bob>"
    listed = (await prop(house, "/", "tags", "note", depth="1")).rows()
    assert listed[f"{BASE}/letter"] == {"tags": "200", "note": "200"}
    assert listed[f"{BASE}/other"] == listed[f"{BASE}/"] == {"tags": "404", "note": "404"}
    assert b"R&amp;D" not in (await house.ask("PROPFIND", "/letter", "", "depth: 0")).body  # not of allprop
    names = await house.ask("PROPFIND", "/letter", '<propfind xmlns="DAV:"><propname/></propfind>', "depth: 0")
    assert {"tags", "note", "x"} <= set(names.rows()[f"{BASE}/letter"])
    assert "revisions" not in names.rows()[f"{BASE}/letter"]
    await update(house, "/letter", "<P:tags/>", "remove")
    assert (await prop(house, "/letter", "tags", "note")).rows()[f"{BASE}/letter"] == {"tags": "404", "note": "200"}


async def test_tags_that_cannot_be() -> None:
    house = await DavHouse().open()
    await house.ask("PUT", "/letter", "hello")
    assert (await update(house, "/letter", "<P:tags><P:tag>kept</P:tag></P:tags>")).status == 207
    for wrong in ("<P:tag/>", "red", "<tag>red</tag>", "<P:tag>red</P:tag>blue"):
        assert (await update(house, "/letter", f"<P:tags>{wrong}</P:tags>")).status == 409
    assert "kept" in (await prop(house, "/letter", "tags")).value("{urn:posthouse:files}tags")
    assert (await update(house, "/letter", "<P:tags/>")).status == 207
    many = "".join([f"<P:tag>{number}</P:tag>" for number in range(101)])
    for inside in (f"<P:tags>{many}</P:tags>", f"<P:tags><P:tag>{'x' * 201}</P:tag></P:tags>"):
        said = await update(house, "/letter", inside + "<y/>")
        assert said.rows()[f"{BASE}/letter"] == {"tags": "507", "y": "507"}
    assert (await prop(house, "/letter", "tags")).rows()[f"{BASE}/letter"] == {"tags": "404"}
    assert (await update(house, "/", "<P:note>x</P:note>")).status == 403
    for number in range(3):
        inside = "".join([f"<P:tag>{number}-{each}</P:tag>" for each in range(100)])
        said = await update(house, "/letter", f"<P:tags>{inside}</P:tags>")
    assert said.rows()[f"{BASE}/letter"] == {"tags": "507"}  # an account has 256 of them


async def test_a_folder_is_made_with_tags() -> None:
    house = await DavHouse().open()
    body = (
        f'<mkcol xmlns="DAV:" xmlns:P="{NAMESPACE}"><set><prop><P:tags><P:tag>a</P:tag></P:tags></prop></set></mkcol>'
    )
    assert (await house.ask("MKCOL", "/folder", body, "content-type: application/xml")).status == 201
    assert (await prop(house, "/folder", "tags")).value(f"{{{NAMESPACE}}}tag") == "a"


async def test_earlier_contents_are_listed_read_and_brought_back() -> None:
    house = await DavHouse().open()
    for contents in ("first", "the second", "third"):
        await house.ask("PUT", "/letter", contents, "content-type: text/plain")
    said = await prop(house, "/letter", "revisions")
    assert [each.text for each in said.xml.iter(f"{{{NAMESPACE}}}number")] == ["1", "2"]
    assert [each.text for each in said.xml.iter(f"{{{NAMESPACE}}}size")] == ["5", "10"]
    assert [each.text for each in said.xml.iter(f"{{{NAMESPACE}}}by")] == ["ann@example.org"] * 2
    first, second = [each.text for each in said.xml.iter("{DAV:}href")][1:]
    assert second == f"{BASE}/letter?revision=2"
    read = await house.ask("GET", second)
    assert (read.status, read.body, read.fields["content-type"]) == (200, b"the second", "text/plain")
    assert (await house.ask("GET", second, "", "range: bytes=4-5")).body == b"se"
    assert read.fields["etag"] != (await house.ask("GET", "/letter")).fields["etag"]
    for wrong in ("3", "9", "x", "-1", "", "9" * 40):
        assert (await house.ask("GET", f"/letter?revision={wrong}")).status == 404
    for method in ("DELETE", "PUT", "MOVE", "PROPFIND", "LOCK"):
        assert (await house.ask(method, second, "", f"destination: {BASE}/x")).status == 405
    back = await house.ask("COPY", first, "", f"destination: {BASE}/letter")
    assert back.status == 204
    assert (await house.ask("GET", "/letter")).body == b"first"
    assert [each.text for each in (await prop(house, "/letter", "revisions")).xml.iter(f"{{{NAMESPACE}}}number")] == [
        "1",
        "2",
        "3",
    ]


async def test_earlier_contents_become_documents_elsewhere() -> None:
    house = await DavHouse().open()
    large = "large" * 1000
    for contents in ("first", large, "third"):
        await house.ask("PUT", "/letter", contents, "content-type: text/x-mine")
    await house.ask(
        "PROPPATCH",
        "/letter",
        '<propertyupdate xmlns="DAV:"><set><prop><k xmlns="x">v</k></prop></set></propertyupdate>',
    )
    await house.ask("PUT", "/there", "before")
    await house.ask("MKCOL", "/folder")

    async def copied(number: int, target: str, *fields: str) -> int:
        return (
            await house.ask("COPY", f"/letter?revision={number}", "", f"destination: {BASE}{target}", *fields)
        ).status

    assert await copied(1, "/new") == 201
    assert await copied(2, "/there", "overwrite: F") == 412
    assert await copied(2, "/there") == 204
    assert await copied(2, "/none/there") == 409
    assert await copied(2, "/") == 403
    assert await copied(9, "/x") == 404
    assert await copied(1, "/folder") == 204
    new = await house.ask("GET", "/new")
    assert (new.body, new.fields["content-type"]) == (b"first", "text/x-mine")
    assert (await house.ask("GET", "/there")).body.decode() == large
    assert (await house.ask("GET", "/folder")).body == b"first"
    assert (await house.ask("GET", "/letter")).body == b"third"
    assert (await house.ask("GET", "/there?revision=1")).body == b"before"
    said = await house.ask(
        "PROPFIND", "/new", '<propfind xmlns="DAV:"><prop><k xmlns="x"/></prop></propfind>', "depth: 0"
    )
    assert said.value("{x}k") == "v"
    held = token(await house.ask("LOCK", "/new", info()))
    assert await copied(1, "/new") == 423
    assert await copied(1, "/new", f"if: <{BASE}/new> (<{held}>)") == 204


async def test_earlier_contents_are_for_those_who_may_write() -> None:
    house = await DavHouse().open()
    await house.ask("PUT", "/letter", "secret")
    await house.ask("PUT", "/letter", "for all")
    await update(house, "/letter", "<P:note>n</P:note>")
    place = f"{BASE}/letter?revision=1"
    assert (await house.ask("GET", place, login=BOB)).status == 404
    given = "<ace><principal><href>/dav/principals/bob@example.org/</href></principal><grant>{}</grant></ace>"
    privileges = ["<privilege><read/></privilege>"]
    for may_write in (False, True):
        await house.ask("ACL", "/letter", f'<acl xmlns="DAV:">{given.format("".join(privileges))}</acl>')
        said = await prop(house, f"{BASE}/letter", "note", "revisions", login=BOB)
        assert said.rows()[f"{BASE}/letter"] == {"note": "200", "revisions": "200" if may_write else "403"}
        assert (await house.ask("GET", place, login=BOB)).status == (200 if may_write else 403)
        back = await house.ask("COPY", place, "", f"destination: {BASE}/letter", login=BOB)
        assert back.status == (204 if may_write else 403)
        mine = await house.ask("COPY", place, "", f"destination: {BASE.replace('ann', 'bob')}/mine", login=BOB)
        assert mine.status == (201 if may_write else 403)
        said = await update(house, f"{BASE}/letter", "<P:note>mine</P:note>", login=BOB)
        assert said.status == (207 if may_write else 403)
        privileges.append("<privilege><write-content/></privilege>")


async def test_a_picture_has_an_address() -> None:
    house = await DavHouse().open()
    house.thumbnails = Painter()
    await house.ask("PUT", "/a%20b.png", "x", "content-type: image/png")
    await house.ask("PUT", "/c.txt", "x", "content-type: text/plain")
    rows = await prop(house, "/", "thumbnail", depth="1")
    assert rows.rows()[f"{BASE}/a%20b.png"] == {"thumbnail": "200"}
    assert rows.rows()[f"{BASE}/c.txt"] == rows.rows()[f"{BASE}/"] == {"thumbnail": "404"}
    (place,) = [each[0].text for each in rows.xml.iter(f"{{{NAMESPACE}}}thumbnail") if len(each)]
    assert place == f"{BASE}/a%20b.png?thumbnail"
    assert (await house.ask("GET", place)).body == b"picture"


class Painter:
    """Pictures PNG files."""

    def knows(self, media_type: str) -> bool:
        return media_type == "image/png"

    async def picture(self, hash_: bytes, size: int, media_type: str, side: int) -> bytes | None:
        return b"picture"


async def test_who_reads_a_folder_may_ask_for_notices() -> None:
    house = await DavHouse().open()
    await house.ask("MKCOL", "/top")
    await house.ask("PUT", "/top/file", "x")
    reads = (
        "<ace><principal><href>/dav/principals/bob@example.org/</href></principal>"
        "<grant><privilege><read/></privilege></grant></ace>"
    )
    assert (await house.ask("ACL", "/top", f'<acl xmlns="DAV:">{reads}</acl>')).status == 200
    for login in ("", BOB):
        rows = await prop(house, f"{BASE}/top/", "notices", depth="1", login=login)
        assert rows.rows() == {f"{BASE}/top/": {"notices": "404"}, f"{BASE}/top/file": {"notices": "404"}}
    said = await update(house, f"{BASE}/top/", "<P:notices/>", login=BOB)
    assert said.rows() == {f"{BASE}/top/": {"notices": "200"}}
    for login, status in (("", "404"), (BOB, "200")):
        rows = await prop(house, f"{BASE}/top/", "notices", login=login)
        assert rows.rows() == {f"{BASE}/top/": {"notices": status}}
    assert (await update(house, "/top/", "<P:notices/><x/>")).status == 409
    assert (await update(house, "/top/file", "<P:notices/>")).status == 409
    await update(house, f"{BASE}/top/", "<P:notices/>", "remove", login=BOB)
    assert (await prop(house, f"{BASE}/top/", "notices", login=BOB)).rows() == {f"{BASE}/top/": {"notices": "404"}}
    assert (await update(house, "/", "<P:notices/>")).rows() == {f"{BASE}/": {"notices": "200"}}
    assert (await prop(house, "/", "notices")).rows() == {f"{BASE}/": {"notices": "200"}}
    house.limits = msgspec.structs.replace(house.limits, notice_ms=0)
    assert (await update(house, "/top/", "<P:notices/>")).status == 403
