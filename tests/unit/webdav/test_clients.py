"""What real clients do otherwise: sequences as Finder, Windows and LibreOffice send them."""

from __future__ import annotations

import asyncio

import pytest

from tests.unit.webdav.davhouse import BASE, LOGIN, DavHouse
from tests.unit.webdav.test_locks import info, token

FINDER = "user-agent: WebDAVFS/3.0.0 (03008000) Darwin/23.6.0 (arm64)"
WINDOWS = "user-agent: Microsoft-WebDAV-MiniRedir/10.0.19045"
WIN32 = (
    '<?xml version="1.0"?><D:propertyupdate xmlns:D="DAV:" xmlns:Z="urn:schemas-microsoft-com:"><D:set><D:prop>'
    "<Z:Win32CreationTime>Thu, 26 Nov 2026 15:00:00 GMT</Z:Win32CreationTime>"
    "<Z:Win32FileAttributes>00000020</Z:Win32FileAttributes></D:prop></D:set></D:propertyupdate>"
)


@pytest.fixture
def house(loop: asyncio.AbstractEventLoop) -> DavHouse:
    return loop.run_until_complete(DavHouse().open())


def chunks(path: str, octets: bytes, *fields: str) -> bytes:
    lines = [f"PUT {BASE}{path} HTTP/1.1", "host: x", LOGIN, "transfer-encoding: chunked", *fields, "", ""]
    return "\r\n".join(lines).encode() + b"%x\r\n%s\r\n0\r\n\r\n" % (len(octets), octets)


async def test_finder_saves(house: DavHouse) -> None:
    assert (await house.ask("PUT", "/a.txt", "", FINDER)).status == 201
    held = token(await house.ask("LOCK", "/a.txt", info(), FINDER))
    put = chunks("/a.txt", b"hello", FINDER, "x-expected-entity-length: 5", f"if: (<{held}>)")
    assert (await house.ask_raw(put)).status == 204
    assert (await house.ask("UNLOCK", "/a.txt", "", FINDER, f"lock-token: <{held}>")).status == 204
    assert (await house.ask("GET", "/a.txt")).body == b"hello"


@pytest.mark.parametrize("length", [4, 6])
async def test_less_or_more_than_finder_said(house: DavHouse, length: int) -> None:
    said = await house.ask_raw(chunks("/a.txt", b"hello", f"x-expected-entity-length: {length}"))
    assert said.status == 400
    assert await house.names() == []


async def test_what_finder_leaves_beside_files_is_absorbed(house: DavHouse) -> None:
    for name in ("/._a.txt", "/.DS_Store"):
        assert (await house.ask("PUT", name, "x" * 200, FINDER)).status == 201
        held = token(await house.ask("LOCK", name, info(), FINDER))
        assert (await house.ask("PUT", name, "y" * 200, FINDER, f"if: (<{held}>)")).status == 201
        assert (await house.ask("PROPPATCH", name, WIN32, FINDER)).status == 207
        assert (await house.ask("MOVE", name, "", FINDER, f"destination: {BASE}/._b")).status == 201
        assert (await house.ask("UNLOCK", name, "", FINDER, f"lock-token: <{held}>")).status == 204
        assert (await house.ask("PROPFIND", name, "", FINDER, "depth: 0")).status == 404
        assert (await house.ask("DELETE", name, "", FINDER)).status == 204
    assert await house.names() == []
    assert house.files.files == {}


async def test_others_keep_files_of_those_names(house: DavHouse) -> None:
    assert (await house.ask("PUT", "/._a", "x", "user-agent: rclone/v1.60")).status == 201
    assert await house.names() == ["/._a"]
    assert (await house.ask("PUT", "/._a", "y", FINDER)).status == 204
    assert (await house.ask("GET", "/._a")).body == b"y"


