"""SEARCH: questions to all that is below a folder, what they mean and how they are bounded; RFC 5323."""

from __future__ import annotations

import asyncio
import random
import re
from contextlib import suppress

import pytest
from lxml import etree

from posthouse.webdav.http.errors import HttpError
from posthouse.webdav.methods.sifting import is_like
from posthouse.webdav.wire.searching import read_basic_search
from posthouse.webdav.wire.xml import read_document
from tests.unit.webdav.davhouse import BASE, DavHouse, Said
from tests.unit.webdav.test_sharing import BOB, acl

PLAIN = "content-type: text/plain"


@pytest.fixture
def house(loop: asyncio.AbstractEventLoop) -> DavHouse:
    return loop.run_until_complete(build())


async def build(**settings: int) -> DavHouse:
    """a (1 octet), b/c (10 octets), b/d/e.html; b has a property in German."""
    house = await DavHouse(**settings).open()
    await house.ask("MKCOL", "/b")
    await house.ask("MKCOL", "/b/d")
    await house.ask("PUT", "/a", "x", PLAIN)
    house.now += 10_000
    await house.ask("PUT", "/b/c", "Needles in", PLAIN)
    await house.ask("PUT", "/b/d/e.html", "<p>hay</p>")
    value = '<n:p xmlns:n="urn:x" xml:lang="de-AT">Servus</n:p>'
    await house.ask("PROPPATCH", "/b", f'<propertyupdate xmlns="DAV:"><set><prop>{value}</prop></set></propertyupdate>')
    return house


def question(where: str = "", scope: str = BASE, levels: str = "infinity", more: str = "", select: str = "") -> str:
    condition = f"<where>{where}</where>" if where else ""
    wanted = select or "<prop><getetag/></prop>"
    return (
        f'<searchrequest xmlns="DAV:" xmlns:n="urn:x"><basicsearch><select>{wanted}</select>'
        f"<from><scope><href>{scope}/</href><depth>{levels}</depth></scope></from>{condition}{more}"
        "</basicsearch></searchrequest>"
    )


async def ask(house: DavHouse, body: str, login: str | None = None) -> Said:
    return await house.ask("SEARCH", "/", body, **({} if login is None else {"login": login}))


def hits(said: Said) -> list[str]:
    assert said.status == 207, said
    return [address.removeprefix(BASE) for address, row in said.rows().items() if row.get("") != "507"]


def compare(kind: str, prop: str, literal: str, *, case: str = "") -> str:
    return f"<{kind}{case}><prop><{prop}/></prop><literal>{literal}</literal></{kind}>"


SIZE, TIME = "getcontentlength", "getlastmodified"


@pytest.mark.parametrize(
    ("where", "found"),
    [
        ("", ["/", "/a", "/b/", "/b/c", "/b/d/", "/b/d/e.html"]),
        ("<is-collection/>", ["/", "/b/", "/b/d/"]),
        ("<not><is-collection/></not>", ["/a", "/b/c", "/b/d/e.html"]),
        (compare("eq", SIZE, "1"), ["/a"]),
        (compare("gt", SIZE, "9"), ["/b/c", "/b/d/e.html"]),
        (compare("gte", SIZE, "10"), ["/b/c", "/b/d/e.html"]),
        (compare("lt", SIZE, "10"), ["/a"]),
        (compare("lte", SIZE, "10"), ["/a", "/b/c", "/b/d/e.html"]),
        (f"<not>{compare('eq', SIZE, '1')}</not>", ["/b/c", "/b/d/e.html"]),  # folders have no length: unknown
        (f"<or>{compare('eq', SIZE, '1')}<is-collection/></or>", ["/", "/a", "/b/", "/b/d/"]),
        (f"<and>{compare('gt', SIZE, '1')}{compare('like', 'displayname', '%.HTML')}</and>", ["/b/d/e.html"]),
        (compare("like", "displayname", "%.HTML", case=' caseless="no"'), []),
        (compare("like", "getcontenttype", "text/%"), ["/a", "/b/c", "/b/d/e.html"]),
        (compare("gt", TIME, "2026-09-21T14:13:25Z"), ["/b/c", "/b/d/e.html"]),
        (compare("eq", "n:p", "servus"), ["/b/"]),
        ("<is-defined><prop><n:p/></prop></is-defined>", ["/b/"]),
        ("<language-defined><prop><n:p/></prop></language-defined>", ["/b/"]),
        ("<language-matches><prop><n:p/></prop><literal>DE</literal></language-matches>", ["/b/"]),
        ("<language-matches><prop><n:p/></prop><literal>d</literal></language-matches>", []),
        ("<contains>needle</contains>", ["/b/c"]),
        ("<contains>HAY</contains>", ["/b/d/e.html"]),
    ],
)
async def test_what_fits(house: DavHouse, where: str, found: list[str]) -> None:
    assert hits(await ask(house, question(where))) == found


