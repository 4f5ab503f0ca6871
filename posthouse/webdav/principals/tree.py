"""The folders above people's own trees, and the principals, of which everybody sees his own; RFC 3744 2, 5.8."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence

from posthouse.webdav.http.errors import HttpError
from posthouse.webdav.principals.properties import KINDS, PRINCIPAL
from posthouse.webdav.properties.basic import BASIC
from posthouse.webdav.properties.property import Table
from posthouse.webdav.tree import Found, Locking, Member, Path, Room, Syncing, Writing

_TABLE: Table = {**BASIC, **PRINCIPAL}


class Signposts:
    """`homes` are the trees that each account has one of, under its `address`."""

    properties: Table = _TABLE
    owner: Path | None = None
    writing: Writing | None = None
    locking: Locking | None = None
    syncing: Syncing | None = None

    def __init__(self, root: Path, address: str, homes: Sequence[str]) -> None:
        self.root = root
        self._address = address
        self._below: dict[Path, list[Member]] = {(): [_folder(name) for name in (*homes, "principals")]}
        for name in homes:
            self._below[(name,)] = [_folder(address)]
        self._below["principals",] = [Member(address, True, 0, 0, "", 0, 0, "", kinds=KINDS)]
        self._below["principals", address] = []

    async def find(self, path: Path) -> Found:
        """What is there."""
        if not path:
            return Found(path, 0, _folder(""))
        named = (*path[:-1], path[-1].lower()) if path[:-1] == ("principals",) else path
        member = next((each for each in self._below.get(named[:-1], []) if each.name == named[-1]), None)
        return Found(named, 0, member)

    async def pages(self, folder: Member) -> AsyncIterator[list[Member]]:
        """A folder's members."""
        path = () if not folder.name else (folder.name,)
        yield [] if folder.kinds else self._below[path]

    async def dead_properties(self, members: Sequence[Member]) -> Mapping[int, Mapping[str, bytes]]:
        """None are kept here."""
        return {}

    async def contents(self, member: Member, start: int, stop: int) -> AsyncIterator[bytes]:
        """There are no documents here."""
        raise HttpError(404, "there is nothing here")

    async def picture(self, member: Member, side: int) -> bytes | None:
        """Nothing here has one."""
        return None

    async def room(self) -> Room | None:
        """No quota."""
        return None


def _folder(name: str) -> Member:
    return Member(name, True, 0, 0, "", 0, 0, "")
