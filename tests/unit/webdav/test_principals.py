"""Principals over WebDAV: who is found by whom, who is of which group, and what names oneself; RFC 3744 9."""

from __future__ import annotations

import asyncio

import pytest

from tests.unit.webdav.davhouse import BASE, DavHouse
from tests.unit.webdav.test_sharing import BOB, BOBS, CAT, PEOPLE, build, give, prop, search


@pytest.fixture
def house(loop: asyncio.AbstractEventLoop) -> DavHouse:
    return loop.run_until_complete(build())


async def test_people_are_found_within_reach(house: DavHouse) -> None:
    async def found(body: str, path: str = f"{PEOPLE}/") -> list[str]:
        said = await house.ask("REPORT", path, body, login=BOB)
        assert said.status == 207, said
        return [each.removeprefix(f"{PEOPLE}/") for each in said.rows()]

    assert await found(search(("displayname", "STEVENS"))) == ["cat@example.org/"], "none of another domain"
    assert await found(search(("displayname", "e"))) == [
        "ann@example.org/",
        "bob@example.org/",
        "cat@example.org/",
        "team@example.org/",
    ]
    assert await found(search(("alternate-URI-set", "bob@"), ("displayname", "team"))) == []
    assert await found(search(("alternate-URI-set", "bob@"), ("displayname", "team"), kind=' test="anyof"')) == [
        "bob@example.org/",
        "team@example.org/",
    ]
    assert await found(search(("displayname", "cat")), BASE.replace("ann", "bob")) == []
    everywhere = "<apply-to-principal-collection-set/>"
    assert await found(search(("displayname", "cat"), extra=everywhere), f"{BOBS}/") == ["cat@example.org/"]
    assert await found(search(("getetag", "cat"))) == []
    assert (await house.ask("REPORT", f"{PEOPLE}/", search())).status == 400
    said = await house.ask("REPORT", f"{PEOPLE}/", '<principal-search-property-set xmlns="DAV:"/>')
    assert b"<D:displayname/>" in said.body
    match = '<principal-match xmlns="DAV:"><self/><prop><displayname/></prop></principal-match>'
    assert await found(match) == ["bob@example.org/", "team@example.org/"]
    for whom, who, status in (
        ("cat@example.org", BOB, 207),
        ("eve@example.com", BOB, 404),
        ("nobody@example.org", BOB, 404),
    ):
        assert (await house.ask("PROPFIND", f"{PEOPLE}/{whom}/", "", "depth: 0", login=who)).status == status
    said = await prop(house, f"{PEOPLE}/team@example.org/", "group-member-set", BOB)
    assert said.value("group-member-set") == f"{PEOPLE}/bob@example.org/"
    assert (await prop(house, f"{PEOPLE}/team@example.org/", "group-member-set", CAT)).value("group-member-set") == ""
    said = await prop(house, f"{PEOPLE}/bob@example.org/", "group-membership", BOB)
    assert said.value("group-membership") == f"{PEOPLE}/team@example.org/"


async def test_resources_that_name_oneself(house: DavHouse) -> None:
    inside = "<principal-property><owner/></principal-property><prop><getetag/></prop>"
    report = f'<principal-match xmlns="DAV:">{inside}</principal-match>'
    await give(house, "/", ("bob@example.org", "read"))
    mine = await house.ask("REPORT", "/", report)
    assert list(mine.rows()) == [f"{BASE}/docs/", f"{BASE}/docs/memo", f"{BASE}/docs/sub/", f"{BASE}/docs/sub/letter"]
    assert list((await house.ask("REPORT", "/", report, login=BOB)).rows()) == []
