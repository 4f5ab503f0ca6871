"""The folders above people's own trees, and the principals; RFC 3744 2, 5.8.

Everybody finds himself and his groups listed, and whoever else he may meet by address; of trees, his own and those of
who shares something with him.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence

from posthouse.webdav.leading import LeadingTree, leading_folder
from posthouse.webdav.principals.directory import Directory
from posthouse.webdav.principals.properties import PRINCIPAL, principal_of
from posthouse.webdav.properties.basic import BASIC, PRINCIPALS
from posthouse.webdav.properties.property import Table
from posthouse.webdav.tree import Found, Member, Path

_TABLE: Table = {**BASIC, **PRINCIPAL}
_PEOPLE = PRINCIPALS[-1]


class Signposts(LeadingTree):
    """`homes` are the trees that each account has one of, under its `address`."""

    properties: Table = _TABLE
    owner: Path | None = None

    def __init__(self, root: Path, address: str, homes: Sequence[str], directory: Directory) -> None:
        self.root = root
        self.directory = directory
        self._address = address
        self._homes = homes

    async def find(self, path: Path) -> Found:
        """What is there."""
        if not path:
            return Found(path, 0, leading_folder(""))
        if len(path) == 1 and path[0] in (*self._homes, _PEOPLE):
            return Found(path, 0, leading_folder(path[0]))
        person = await self.directory.find(path[1]) if len(path) == 2 and path[0] == _PEOPLE else None
        if person is None:
            return Found(path, 0, None)
        return Found((_PEOPLE, person.address), 0, principal_of(person))

    async def pages(self, folder: Member) -> AsyncIterator[list[Member]]:
        """A folder's members."""
        if folder.kinds:
            yield []
        elif not folder.name:
            yield [leading_folder(name) for name in (*self._homes, _PEOPLE)]
        elif folder.name == _PEOPLE:
            yield await self.own()
        else:
            yield [
                leading_folder(self._address),
                *[leading_folder(address) for address in await self.directory.sharers()],
            ]

    async def own(self) -> list[Member]:
        """Who asks, and the groups that he is in."""
        me = await self.directory.find(self._address)
        groups = [] if me is None else [await self.directory.find(address) for address in me.groups]
        return [principal_of(each) for each in (me, *groups) if each is not None]
