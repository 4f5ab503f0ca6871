"""expand-property: what properties name is shown with properties of its own."""

from __future__ import annotations

import asyncio

import pytest

from tests.unit.webdav.davhouse import BASE, DavHouse

ME = "/dav/principals/ann@example.org/"


@pytest.fixture
def house(loop: asyncio.AbstractEventLoop) -> DavHouse:
    return loop.run_until_complete(DavHouse().open())


def asking(inside: str) -> str:
    return f'<expand-property xmlns="DAV:">{inside}</expand-property>'


async def test_who_owns_it(house: DavHouse) -> None:
    await house.ask("PUT", "/a", "x")
    inner = '<property name="displayname"/><property name="owner"><property name="displayname"/></property>'
    wanted = (
        f'<property name="getetag"/><property name="owner">{inner}</property><property name="p" namespace="urn:x"/>'
    )
    said = await house.ask("REPORT", "/a", asking(wanted))
    assert said.status == 207
    outer = said.xml.find("{DAV:}response")
    assert outer.findtext("{DAV:}href") == f"{BASE}/a"
    named = outer.find(".//{DAV:}owner/{DAV:}response")
    assert named.findtext("{DAV:}href") == ME
    assert named.findtext(".//{DAV:}displayname") == "ann@example.org"
    assert outer.find(".//{urn:x}p") is not None  # among what is not there


async def test_what_is_asked_too_deep_or_wrongly(house: DavHouse) -> None:
    deep = ""
    for _ in range(7):
        deep = f'<property name="current-user-principal">{deep}</property>'
    assert (await house.ask("REPORT", "/", asking(deep))).status == 403
    assert (await house.ask("REPORT", "/", asking("<other/>"))).status == 400
    assert (await house.ask("REPORT", "/", asking('<property name="owner"/>'), "depth: 1")).status == 400


@pytest.mark.parametrize("name", ["a&gt;&lt;b", "a b='c'", "1a", "a:b", " ", "{DAV:}owner"])
async def test_names_that_no_property_has(house: DavHouse, name: str) -> None:
    body = f'<expand-property xmlns="DAV:"><property name="{name}"/></expand-property>'
    assert (await house.ask("REPORT", "/", body)).status == 400
