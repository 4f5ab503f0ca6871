"""What others share, as a folder among one's own files: one folder in it for each who shares something.

It is there while somebody does, so that a network drive shows it, and holds nothing itself.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence

from posthouse.core.sharing.rights import READING
from posthouse.webdav.files.drive import Drive
from posthouse.webdav.http.errors import HttpError
from posthouse.webdav.properties.basic import BASIC
from posthouse.webdav.properties.property import Table
from posthouse.webdav.tree import Found, Locking, Member, Path, Room, Sharing, Syncing, Writing


class SharedFolder:
    """The folder that leads to others' files; `drive` is one's own, `name` what the folder is called there."""

    properties: Table = BASIC
    group: Path | None = None
    writing: Writing | None = None
    locking: Locking | None = None
    syncing: Syncing | None = None
    sharing: Sharing | None = None

    def __init__(self, drive: Drive, owner: Path, name: str) -> None:
        self._drive = drive
        self._name = name
        self.root = (*drive.root, name)
        self.owner: Path | None = owner

    async def find(self, path: Path) -> Found:
        """The folder itself; who shares something is a tree of his own."""
        there = not path and bool(await self._drive.sharers())
        return Found(path, 0, shared_folder(self._name) if there else None)

    async def pages(self, folder: Member) -> AsyncIterator[list[Member]]:
        """Those who share something."""
        yield [shared_folder(each.address) for each in await self._drive.sharers()]

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


def shared_folder(name: str) -> Member:
    """A folder that is only there to lead on."""
    return Member(name, True, 0, 0, "", 0, 0, "", rights=int(READING))
