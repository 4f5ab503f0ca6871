"""Files by rights over WebDAV: two accounts and a sharer see exactly what rights allow, by every method and report."""

from __future__ import annotations

import asyncio
import base64
import random

import pytest
from lxml import etree

from posthouse.core.accounts.accounts import NewAccount, add_account
from posthouse.core.accounts.domains import add_domain
from posthouse.core.accounts.group_folders import open_folders
from posthouse.core.accounts.groups import add_group
from tests.unit.webdav.davhouse import BASE, NOW, DavHouse, Said

BOBS = "/dav/files/bob@example.org"
PEOPLE = "/dav/principals"


def login(name: str) -> str:
    return f"authorization: Basic {base64.b64encode(f'{name}@example.org:x'.encode()).decode()}"


ANN, BOB, CAT = login("ann"), login("bob"), login("cat")
LOCK = '<lockinfo xmlns="DAV:"><lockscope><exclusive/></lockscope><locktype><write/></locktype></lockinfo>'
REMOVE = '<propertyupdate xmlns="DAV:"><remove><prop><p/></prop></remove></propertyupdate>'


@pytest.fixture
def house(loop: asyncio.AbstractEventLoop) -> DavHouse:
    return loop.run_until_complete(build())


async def build() -> DavHouse:
    """Ann's docs/sub/letter and docs/memo; Bob, Cat, Eve of another domain; the group team of Bob."""
    house = await DavHouse().open()
    await house.store.write(add_account, NewAccount("cat@example.org", "Cat Stevens", None, None), NOW)
    await house.store.write(add_domain, "example.com", None, NOW)
    await house.store.write(add_account, NewAccount("eve@example.com", "Eve Stevens", None, None), NOW)
    await house.store.write(add_group, "team@example.org", "The team", "anyone", ["bob@example.org"], NOW)
    for path in ("/docs", "/docs/sub"):
        assert (await house.ask("MKCOL", path)).status == 201
    for path in ("/docs/sub/letter", "/docs/memo"):
        await house.ask("PUT", path, "hello")
    return house


def acl(*entries: tuple[str, str]) -> str:
    """The body of an ACL request: (principal, privileges parted by blanks)."""
    written = ""
    for whom, privileges in entries:
        principal = f"<href>{PEOPLE}/{whom}/</href>" if "@" in whom else whom
        granted = "".join([f"<privilege><{each}/></privilege>" for each in privileges.split()])
        written += f"<ace><principal>{principal}</principal><grant>{granted}</grant></ace>"
    return f'<acl xmlns="DAV:">{written}</acl>'


async def give(house: DavHouse, path: str, *entries: tuple[str, str]) -> None:
    said = await house.ask("ACL", path, acl(*entries))
    assert said.status == 200, said


async def listed(house: DavHouse, path: str, who: str) -> list[str]:
    """The addresses of a folder's members as somebody sees them; what was refused, as a list of one."""
    said = await house.ask("PROPFIND", path, "", "depth: 1", login=who)
    return list(said.rows())[1:] if said.status == 207 else [str(said.status)]


async def prop(house: DavHouse, path: str, names: str, who: str) -> Said:
    inside = "".join([f"<{name}/>" for name in names.split()])
    return await house.ask(
        "PROPFIND", path, f'<propfind xmlns="DAV:"><prop>{inside}</prop></propfind>', "depth: 0", login=who
    )


def privileges(said: Said) -> set[str]:
    """Those that who asked has."""
    held = next(said.xml.iter("{DAV:}current-user-privilege-set"))
    return {etree.QName(each[0]).localname for each in held}