async def test_scopes_orders_and_limits(house: DavHouse) -> None:
    assert hits(await ask(house, question(levels="0"))) == ["/"]
    assert hits(await ask(house, question(levels="1"))) == ["/", "/a", "/b/"]
    assert hits(await ask(house, question(scope=f"{BASE}/b", levels="1"))) == ["/b/", "/b/c", "/b/d/"]
    assert (await ask(house, question(scope=f"{BASE}/x"))).condition == "search-scope-valid"
    assert (await ask(house, question(scope="/dav/files/bob@example.org"))).condition == "search-scope-valid"
    documents = "<not><is-collection/></not>"
    down = f"<orderby><order><prop><{SIZE}/></prop><descending/></order></orderby>"
    assert hits(await ask(house, question(documents, more=down)))[-1] == "/a"
    two = f"{down.replace(SIZE, 'displayname')}<limit><nresults>2</nresults></limit>"
    said = await ask(house, question(documents, more=two))
    assert hits(said) == ["/b/d/e.html", "/b/c"]
    assert "507" not in str(said.body)
    assert hits(await ask(house, question(more="<limit><nresults>2</nresults></limit>"))) == ["/", "/a"]


async def test_it_is_bounded() -> None:
    house = await build(found=2)
    said = await ask(house, question())
    assert (said.body.count(b"<D:response>"), said.body.count(b"507")) == (3, 1)
    house = await build(looked_at=2)
    assert b"507" in (await ask(house, question())).body
    house = await build(searched_octets=5)
    assert b"507" in (await ask(house, question("<contains>hay</contains>"))).body


async def test_others_find_what_they_may_know_of(house: DavHouse) -> None:
    assert (await ask(house, question(), BOB)).status == 404
    await house.ask("ACL", "/b/d", acl(("bob@example.org", "read")))
    assert hits(await ask(house, question(), BOB)) == ["/", "/b/", "/b/d/", "/b/d/e.html"]
    assert hits(await ask(house, question("<contains>hay</contains>"), BOB)) == ["/b/d/e.html"]
    assert hits(await ask(house, question("<contains>needle</contains>"), BOB)) == []


async def test_what_can_be_asked(house: DavHouse) -> None:
    assert (await house.ask("OPTIONS", "/")).fields["dasl"] == "<dav:basicsearch>"
    discovery = question(select="").replace("searchrequest", "query-schema-discovery")
    said = await house.ask("SEARCH", "/", discovery)
    assert said.status == 207
    described = {etree.QName(prop[0]).localname for prop in said.xml.iterfind(".//{DAV:}propdesc/{DAV:}prop")}
    assert {"getcontentlength", "displayname", "getlastmodified"} <= described
    asked = '<propfind xmlns="DAV:"><prop><supported-query-grammar-set/></prop></propfind>'
    assert next((await house.ask("PROPFIND", "/", asked, "depth: 0")).xml.iter("{DAV:}basicsearch")) is not None


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ("", 400),
        ("<x/>", 422),
        ('<searchrequest xmlns="DAV:"><other/></searchrequest>', 422),
        (question("<near/>"), 422),
        (question("<and/>"), 400),
        (question("<not><is-collection/><is-collection/></not>"), 400),
        (question("<eq><prop><x/></prop></eq>"), 400),
        (question(compare("eq", SIZE, "many")), 422),
        (question(compare("eq", TIME, "yesterday")), 422),
        (question(more="<limit><nresults>many</nresults></limit>"), 400),
        (question(levels="2"), 400),
        (question("<or>" + "<is-collection/>" * 300 + "</or>"), 400),
    ],
)
async def test_what_is_refused(house: DavHouse, body: str, status: int) -> None:
    assert (await ask(house, body)).status == status


def test_patterns_against_another_way_to_match() -> None:
    seed = random.randrange(1 << 32)
    print(f"seed {seed}")
    dice = random.Random(seed)
    for _ in range(3000):
        pattern = "".join(dice.choices(["a", "b", ".", "%", "_", "\\%", "\\_", "\\\\"], k=dice.randrange(8)))
        text = "".join(dice.choices("abB.%_\\", k=dice.randrange(8)))
        plain = re.sub(
            r"\\(.)|([%_])|(.)",
            lambda each: {"%": ".*", "_": "."}[each[2]] if each[2] else re.escape(each[1] or each[3]),
            pattern,
        )
        wanted = re.fullmatch(plain, text, re.DOTALL | re.IGNORECASE) is not None
        assert is_like(pattern, text, folds_case=True) == wanted, (pattern, text)
    assert not is_like("%a" * 5_000 + "b", "a" * 20_000, folds_case=True)


def test_questions_that_are_spoiled() -> None:
    """Whatever is cut out or doubled: a question or an HttpError."""
    seed = random.randrange(1 << 32)
    print(f"seed {seed}")
    dice = random.Random(seed)
    where = f"<or>{compare('eq', SIZE, '1')}<not><is-collection/></not></or>"
    whole = question(where, more="<limit><nresults>1</nresults></limit>")
    pieces = whole.replace(">", ">\0").split("\0")
    read = 0
    for _ in range(500):
        left = list(pieces)
        for _ in range(dice.randrange(1, 3)):
            at = dice.randrange(len(left))
            left[at : at + 1] = left[at : at + 1] * dice.choice((0, 2))
        with suppress(HttpError):
            read_basic_search(read_document("".join(left).encode()))
            read += 1
    assert read
