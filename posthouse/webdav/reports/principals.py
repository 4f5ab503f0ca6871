"""Reports about principals: whom a list names, which are oneself, who is called so; RFC 3744 9.2 to 9.5."""

from __future__ import annotations

import re

from posthouse.core.sharing.people import Person
from posthouse.core.sharing.rights import Right
from posthouse.webdav.http.answer import Answer
from posthouse.webdav.http.errors import HttpError
from posthouse.webdav.methods.asked import GATHERED_OCTETS, Asked, multistatus
from posthouse.webdav.principals.properties import principal_path
from posthouse.webdav.principals.tree import Signposts
from posthouse.webdav.properties.basic import PRINCIPALS
from posthouse.webdav.properties.property import Need
from posthouse.webdav.properties.rows import Rows
from posthouse.webdav.properties.sharing import nearest
from posthouse.webdav.tree import Member, Path, Tree
from posthouse.webdav.walking import LookedAtEnough, walk
from posthouse.webdav.wire.errors import DavError
from posthouse.webdav.wire.fields import depth, prefers
from posthouse.webdav.wire.multistatus import status_row
from posthouse.webdav.wire.questions import Asks, Wish, names_in
from posthouse.webdav.wire.writing import DECLARATION, KIND, address, tags
from posthouse.webdav.wire.xml import Element, child, children, text_of

_WITHIN = "<D:error><D:number-of-matches-within-limits/></D:error>"
_HREF = re.compile(r"<D:href>([^<]*)</D:href>")
_SEARCHED = {"{DAV:}displayname": "Name", "{DAV:}alternate-URI-set": "Address"}
MOST_TESTS = 20


async def acl_principal_prop_set(asked: Asked, root: Element) -> Answer:
    """Properties of all whom a resource's list names; RFC 3744 9.2."""
    _flat(asked)
    at, member = await asked.held()
    if asked.tree.sharing is None:
        raise DavError(403, "{DAV:}supported-report", "there is no such report here")
    asked.need(at, member, Right.ADMINISTER)
    scene = asked.scene()
    await scene.prepare([Need.LISTS])
    found = nearest(scene, at.path)
    named = [principal_path(each.whom) for each in (found[1] if found else ()) if each.whom is not None]
    places = [*([] if asked.tree.owner is None else [asked.tree.owner]), *named]
    return multistatus("".join([await _row(asked, place, _wish(root)) for place in dict.fromkeys(places)]))


async def principal_match(asked: Asked, root: Element) -> Answer:
    """Principals that are oneself or a group of one's own, or resources whose property names such; RFC 3744 9.3."""
    _flat(asked)
    at, folder = await asked.held()
    wanted = child(root, "{DAV:}principal-property")
    mine = {place[-1] for place in await _own(asked)}
    if wanted is None:
        if child(root, "{DAV:}self") is None:
            raise HttpError(400, "self or principal-property is missing")
        of_people = isinstance(asked.tree, Signposts) and at.path in ((), (PRINCIPALS[-1],))
        own = [principal_path(each) for each in sorted(mine)] if of_people else []
        return multistatus("".join([await _row(asked, place, _wish(root)) for place in own]))
    names = names_in(wanted)
    if len(names) != 1 or not folder.is_folder:
        raise HttpError(400, "one property of what is in a folder")
    tests = Rows(asked.scene(), Wish(Asks.NAMED, names), is_minimal=True)
    await tests.prepare()
    shown = Rows(asked.scene(), _wish(root), is_minimal=prefers(asked.request, "return=minimal"))
    await shown.prepare()
    rows: list[str] = []
    octets = 0
    try:
        async for path, page in walk(asked.tree, at.path, folder, None, asked.settings.looked_at):
            for member in page:
                inside = (await tests.below(path, [member])).partition("<D:propstat>")[2]
                hrefs = [each.rstrip("/").rpartition("/") for each in _HREF.findall(inside)]
                if any(where.endswith(f"/{PRINCIPALS[-1]}") and name in mine for where, _, name in hrefs):
                    rows.append(await shown.below(path, [member]))
                    octets += len(rows[-1])
                    if len(rows) > asked.settings.found or octets > GATHERED_OCTETS:
                        raise LookedAtEnough
    except LookedAtEnough:
        return multistatus("".join(rows[: asked.settings.found]) + _cut(asked, at.path))
    return multistatus("".join(rows))