async def test_two_accounts_and_a_sharer(house: DavHouse) -> None:
    for who in (BOB, CAT):
        assert await listed(house, BASE + "/", who) == ["404"]
    await give(house, "/docs/sub", ("bob@example.org", "read"))
    assert await listed(house, BASE + "/", CAT) == ["404"]
    assert await listed(house, BASE + "/", BOB) == [f"{BASE}/docs/"]
    assert await listed(house, BASE + "/docs/", BOB) == [f"{BASE}/docs/sub/"]
    assert await listed(house, BASE + "/docs/sub/", BOB) == [f"{BASE}/docs/sub/letter"]
    assert (await house.ask("GET", "/docs/sub/letter", login=BOB)).body == b"hello"
    assert (await house.ask("GET", "/docs/memo", login=BOB)).status == 404
    assert (await house.ask("GET", "/docs/sub/letter", login=CAT)).status == 404
    assert await listed(house, "/dav/files/", BOB) == [f"{BOBS}/", f"{BASE}/"]
    assert await listed(house, "/dav/files/", CAT) == ["/dav/files/cat@example.org/"]
    said = await prop(house, "/docs/sub/letter", "owner current-user-privilege-set acl group", BOB)
    assert said.value("owner") == f"{PEOPLE}/ann@example.org/"
    assert privileges(said) == {"read", "read-current-user-privilege-set"}
    assert said.rows()[f"{BASE}/docs/sub/letter"] == {
        "owner": "200", "current-user-privilege-set": "200", "acl": "403", "group": "404",
    }  # fmt: skip


async def test_what_others_share_is_in_a_folder_of_ones_own(house: DavHouse) -> None:
    await house.ask("PUT", f"{BOBS}/own", "x", login=BOB)
    assert await listed(house, f"{BOBS}/", BOB) == [f"{BOBS}/own"]
    assert (await house.ask("PROPFIND", f"{BOBS}/Shared", "", "depth: 0", login=BOB)).status == 404
    await give(house, "/docs", ("bob@example.org", "read write"))
    assert await listed(house, f"{BOBS}/", BOB) == [f"{BOBS}/own", f"{BOBS}/Shared/"]
    assert await listed(house, f"{BOBS}/Shared/", BOB) == [f"{BOBS}/Shared/ann@example.org/"]
    there = f"{BOBS}/Shared/ann@example.org/docs"
    assert await listed(house, there, BOB) == [f"{there}/memo", f"{there}/sub/"]
    assert (await house.ask("PUT", f"{there}/new", "y", login=BOB)).status == 201
    assert (await house.ask("GET", "/docs/new")).body == b"y"
    for method, path in (("MKCOL", "/Shared"), ("DELETE", "/Shared"), ("PUT", "/Shared"), ("LOCK", "/Shared")):
        assert (await house.ask(method, BOBS + path, "", login=BOB)).status == 405
    assert (await house.ask("PUT", f"{BOBS}/Shared/x", "", login=BOB)).status == 404
    for method, source, target in (
        ("COPY", f"{there}/memo", f"{BOBS}/mine"),
        ("COPY", f"{there}/", f"{BOBS}/tree"),
        ("MOVE", f"{there}/sub", f"{BOBS}/sub"),
        ("MOVE", f"{BOBS}/own", f"{there}/own"),
    ):
        said = await house.ask(method, source, "", f"destination: {target}", "depth: infinity", login=BOB)
        assert said.status == 201, (method, source, said)
    assert (await house.ask("GET", f"{BOBS}/tree/sub/letter", login=BOB)).body == b"hello"
    assert (await house.ask("GET", f"{BOBS}/sub/letter", login=BOB)).body == b"hello"
    assert (await house.names("/docs/")) == ["/docs/memo", "/docs/new", "/docs/own"]
    assert (await house.ask("MOVE", f"{BOBS}/mine", "", f"destination: {PEOPLE}/x", login=BOB)).status == 502
    assert (await house.ask("MKCOL", f"{BOBS}/other", login=BOB)).status == 201
    said = await house.ask("COPY", f"{BOBS}/mine", "", f"destination: {BASE}/mine", login=BOB)
    assert (said.status, said.condition) == (403, "need-privileges")


REFUSED = [
    ("PUT", "/docs/memo", "x", "write-content"),
    ("PUT", "/docs/new", "x", "bind"),
    ("MKCOL", "/docs/new", "", "bind"),
    ("DELETE", "/docs/memo", "", "unbind"),
    ("DELETE", "/docs/sub", "", "unbind"),
    ("MOVE", "/docs/memo", "", "unbind"),
    ("COPY", "/docs/memo", "", "bind"),
    ("LOCK", "/docs/memo", LOCK, "write-content"),
    ("PROPPATCH", "/docs/memo", REMOVE, "write-content"),
    ("ACL", "/docs/memo", acl(("bob@example.org", "all")), "write-acl"),
]  # fmt: skip


