"""expand-property: properties of a resource, and of those that its properties name; RFC 3253 3.8."""

from __future__ import annotations

import re

import msgspec

from posthouse.webdav.http.answer import Answer
from posthouse.webdav.http.errors import HttpError
from posthouse.webdav.http.request import read_path
from posthouse.webdav.methods.asked import Asked, multistatus
from posthouse.webdav.properties.rows import Rows
from posthouse.webdav.tree import Member, Path, Tree
from posthouse.webdav.wire.fields import depth, prefers
from posthouse.webdav.wire.multistatus import status_row
from posthouse.webdav.wire.questions import Asks, Wish
from posthouse.webdav.wire.writing import tags
from posthouse.webdav.wire.xml import DAV, Element, children, name_in

DEEPEST = 4
MOST_RESOURCES = 200  # that are looked at for one report
_HREF = re.compile(r"<D:href>([^<]*)</D:href>")


class Expanded(msgspec.Struct, frozen=True):
    """A property that is asked for, and those asked of what it names."""

    name: str
    inner: tuple[Expanded, ...]


async def expand_property(asked: Asked, root: Element) -> Answer:
    """What is asked for; raises HttpError."""
    at, member = await asked.held()
    if depth(asked.request, 0) != 0:
        raise HttpError(400, "Depth is 0")
    return multistatus(await _Expansion(asked).row(asked.tree, at.path, member, _read(root, DEEPEST)))


class _Expansion:
    def __init__(self, asked: Asked) -> None:
        self._asked = asked
        self._is_minimal = prefers(asked.request, "return=minimal")
        self._left = MOST_RESOURCES

    async def row(self, tree: Tree, path: Path, member: Member, wanted: tuple[Expanded, ...]) -> str:
        """The row of a resource, with rows in place of the addresses in it that are to be expanded."""
        self._left -= 1
        if self._left < 0:
            raise HttpError(403, "that names too many resources")
        wish = Wish(Asks.NAMED, tuple([each.name for each in wanted]))
        rows = Rows(self._asked.scene_of(tree), wish, is_minimal=self._is_minimal)
        await rows.prepare()
        row = await rows.of(path, member)
        for each in wanted:
            if each.inner:
                row = await self._expand(row, each)
        return row

    async def _expand(self, row: str, wanted: Expanded) -> str:
        start, end, _ = tags(wanted.name)
        before, found, rest = row.partition(start)
        inside, closed, after = rest.partition(end)
        if not found or not closed:
            return row
        pieces = _HREF.split(inside)  # what is between addresses, and every second one an address
        for at in range(1, len(pieces), 2):
            pieces[at] = await self._response(pieces[at], wanted.inner)
        return before + start + "".join(pieces) + end + after

    async def _response(self, address: str, wanted: tuple[Expanded, ...]) -> str:
        try:
            tree, path = await self._asked.open(read_path(address))
            found = await tree.find(path)
        except HttpError as error:
            return status_row(address, error.status)
        if found.member is None:
            return status_row(address, 404)
        return await self.row(tree, found.path, found.member, wanted)


def _read(element: Element, deepest: int) -> tuple[Expanded, ...]:
    if deepest < 0:
        raise HttpError(403, "that goes too deep")
    wanted = {}
    for each in children(element):
        name = each.get("name")
        if each.tag != "{DAV:}property" or not name:
            raise HttpError(400, "property cannot be read")
        wanted[name_in(each.get("namespace") or DAV, name)] = _read(each, deepest - 1)
    return tuple([Expanded(name, inner) for name, inner in wanted.items()])
