"""The mapped directories that somebody may see, as a folder among his own files: one folder in it for each."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from concurrent.futures import Executor

import msgspec

from posthouse.core.directories.mapping import Directory, directories_of
from posthouse.core.directories.settings import DirectorySettings
from posthouse.storage.contract import Store
from posthouse.webdav.directories.shelf import Shelf
from posthouse.webdav.directories.tree import DirectoryTree
from posthouse.webdav.leading import LeadingTree, leading_folder
from posthouse.webdav.properties.basic import BASIC
from posthouse.webdav.properties.property import Table
from posthouse.webdav.tree import Found, Member, Path, Tree


class Directories(msgspec.Struct, frozen=True):
    """All mapped directories; `folder` is what the folder that leads to them is called, "" for none."""

    store: Store
    settings: DirectorySettings
    folder: str
    threads: Executor
    now: Callable[[], int]

    async def seen_by(self, account: int) -> list[Directory]:
        """Those that an account may know of."""
        return await self.store.read(directories_of, account)

    def open(
        self, account: int, seen: list[Directory], owner: Path, root: Path, path: Path
    ) -> tuple[Tree, Path] | None:
        """The tree at a path below the folder, which is at `root` on the site, and the path in that; None for what he
        may know nothing of.
        """
        if not path:
            return DirectoriesFolder(self.folder, seen, owner, root), ()
        directory = next((each for each in seen if each.name == path[0]), None)
        if directory is None:
            return None
        shelf = Shelf(self.store, directory, account, (*root, directory.name), self.settings, self.threads, self.now)
        return DirectoryTree(shelf), path[1:]


class DirectoriesFolder(LeadingTree):
    """The folder that leads to them; `owner` is the principal of whose files it is among."""

    properties: Table = BASIC

    def __init__(self, name: str, seen: list[Directory], owner: Path, root: Path) -> None:
        self._name = name
        self._seen = seen
        self.root = root
        self.owner: Path | None = owner

    async def find(self, path: Path) -> Found:
        """The folder itself; each directory is a tree of its own."""
        return Found(path, 0, leading_folder(self._name) if not path else None)

    async def pages(self, folder: Member) -> AsyncIterator[list[Member]]:
        """Those that one may see."""
        yield [leading_folder(each.name) for each in self._seen]