@pytest.mark.parametrize(("method", "path", "body", "privilege"), REFUSED)
async def test_what_one_may_not_do_and_may(house: DavHouse, method: str, path: str, body: str, privilege: str) -> None:
    fields = [f"destination: {BASE}/docs/other"] if method in ("MOVE", "COPY") else []
    await give(house, "/docs", ("bob@example.org", "read"))
    said = await house.ask(method, path, body, *fields, login=BOB)
    assert (said.status, said.condition) == (403, "need-privileges")
    assert etree.QName(next(said.xml.iter("{DAV:}privilege"))[0]).localname == privilege
    assert said.value("href").startswith(f"{BASE}/docs")
    assert (await house.ask(method, path, body, *fields, login=CAT)).status == 404
    await give(house, "/docs", ("bob@example.org", "all"))
    assert (await house.ask(method, path, body, *fields, login=BOB)).status in (200, 201, 204, 207)


async def test_what_is_hidden_answers_as_what_is_not_there(house: DavHouse) -> None:
    await give(house, "/docs/sub", ("bob@example.org", "read write"))
    for method, body in (("PUT", "x"), ("LOCK", LOCK), ("MKCOL", "")):
        for hidden, nothing in (("/docs/memo", "/docs/none"), ("/docs/memo/x", "/docs/none/x")):
            there, not_there = [await house.ask(method, path, body, login=BOB) for path in (hidden, nothing)]
            assert (there.status, there.body) == (not_there.status, not_there.body), method
    for method, where in (("COPY", BASE), ("MOVE", BASE), ("COPY", BOBS), ("MOVE", BOBS)):
        await house.ask("PUT", f"{BOBS}/own", "x", login=BOB)
        source = f"{where}/docs/sub/letter" if where == BASE else f"{BOBS}/own"
        for overwrite in "TF":
            said = [
                await house.ask(method, source, "", f"destination: {BASE}{path}", f"overwrite: {overwrite}", login=BOB)
                for path in ("/docs/memo", "/docs/none")
            ]
            assert (said[0].status, said[0].body) == (said[1].status, said[1].body), (method, where, overwrite)


async def test_what_is_needed_at_the_other_end_is_named_as_it_is_there(house: DavHouse) -> None:
    await house.ask("PUT", f"{BOBS}/own", "x", login=BOB)
    await give(house, "/docs", ("bob@example.org", "read"))
    to = f"destination: {BASE}/docs/sub/own"
    for method in ("COPY", "MOVE"):
        said = await house.ask(method, f"{BOBS}/own", "", to, login=BOB)
        assert (said.condition, said.value("href")) == ("need-privileges", f"{BASE}/docs/sub")
    await give(house, "/docs", ("bob@example.org", "read write"))
    await house.ask("LOCK", "/docs/sub", LOCK)
    said = await house.ask("COPY", f"{BOBS}/own", "", to, login=BOB)
    assert (said.condition, said.value("href")) == ("lock-token-submitted", f"{BASE}/docs/sub/")
    await house.ask("MKCOL", f"{BOBS}/tree", login=BOB)
    said = await house.ask("COPY", f"{BOBS}/tree", "", to, login=BOB)
    assert (said.condition, said.value("href")) == ("lock-token-submitted", f"{BASE}/docs/sub/")


async def test_reading_contents_is_a_right_of_its_own(house: DavHouse) -> None:
    await give(house, "/docs", ("bob@example.org", "bind"))
    assert await listed(house, BASE + "/docs/", BOB) == []
    await give(house, "/docs", ("team@example.org", "read"), ("bob@example.org", "bind"))
    assert privileges(await prop(house, "/docs", "current-user-privilege-set", BOB)) == {
        "read", "read-current-user-privilege-set", "bind",
    }  # fmt: skip
    assert (await house.ask("PUT", "/docs/new", "x", login=BOB)).status == 201
    assert (await house.ask("PUT", "/docs/new", "his own", login=BOB)).status == 204
    assert (await house.ask("PUT", "/docs/memo", "x", login=BOB)).status == 403