async def principal_property_search(asked: Asked, root: Element) -> Answer:
    """Principals whose properties have these texts in them, in any case of letters; RFC 3744 9.4.

    Only those within the reach of sharing are looked at. All tests must hold, or any where `test` says so, as calendar
    programs write it.
    """
    _flat(asked)
    tests = [_test(each) for each in children(root) if each.tag == "{DAV:}property-search"]
    if not 1 <= len(tests) <= MOST_TESTS:
        raise HttpError(400, "which property-search?")
    holds = any if root.get("test") == "anyof" else all
    people, place = await _people(asked, root)
    found: list[Person] = []
    if people is not None:
        async for page in people.directory.people():
            found += [each for each in page if holds(_fits(each, *test) for test in tests)]
            if len(found) > asked.settings.found:
                break
    rows = [await _row(asked, principal_path(each.address), _wish(root)) for each in found[: asked.settings.found]]
    is_cut = len(found) > asked.settings.found
    return multistatus("".join(rows) + (_cut(asked, place) if is_cut else ""))


async def principal_search_property_set(asked: Asked, _root: Element) -> Answer:
    """The properties that can be searched; RFC 3744 9.5."""
    _flat(asked)
    inside = "".join(
        [
            f"<D:principal-search-property><D:prop>{tags(name)[2]}</D:prop>"
            f'<D:description xml:lang="en">{words}</D:description></D:principal-search-property>'
            for name, words in _SEARCHED.items()
        ]
    )
    body = f'{DECLARATION}<D:principal-search-property-set xmlns:D="DAV:">{inside}</D:principal-search-property-set>\n'
    return Answer(200, (KIND,), body.encode())


def _flat(asked: Asked) -> None:
    if depth(asked.request, 0) != 0:
        raise HttpError(400, "Depth is 0")


def _wish(root: Element) -> Wish:
    prop = child(root, "{DAV:}prop")
    return Wish(Asks.NAMED, () if prop is None else names_in(prop))


async def _row(asked: Asked, place: Path, wish: Wish) -> str:
    tree, path = await asked.open(place)
    found = await tree.find(path)
    if found.member is None:
        return status_row(address(place, is_folder=True), 404)
    rows = Rows(asked.scene_of(tree), wish, is_minimal=prefers(asked.request, "return=minimal"))
    await rows.prepare()
    return await rows.of(found.path, found.member)


async def _own(asked: Asked) -> list[Path]:
    """The principals that are who asks: he himself and his groups."""
    tree, _ = await asked.open(PRINCIPALS)
    members: list[Member] = await tree.own() if isinstance(tree, Signposts) else []
    return [principal_path(each.name) for each in members]


async def _people(asked: Asked, root: Element) -> tuple[Signposts | None, Path]:
    """The principals that are searched: those of the site where it is asked for, or where they are in the folder."""
    tree: Tree = asked.tree
    path = asked.path
    if child(root, "{DAV:}apply-to-principal-collection-set") is not None:
        tree, path = await asked.open(PRINCIPALS)
    is_theirs = isinstance(tree, Signposts) and path in ((), (PRINCIPALS[-1],))
    return (tree if isinstance(tree, Signposts) and is_theirs else None), path


def _test(element: Element) -> tuple[tuple[str, ...], str, str]:
    """The properties, what must be in them, and how: "contains", "starts-with", "ends-with" or "equals"."""
    prop, match = child(element, "{DAV:}prop"), child(element, "{DAV:}match")
    if prop is None or match is None:
        raise HttpError(400, "prop or match is missing")
    kind = match.get("match-type") or "contains"
    if kind not in ("contains", "starts-with", "ends-with", "equals"):
        raise HttpError(400, "there is no such match-type")
    return names_in(prop), text_of(match).casefold(), kind


def _fits(person: Person, names: tuple[str, ...], wanted: str, kind: str) -> bool:
    held = {"{DAV:}displayname": person.name or person.address, "{DAV:}alternate-URI-set": f"mailto:{person.address}"}
    return bool(names) and all(_matches(held.get(name, "").casefold(), wanted, kind) for name in names)


def _matches(held: str, wanted: str, kind: str) -> bool:
    if not held:
        return False
    if kind == "equals":
        return held == wanted
    if kind == "starts-with":
        return held.startswith(wanted)
    return held.endswith(wanted) if kind == "ends-with" else wanted in held


def _cut(asked: Asked, path: Path) -> str:
    return status_row(asked.address(path, is_folder=True), 507, _WITHIN)
