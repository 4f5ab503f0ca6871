"""Which tree of files is at a place: one's own, another's as far as it is shared, what others share and
mapped directories among one's own.
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from posthouse.core.authentication.authenticator import Login
from posthouse.core.files.settings import FileLimits
from posthouse.core.files.thumbnails import Thumbnails
from posthouse.core.files.tree import resolve
from posthouse.core.files.visiting import find_owner
from posthouse.core.sharing.effective import Visitor
from posthouse.core.sharing.settings import SharingSettings
from posthouse.storage.blobs.contract import Blobs
from posthouse.storage.contract import Store
from posthouse.webdav.directories.opening import Directories
from posthouse.webdav.files.drive import Drive
from posthouse.webdav.files.shared import SharedFolder
from posthouse.webdav.files.tree import FilesTree
from posthouse.webdav.properties.basic import PRINCIPALS
from posthouse.webdav.tree import Path, Tree

MOST_OWN = 1_000  # people whose own tree is kept


class FileTrees(msgspec.Struct, frozen=True):
    """Everybody's files; `shared` is what the folder of what others share is called, "" for none; `own` are the trees
    of those who asked for theirs lately.
    """

    store: Store
    blobs: Blobs
    limits: FileLimits
    sharing: SharingSettings
    shared: str
    now: Callable[[], int]
    thumbnails: Thumbnails
    directories: Directories
    own: dict[Login, FilesTree] = msgspec.field(default_factory=dict)

    async def open(self, login: Login, whose: str, root: Path, path: Path) -> tuple[Tree, Path] | None:
        """The tree of `whose` files, at `root` on the site, and the path in it; None where one may know of none."""
        if whose != login.address:
            return await self._others(login, whose, root, path)
        tree = self._own(login, root)
        drive, owner = tree.drive, (*PRINCIPALS, login.address)
        if self.shared and path[:1] == (self.shared,) and await self._leads_on(drive):
            if len(path) > 1:
                return await self._others(login, path[1].lower(), (*root, *path[:2]), path[2:])
            return SharedFolder(drive, owner, self.shared), ()
        mapped = self.directories.folder
        seen = await self.directories.seen_by(login.account) if mapped and path[:1] in ((), (mapped,)) else None
        if not seen:
            return tree, path
        if path and await self._is_free(drive, mapped):
            return self.directories.open(login.account, seen, owner, (*root, mapped), path[1:])
        return FilesTree(drive, owner, shared=self.shared, mapped=mapped), path

    async def _others(self, login: Login, whose: str, root: Path, path: Path) -> tuple[Tree, Path] | None:
        owner = await self.store.read(find_owner, Visitor(login.account, self.sharing.reach), whose)
        if owner is None:
            return None
        drive = self._drive(login, owner.account, root)
        return FilesTree(drive, (*PRINCIPALS, owner.address), is_group=owner.kind == "group"), path

    def _own(self, login: Login, root: Path) -> FilesTree:
        """One's own tree; it knows nothing of a request, and so is there for the next one, too."""
        held = self.own.get(login)
        if held is None or held.root != root:  # an address has more than one spelling
            if len(self.own) >= MOST_OWN:
                del self.own[next(iter(self.own))]
            drive = self._drive(login, login.account, root)
            held = self.own[login] = FilesTree(drive, (*PRINCIPALS, login.address), shared=self.shared)
        return held

    async def _leads_on(self, drive: Drive) -> bool:
        """Whether the folder's name leads to what others share: something of one's own may be called so."""
        return await self._is_free(drive, self.shared) and bool(await drive.sharers())

    async def _is_free(self, drive: Drive, name: str) -> bool:
        return (await self.store.read(resolve, drive.account, [name])).entry is None

    def _drive(self, login: Login, account: int, root: Path) -> Drive:
        return Drive(
            self.store, self.blobs, account, login.account, root, self.limits, self.now, self.thumbnails, self.sharing
        )
