"""PROPPATCH: what clients keep comes back as it was, and is changed all or nothing."""

from __future__ import annotations

import asyncio

import pytest

from posthouse.webdav.methods.asked import GATHERED_OCTETS
from tests.unit.webdav.davhouse import BASE, DavHouse

LANGUAGE = "{http://www.w3.org/XML/1998/namespace}lang"


@pytest.fixture
def house(loop: asyncio.AbstractEventLoop) -> DavHouse:
    return loop.run_until_complete(DavHouse().open())


async def test_what_clients_keep_comes_back_as_it_was(house: DavHouse) -> None:
    await house.ask("PUT", "/a", "x")
    update = (
        '<D:propertyupdate xmlns:D="DAV:" xmlns:x="urn:x"><D:set><D:prop><x:p a="1"><x:q>&lt;&#252;</x:q></x:p>'
        "<D:displayname>other</D:displayname></D:prop></D:set></D:propertyupdate>"
    )
    said = await house.ask("PROPPATCH", "/a", update)
    assert said.rows() == {f"{BASE}/a": {"p": "200", "displayname": "200"}}
    held = await house.ask("PROPFIND", "/a", "", "depth: 0")
    assert held.value("displayname") == "other"
    kept = next(held.xml.iter("{urn:x}p"))
    assert kept.get("a") == "1"
    assert kept.get(LANGUAGE) is None
    assert kept.findtext("{urn:x}q") == "<ü"
    remove = '<propertyupdate xmlns="DAV:"><remove><prop><p xmlns="urn:x"/></prop></remove></propertyupdate>'
    assert (await house.ask("PROPPATCH", "/a", remove, "prefer: return=minimal")).status == 200
    assert b"x:p" not in (await house.ask("PROPFIND", "/a", "", "depth: 0")).body


async def test_the_language_that_holds_where_a_property_is_written_stays_with_it(house: DavHouse) -> None:
    await house.ask("PUT", "/a", "x")
    update = (
        '<propertyupdate xmlns="DAV:" xmlns:x="urn:x" xml:lang="de"><set><prop><x:p>Brief</x:p>'
        '<x:q xml:lang="fr">lettre</x:q></prop></set></propertyupdate>'
    )
    assert (await house.ask("PROPPATCH", "/a", update)).status == 207
    held = (await house.ask("PROPFIND", "/a", "", "depth: 0")).xml
    assert [next(held.iter(f"{{urn:x}}{name}")).get(LANGUAGE) for name in "pq"] == ["de", "fr"]


async def test_proppatch_is_all_or_nothing(house: DavHouse) -> None:
    await house.ask("PUT", "/a", "x")
    update = (
        '<propertyupdate xmlns="DAV:"><set><prop><p xmlns="urn:x">1</p></prop></set>'
        "<set><prop><getetag>1</getetag></prop></set></propertyupdate>"
    )
    said = await house.ask("PROPPATCH", "/a", update)
    assert said.rows() == {f"{BASE}/a": {"p": "424", "getetag": "403"}}
    assert b"cannot-modify-protected-property" in said.body
    assert b"urn:x" not in (await house.ask("PROPFIND", "/a", "", "depth: 0")).body
    long = f'<propertyupdate xmlns="DAV:"><set><prop><p xmlns="urn:x">{"x" * 70_000}</p></prop></set></propertyupdate>'
    assert (await house.ask("PROPPATCH", "/a", long)).rows() == {f"{BASE}/a": {"p": "507"}}


async def test_long_properties_of_many_are_not_gathered(house: DavHouse) -> None:
    long = f'<propertyupdate xmlns="DAV:"><set><prop><p xmlns="urn:x">{"x" * 60_000}</p></prop></set></propertyupdate>'
    await house.ask("MKCOL", "/a")
    for number in range(GATHERED_OCTETS // 60_000 + 1):
        await house.ask("PUT", f"/a/{number}", "x")
        await house.ask("PROPPATCH", f"/a/{number}", long)
    said = await house.ask("PROPFIND", "/a", "", "depth: infinity")
    assert (said.status, said.condition) == (403, "propfind-finite-depth")
    tags = '<propfind xmlns="DAV:"><prop><getetag/></prop></propfind>'
    assert (await house.ask("PROPFIND", "/a", tags, "depth: infinity")).status == 207
    kept = '<prop><p xmlns="urn:x"/></prop>'
    source = f"<from><scope><href>{BASE}/a</href><depth>1</depth></scope></from>"
    query = f'<searchrequest xmlns="DAV:"><basicsearch><select>{kept}</select>{source}</basicsearch></searchrequest>'
    match = '<principal-match xmlns="DAV:"><principal-property><owner/></principal-property>{}</principal-match>'
    for method, body in (("SEARCH", query), ("REPORT", match.format(kept))):
        said = await house.ask(method, "/a", body)
        assert (said.status, said.rows()[f"{BASE}/a/"][""]) == (207, "507"), method
        assert len(said.body) < 1.1 * GATHERED_OCTETS