@pytest.mark.parametrize(
    ("privilege", "method", "path", "status"),
    [
        ("bind", "PUT", "/docs/new", 201),
        ("bind", "MKCOL", "/docs/new", 201),
        ("unbind", "DELETE", "/docs/memo", 204),
        ("write-content", "PUT", "/docs/memo", 204),
        ("write-acl", "ACL", "/docs", 200),
    ],
)
async def test_each_privilege_is_enough_for_its_methods(
    house: DavHouse, privilege: str, method: str, path: str, status: int
) -> None:
    """RFC 3744, appendix B: reading is no part of them."""
    await give(house, "/docs", ("bob@example.org", privilege))
    body = acl(("bob@example.org", "all")) if method == "ACL" else "x" if method == "PUT" else ""
    assert (await house.ask("GET", "/docs/memo", login=BOB)).status == 403
    assert (await house.ask(method, path, body, login=BOB)).status == status


async def test_lists_as_they_are_shown(house: DavHouse) -> None:
    await give(house, "/docs", ("bob@example.org", "read bind"), ("<authenticated/>", "read"))
    said = await prop(
        house, "/docs/memo", "acl inherited-acl-set acl-restrictions supported-privilege-set", login("ann")
    )
    shown = [
        (
            "".join(ace.find("{DAV:}principal").itertext()) or etree.QName(ace.find("{DAV:}principal")[0]).localname,
            [etree.QName(each[0]).localname for each in ace.find("{DAV:}grant")],
            "".join(ace.find("{DAV:}inherited").itertext()) if ace.find("{DAV:}inherited") is not None else "",
        )
        for ace in said.xml.iter("{DAV:}ace")
    ]
    assert shown == [
        ("property", ["all"], ""),
        ("authenticated", ["read"], f"{BASE}/docs/"),
        (f"{PEOPLE}/bob@example.org/", ["read", "bind"], f"{BASE}/docs/"),
    ]
    assert said.value("inherited-acl-set") == f"{BASE}/docs/"
    assert {etree.QName(each).localname for each in next(said.xml.iter("{DAV:}acl-restrictions"))} == {
        "grant-only", "no-invert",
    }  # fmt: skip
    assert await listed(house, BASE + "/docs/", CAT) == [f"{BASE}/docs/memo", f"{BASE}/docs/sub/"]
    await give(house, "/docs/memo", ("<property><owner/></property>", "all"))
    assert await listed(house, BASE + "/docs/", CAT) == [f"{BASE}/docs/sub/"], "shared with nobody"
    await give(house, "/docs/memo")
    assert await listed(house, BASE + "/docs/", CAT) == [f"{BASE}/docs/memo", f"{BASE}/docs/sub/"]
    report = '<acl-principal-prop-set xmlns="DAV:"><prop><displayname/></prop></acl-principal-prop-set>'
    said = await house.ask("REPORT", "/docs/memo", report)
    assert list(said.rows()) == [f"{PEOPLE}/ann@example.org/", f"{PEOPLE}/bob@example.org/"]
    assert (await house.ask("REPORT", "/docs/memo", report, login=BOB)).condition == "need-privileges"


ACE = "<ace><principal>{}</principal><grant><privilege>{}</privilege></grant></ace>"
INVERTED = "<ace><invert><principal><self/></principal></invert><grant><privilege><read/></privilege></grant></ace>"
ME = f"<href>{PEOPLE}/bob@example.org/</href>"


@pytest.mark.parametrize(
    ("inside", "condition"),
    [
        (ACE.format(ME, "<read/>").replace("grant", "deny"), "grant-only"),
        (INVERTED, "no-invert"),
        (ACE.format(ME, "<read-acl/>"), "no-abstract"),
        (ACE.format(ME, '<read xmlns="urn:x"/>'), "not-supported-privilege"),
        (ACE.format("<all/>", "<read/>"), "allowed-principal"),
        (ACE.format("<unauthenticated/>", "<read/>"), "allowed-principal"),
        (ACE.format("<self/>", "<read/>"), "allowed-principal"),
        (ACE.format("<property><group/></property>", "<read/>"), "allowed-principal"),
        (ACE.format(f"<href>{PEOPLE}/nobody@example.org/</href>", "<read/>"), "recognized-principal"),
        (ACE.format(f"<href>{PEOPLE}/eve@example.com/</href>", "<read/>"), "recognized-principal"),
        (ACE.format("<href>http://elsewhere.example/x</href>", "<read/>"), "recognized-principal"),
        (ACE.format("<href>/%ff</href>", "<read/>"), "recognized-principal"),
        ("<ace/>", ""),
        ("<ace><principal/><grant/></ace>", ""),
    ],
)  # fmt: skip
async def test_lists_that_cannot_be(house: DavHouse, inside: str, condition: str) -> None:
    said = await house.ask("ACL", "/docs", f'<acl xmlns="DAV:">{inside}</acl>')
    assert (said.status, said.condition) == ((403, condition) if condition else (400, ""))
    assert await listed(house, BASE + "/", BOB) == ["404"]


