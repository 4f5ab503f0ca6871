"""SEARCH: resources that fit a question, by DAV:basicsearch; RFC 5323.

What is below the scope is looked at, as far as settings let one look and as far as one may know of it. `contains` looks
into documents of text that one may read, up to a size.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping

import msgspec

from posthouse.core.sharing.rights import Right
from posthouse.webdav.http.answer import Answer
from posthouse.webdav.http.errors import HttpError
from posthouse.webdav.methods.asked import GATHERED_OCTETS, Asked, multistatus
from posthouse.webdav.methods.preconditions import place_of
from posthouse.webdav.methods.sifting import SEARCHABLE, TYPED, Resource, check, fits, sorted_by
from posthouse.webdav.properties.rows import Rows
from posthouse.webdav.tree import Member, Tree, pieces_of
from posthouse.webdav.walking import LookedAtEnough, walk
from posthouse.webdav.wire.errors import DavError
from posthouse.webdav.wire.fields import prefers
from posthouse.webdav.wire.multistatus import HEAD, TAIL, status_row
from posthouse.webdav.wire.searching import BasicSearch, Both, Condition, Scope, read_basic_search
from posthouse.webdav.wire.writing import KIND, tags
from posthouse.webdav.wire.xml import Element, child, read_document, text_of

MOST_TEXT = 1_000_000  # octets of a document that `contains` looks into
DASL = (b"dasl", b"<DAV:basicsearch>")
_WITHIN = "<D:error><D:number-of-matches-within-limits/></D:error>"
_TYPES = {
    "{DAV:}getcontentlength": "unsignedLong",
    "{DAV:}getlastmodified": "dateTime",
    "{DAV:}creationdate": "dateTime",
}


async def search(asked: Asked) -> Answer:
    """What fits; raises HttpError."""
    body = await asked.request.body.read(asked.settings.request_octets)
    if not body.strip():
        raise HttpError(400, "what?")
    root = read_document(body)
    if root.tag == "{DAV:}query-schema-discovery":
        return await _schema(asked, root)
    question = read_basic_search(root)
    if question.where is not None:
        check(question.where)
    found: dict[str, Resource] = {}
    limit = asked.settings.found if question.limit is None else min(question.limit, asked.settings.found)
    most = asked.settings.found if question.orders else limit
    is_cut, octets = False, 0
    looking = _Looking(asked, question)
    try:
        for scope in question.scopes:
            async for resource, row in looking.hits(scope):
                octets += len(row)
                found.setdefault(row, msgspec.structs.replace(resource, text=None))
                if len(found) > most or octets > GATHERED_OCTETS:
                    raise LookedAtEnough
    except LookedAtEnough:
        is_cut = True
    hits = sorted_by(question.orders, [(resource, row) for row, resource in found.items()])
    rows = "".join([row for _, row in hits[:limit]])
    # who said how much he wants is told no more than that he got it (5.17.1)
    is_told = is_cut and (limit == asked.settings.found or len(hits) < limit)
    return multistatus(rows + (status_row(asked.address(asked.path, is_folder=True), 507, _WITHIN) if is_told else ""))


class _Looking:
    """The resources that fit one question."""

    def __init__(self, asked: Asked, question: BasicSearch) -> None:
        self._asked = asked
        self._question = question
        names = _names(question.where) | {order.name for order in question.orders}
        # what clients may have set themselves is asked of what they keep
        self._reads_dead = any(name not in TYPED or name == "{DAV:}displayname" for name in names)
        self._reads_text = question.where is not None and _looks_inside(question.where)
        self._octets = asked.settings.searched_octets

    async def hits(self, scope: Scope) -> AsyncIterator[tuple[Resource, str]]:
        """Each with its row; raises HttpError (409) for a scope where nothing is, LookedAtEnough."""
        asked = self._asked
        try:
            tree, path = await asked.open(place_of(scope.where)) if scope.where else (asked.tree, asked.path)
            top = (await tree.find(path)).member
        except HttpError:
            top = None
        if top is None:
            raise DavError(409, "{DAV:}search-scope-valid", "there is nothing there")
        is_minimal = prefers(asked.request, "return=minimal")
        rows = Rows(asked.scene_of(tree), self._question.select, is_minimal=is_minimal)
        await rows.prepare()
        for resource in await self._fitting(tree, [top]):
            yield resource, await rows.of(path, top)
        if scope.levels == 0 or not top.is_folder:
            return
        async for folder, page in walk(tree, path, top, scope.levels, asked.settings.looked_at):
            for resource in await self._fitting(tree, page):
                yield resource, await rows.below(folder, [resource.member])

    async def _fitting(self, tree: Tree, members: list[Member]) -> list[Resource]:
        kept: Mapping[int, Mapping[str, bytes]] = {}
        if self._reads_dead:
            kept = await tree.dead_properties([member for member in members if member.dead])
        resources = [
            Resource(member, kept.get(member.key, {}), await self._text(tree, member) if self._reads_text else None)
            for member in members
        ]
        where = self._question.where
        return [resource for resource in resources if where is None or fits(where, resource)]

    async def _text(self, tree: Tree, member: Member) -> str | None:
        is_text = member.media_type.startswith("text/") and 0 < member.size <= MOST_TEXT
        if member.is_folder or not is_text or not member.rights & Right.READ:
            return None
        self._octets -= member.size
        if self._octets < 0:
            raise LookedAtEnough
        octets = b"".join([piece async for piece in pieces_of(await tree.contents(member, 0, member.size))])
        return octets.decode("utf-8", "replace").casefold()


async def _schema(asked: Asked, root: Element) -> Answer:
    """What can be asked; RFC 5323 4."""
    basic = child(root, "{DAV:}basicsearch")
    source = None if basic is None else child(basic, "{DAV:}from")
    scope = None if source is None else child(source, "{DAV:}scope")
    if scope is None:
        raise HttpError(400, "of which scope?")
    where = text_of(child(scope, "{DAV:}href"))
    tree, path = await asked.open(place_of(where)) if where else (asked.tree, asked.path)
    found = await tree.find(path)
    if found.member is None:
        raise DavError(409, "{DAV:}search-scope-valid", "there is nothing there")
    properties = "".join([_described(name) for name in SEARCHABLE])
    schema = (
        f"<D:basicsearchschema><D:properties>{properties}<D:propdesc><D:any-other-property/><D:searchable/>"
        "<D:selectable/><D:sortable/><D:caseless/></D:propdesc></D:properties><D:operators>"
        "<D:opdesc><D:like/><D:operand-property/><D:operand-literal/></D:opdesc>"
        "<D:opdesc><D:contains/></D:opdesc></D:operators></D:basicsearchschema>"
    )
    address = asked.on(tree).address(found.path, is_folder=found.member.is_folder)
    response = (
        f"<D:response><D:href>{address}</D:href><D:status>HTTP/1.1 200 OK</D:status>"
        f"<D:query-schema>{schema}</D:query-schema></D:response>\n"
    )
    return Answer(207, (KIND, DASL), f"{HEAD}{response}{TAIL}".encode())


def _described(name: str) -> str:
    """DAV:propdesc of a property; `resourcetype` is asked for by is-collection alone."""
    kind = _TYPES.get(name, "string")
    can = "<D:selectable/>" if name not in TYPED else "<D:searchable/><D:selectable/><D:sortable/><D:caseless/>"
    typed = f'<D:datatype><xs:{kind} xmlns:xs="http://www.w3.org/2001/XMLSchema"/></D:datatype>'
    return f"<D:propdesc><D:prop>{tags(name)[2]}</D:prop>{typed}{can}</D:propdesc>"


def _names(condition: Condition | None) -> set[str]:
    if condition is None:
        return set()
    if isinstance(condition, Both):
        return {name for each in condition.inner for name in _names(each)}
    return {condition.name} - {""}


def _looks_inside(condition: Condition) -> bool:
    if isinstance(condition, Both):
        return any(_looks_inside(each) for each in condition.inner)
    return condition.kind == "contains"
