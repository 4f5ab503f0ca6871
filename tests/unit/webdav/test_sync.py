"""sync-collection: what became of a folder's members, whatever happened to them."""

from __future__ import annotations

import asyncio

import pytest
from lxml import etree

from tests.unit.http.wire import Wire
from tests.unit.webdav.davhouse import BASE, DavHouse, Said

PATCH = '<propertyupdate xmlns="DAV:"><set><prop><x xmlns="urn:x">1</x></prop></set></propertyupdate>'


@pytest.fixture
def house(loop: asyncio.AbstractEventLoop) -> DavHouse:
    return loop.run_until_complete(DavHouse().open())


async def sync(house: DavHouse, token: str = "", limit: int = 0, path: str = "/", level: str = "1") -> Said:
    limited = f"<limit><nresults>{limit}</nresults></limit>" if limit else ""
    return await house.ask(
        "REPORT",
        path,
        f'<sync-collection xmlns="DAV:"><sync-token>{token}</sync-token><sync-level>{level}</sync-level>{limited}'
        "<prop><getetag/></prop></sync-collection>",
    )


def told(said: Said) -> tuple[set[str], set[str]]:
    """The names of what is there, and of what is not."""
    rows = {address.removeprefix(BASE): row for address, row in said.rows().items() if row.get("") != "507"}
    return {name for name, row in rows.items() if "" not in row}, {name for name, row in rows.items() if "" in row}


async def test_what_happened_since(house: DavHouse) -> None:
    empty = await sync(house)
    assert told(empty) == (set(), set())
    for name in ("a", "b", "c"):
        await house.ask("PUT", f"/{name}", name)
    await house.ask("MKCOL", "/f")
    first = await sync(house, empty.value("sync-token"))
    assert told(first) == ({"/a", "/b", "/c", "/f/"}, set())
    await house.ask("PUT", "/a", "other")
    await house.ask("DELETE", "/b")
    await house.ask("MOVE", "/c", "", f"destination: {BASE}/f/c")
    await house.ask("PUT", "/d", "d")
    await house.ask("PUT", "/e", "e")
    await house.ask("DELETE", "/e")
    second = await sync(house, first.value("sync-token"))
    assert told(second) == ({"/a", "/d"}, {"/b", "/c", "/e"})
    assert told(await sync(house, second.value("sync-token"))) == (set(), set())
    assert told(await sync(house)) == ({"/a", "/d", "/f/"}, set())
    assert told(await sync(house, path="/f/")) == ({"/f/c"}, set())


async def test_a_change_that_is_made_only_while_the_folder_is_as_it_was(house: DavHouse) -> None:
    """RFC 6578 5."""
    for folder in ("/f", "/g"):
        await house.ask("MKCOL", folder)
    token = (await sync(house, path="/f")).value("sync-token")
    await house.ask("PUT", "/g/elsewhere", "x")
    known = f"if: <{BASE}/f/> (<{token}>)"
    assert (await house.ask("PUT", "/f/a", "x", f"if: <{BASE}/g/> (<{token}>)")).status == 412
    assert (await house.ask("PUT", "/f/a", "x", f"if: <{BASE}/f/> (Not <{token}>)")).status == 412
    assert (await house.ask("PUT", "/f/a", "x", f"if: <{BASE}/f/a> (<{token}>)")).status == 412
    assert (await house.ask("PUT", "/f/a", "x", known)).status == 201
    assert (await house.ask("PUT", "/f/b", "x", known)).status == 412
    token = (await sync(house, token, path="/f")).value("sync-token")
    assert (await house.ask("PROPPATCH", "/f", PATCH, f"if: (<{token}>)")).status == 207
    assert (await house.ask("DELETE", "/f/a", "", f"if: <{BASE}/f/> (<{token}>)")).status == 204
    assert (await house.ask("DELETE", "/f", "", f"if: (<{token}>)")).status == 412


async def test_a_long_answer_is_streamed(house: DavHouse) -> None:
    names = {f"/{number:03}" for number in range(450)}
    for name in names:
        await house.ask("PUT", name, "x")
    await house.ask("DELETE", "/007")
    token = (await sync(house, limit=1)).value("sync-token")
    asked = f"<sync-token>{token}</sync-token><sync-level>1</sync-level><prop/>"
    body = f'<sync-collection xmlns="DAV:">{asked}</sync-collection>'
    wire = Wire(house.site, "127.0.0.1")
    wire.send(house.request("REPORT", "/", body))
    await wire.until(lambda: wire.out.endswith(b"0\r\n\r\n"))
    assert b"transfer-encoding: chunked" in bytes(wire.out).lower()
    pieces = wire.out.partition(b"\r\n\r\n")[2].split(b"\r\n")[1::2]
    assert len(pieces) > 2
    root = etree.fromstring(b"".join(pieces))
    found = [each.text.removeprefix(BASE) for each in root.iterfind("{DAV:}response/{DAV:}href")]
    assert set(found) == names - {"/000", "/007"}
    assert root.findtext("{DAV:}sync-token")
    assert root[-1].tag == "{DAV:}sync-token"


async def test_a_name_that_is_another_now(house: DavHouse) -> None:
    await house.ask("PUT", "/a", "a")
    await house.ask("PUT", "/b", "b")
    token = (await sync(house)).value("sync-token")
    await house.ask("MOVE", "/a", "", f"destination: {BASE}/b")
    await house.ask("PUT", "/a", "again")
    assert told(await sync(house, token)) == ({"/a", "/b"}, set())


async def test_some_at_a_time(house: DavHouse) -> None:
    for number in range(10):
        await house.ask("PUT", f"/{number}", "x")
    found: set[str] = set()
    token, answers = "", 0
    while True:
        said = await sync(house, token, limit=4)
        found |= told(said)[0]
        token, answers = said.value("sync-token"), answers + 1
        if "507" not in said.rows().get(f"{BASE}/", {}).values():
            break
        await house.ask("PUT", f"/{answers}", "changed meanwhile")
    assert (found, answers) == ({f"/{number}" for number in range(10)}, 3)
    assert told(await sync(house, token)) == ({"/1", "/2"}, set())


@pytest.mark.parametrize("token", ["x", "data:,", "data:,1", "data:,9-1", "data:,1-x", "data:,1-999", "urn:other"])
async def test_tokens_that_say_nothing(house: DavHouse, token: str) -> None:
    await house.ask("PUT", "/a", "x")
    said = await sync(house, token)
    assert (said.status, said.condition) == (403, "valid-sync-token")


async def test_what_is_not_answered(house: DavHouse) -> None:
    assert (await sync(house, level="infinite")).condition == "sync-traversal-supported"
    assert (await sync(house, path="/dav/")).condition == "supported-report"
    assert (await house.ask("REPORT", "/", "<other/>")).condition == "supported-report"
    assert (await house.ask("REPORT", "/", "")).status == 400
    asked = '<propfind xmlns="DAV:"><prop><sync-token/><supported-report-set/></prop></propfind>'
    said = await house.ask("PROPFIND", "/", asked, "depth: 0")
    assert said.value("sync-token") == (await sync(house)).value("sync-token")
    assert next(said.xml.iter("{DAV:}sync-collection")) is not None
