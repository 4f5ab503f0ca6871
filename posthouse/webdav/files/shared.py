"""What others share, as a folder among one's own files: one folder in it for each who shares something.

It is there while somebody does, so that a network drive shows it, and holds nothing itself.
"""

from __future__ import annotations

from collections.abc import AsyncIterator

from posthouse.webdav.files.drive import Drive
from posthouse.webdav.leading import LeadingTree, leading_folder
from posthouse.webdav.properties.basic import BASIC
from posthouse.webdav.properties.property import Table
from posthouse.webdav.tree import Found, Member, Path


class SharedFolder(LeadingTree):
    """The folder that leads to others' files; `drive` is one's own, `name` what the folder is called there."""

    properties: Table = BASIC

    def __init__(self, drive: Drive, owner: Path, name: str) -> None:
        self._drive = drive
        self._name = name
        self.root = (*drive.root, name)
        self.owner: Path | None = owner

    async def find(self, path: Path) -> Found:
        """The folder itself; who shares something is a tree of his own."""
        there = not path and bool(await self._drive.sharers())
        return Found(path, 0, leading_folder(self._name) if there else None)

    async def pages(self, folder: Member) -> AsyncIterator[list[Member]]:
        """Those who share something."""
        yield [leading_folder(each.address) for each in await self._drive.sharers()]