async def test_names_in_two_spellings_are_one(house: DavHouse) -> None:
    assert (await house.ask("PUT", "/a%CC%88", "x", FINDER)).status == 201
    assert (await house.ask("GET", "/%C3%A4")).body == b"x"
    assert await house.names() == ["/%C3%A4"]


async def test_windows_saves(house: DavHouse) -> None:
    assert (await house.ask("OPTIONS", "/", "", WINDOWS, login="")).fields["ms-author-via"] == "dav"
    assert (await house.ask("PROPFIND", "", "", WINDOWS, "depth: 0")).status == 207
    assert (await house.ask("PROPFIND", "/a.docx", "", WINDOWS, "depth: 0")).status == 404
    assert (await house.ask("PUT", "/a.docx", "", WINDOWS)).status == 201
    held = token(await house.ask("LOCK", "/a.docx", info(), WINDOWS, "timeout: Second-3600"))
    assert (await house.ask("PROPPATCH", "/a.docx", WIN32, WINDOWS, f"if: (<{held}>)")).status == 207
    assert (await house.ask("PUT", "/a.docx", "words", WINDOWS, f"if: (<{held}>)")).status == 204
    assert (await house.ask("PROPPATCH", "/a.docx", WIN32, WINDOWS, f"if: (<{held}>)")).status == 207
    assert (await house.ask("UNLOCK", "/a.docx", "", WINDOWS, f"lock-token: {held}")).status == 204
    said = await house.ask("PROPFIND", "/a.docx", "", WINDOWS, "depth: 0")
    assert said.value("{urn:schemas-microsoft-com:}Win32FileAttributes") == "00000020"
    assert "wordprocessingml" in said.value("getcontenttype")


async def test_libreoffice_saves_a_new_file(house: DavHouse) -> None:
    asked = '<propfind xmlns="DAV:"><prop><supportedlock/><lockdiscovery/><IsReadOnly xmlns="x"/></prop></propfind>'
    shown = await house.ask("PROPFIND", "/", asked, "depth: 0")
    assert len(list(shown.xml.iter("{DAV:}lockentry"))) == 2
    taken = await house.ask("LOCK", "/new.odt", info(owner="LibreOffice - Ann"), "timeout: Second-180", "depth: 0")
    assert taken.status == 201
    assert (await house.ask("PUT", "/new.odt", "x", f"if: (<{token(taken)}>)")).status == 204
    assert (await house.ask("LOCK", "/new.odt", "", f"if: (<{token(taken)}>)")).status == 200
    assert (await house.ask("UNLOCK", "/new.odt", "", f"lock-token: <{token(taken)}>")).status == 204


async def test_owncloud_and_rclone_say_when_a_file_was_changed(house: DavHouse) -> None:
    for seconds, status in ((1_600_000_000, 201), (1_500_000_000, 204)):
        said = await house.ask("PUT", "/a", "x", f"x-oc-mtime: {seconds}")
        assert (said.status, said.fields["x-oc-mtime"]) == (status, "accepted")
    assert "last-modified: fri, 14 jul 2017 02:40:00 gmt" in await house.head("/a")
    for wrong in ("-1", "0", "x", "9" * 20, "²"):
        said = await house.ask("PUT", "/a", "y", f"x-oc-mtime: {wrong}")
        assert (said.status, said.fields.get("x-oc-mtime")) == (204, None)
    assert (await house.ask("GET", "/a")).fields["last-modified"] == "mon, 21 sep 2026 14:13:20 gmt"


async def test_davfs2_keeps_whether_a_file_can_be_run(house: DavHouse) -> None:
    await house.ask("PUT", "/a", "x")
    update = (
        '<propertyupdate xmlns="DAV:"><set><prop><executable xmlns="http://apache.org/dav/props/">T</executable></prop>'
        "</set></propertyupdate>"
    )
    assert (await house.ask("PROPPATCH", "/a", update)).status == 207
    said = await house.ask("PROPFIND", "/", "", "depth: 1")
    assert said.value("{http://apache.org/dav/props/}executable") == "T"