async def test_a_list_that_is_written_as_it_was_read_stays(house: DavHouse) -> None:
    await give(house, "/docs", ("bob@example.org", "read write"))
    assert privileges(await prop(house, "/docs", "current-user-privilege-set", BOB)) >= {"write", "bind", "unbind"}
    await house.ask("LOCK", "/docs", LOCK)
    assert (await house.ask("ACL", "/docs", acl())).condition == "lock-token-submitted"
    assert (await house.ask("ACL", f"{PEOPLE}/ann@example.org/", acl())).status == 405
    assert (await house.ask("ACL", "/nothing", acl())).status == 404


async def test_a_groups_files(house: DavHouse) -> None:
    await house.store.write(open_folders, "team@example.org", NOW)
    base = "/dav/files/team@example.org"
    assert await listed(house, "/dav/files/", BOB) == [f"{BOBS}/", f"{base}/"]
    assert await listed(house, f"{BOBS}/", BOB) == [f"{BOBS}/Shared/"]
    assert (await house.ask("PUT", f"{base}/plan", "x", login=BOB)).status == 201
    assert await listed(house, base, CAT) == ["404"]
    assert (await prop(house, base, "group", BOB)).value("group") == f"{PEOPLE}/team@example.org/"


def search(*tests: tuple[str, str], extra: str = "", kind: str = "") -> str:
    inside = "".join(
        [f"<property-search><prop><{name}/></prop><match>{text}</match></property-search>" for name, text in tests]
    )
    wanted = f"{inside}<prop><displayname/></prop>{extra}"
    return f'<principal-property-search xmlns="DAV:"{kind}>{wanted}</principal-property-search>'


async def test_what_changes_for_a_visitor(house: DavHouse) -> None:
    async def sync(token: str) -> Said:
        inside = f"<sync-token>{token}</sync-token><sync-level>1</sync-level><prop><getetag/></prop>"
        body = f'<sync-collection xmlns="DAV:">{inside}</sync-collection>'
        return await house.ask("REPORT", "/docs/", body, login=BOB)

    await give(house, "/docs", ("bob@example.org", "read"))
    first = await sync("")
    assert list(first.rows()) == [f"{BASE}/docs/memo", f"{BASE}/docs/sub/"]
    await house.ask("PUT", "/docs/new", "x")
    await house.ask("DELETE", "/docs/memo")
    second = await sync(first.value("sync-token"))
    assert set(second.rows()) == {f"{BASE}/docs/new", f"{BASE}/docs/memo"}
    await give(house, "/docs/new", ("<property><owner/></property>", "all"))
    assert (await sync(second.value("sync-token"))).condition == "valid-sync-token"
    third = await sync("")
    assert list(third.rows()) == [f"{BASE}/docs/sub/"]
    await house.ask("PUT", "/docs/new", "hidden")
    assert list((await sync(third.value("sync-token"))).rows()) == []
    await house.ask("DELETE", "/docs/new")
    assert (await sync(third.value("sync-token"))).condition == "valid-sync-token", "its name is not told"


async def test_bodies_that_are_spoiled(house: DavHouse) -> None:
    """Whatever is cut out of a body or doubled in it: an answer, and never one of 500."""
    seed = random.randrange(1 << 32)
    print(f"seed {seed}")
    dice = random.Random(seed)
    whole = [
        ("ACL", acl(("bob@example.org", "read write"), ("<authenticated/>", "read"))),
        ("REPORT", search(("displayname", "e"))),
    ]
    for _ in range(150):
        method, body = dice.choice(whole)
        pieces = body.replace(">", ">\0").split("\0")
        at = dice.randrange(len(pieces))
        spoiled = pieces[:at] + pieces[at : at + 1] * dice.choice((0, 2)) + pieces[at + 1 :]
        said = await house.ask(method, "/docs", "".join(spoiled))
        assert said.status in (200, 207, 400, 403), (said, spoiled)
