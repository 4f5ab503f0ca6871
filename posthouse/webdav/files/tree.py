"""An account's files as a tree of resources: what is there."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence

from posthouse.core.files.names import canonical
from posthouse.core.files.revisions import contents_place
from posthouse.core.files.tree import list_folder, resolve
from posthouse.webdav.files.drive import Drive, member_of
from posthouse.webdav.files.locking import FileLocking
from posthouse.webdav.files.operations import properties_of_all, room_of
from posthouse.webdav.files.syncing import FileSyncing
from posthouse.webdav.files.writing import FileWriting
from posthouse.webdav.http.errors import HttpError
from posthouse.webdav.properties.basic import BASIC
from posthouse.webdav.properties.property import Table
from posthouse.webdav.tree import Found, Locking, Member, Path, Room, Syncing, Writing

PAGE = 200  # members that are read and written at a stretch


class FilesTree:
    """The tree of one account's files, for one request."""

    properties: Table = BASIC

    def __init__(self, drive: Drive, owner: Path) -> None:
        self._drive = drive
        self.root = drive.root
        self.owner: Path | None = owner
        self.writing: Writing | None = FileWriting(drive)
        self.locking: Locking | None = FileLocking(drive)
        self.syncing: Syncing | None = FileSyncing(drive)

    async def find(self, path: Path) -> Found:
        """What is there."""
        named = tuple([canonical(name) for name in path])
        found = await self._drive.store.read(resolve, self._drive.account, list(named))
        return Found(named, found.parent, None if found.entry is None else member_of(found.name, found.entry))

    async def pages(self, folder: Member) -> AsyncIterator[list[Member]]:
        """A folder's members, in the order of their names' octets."""
        after = ""
        while True:
            page = await self._drive.store.read(list_folder, self._drive.account, folder.key, after, PAGE)
            if page:
                yield [member_of(name, entry) for name, entry in page]
            if len(page) < PAGE:
                return
            after = page[-1][0]

    async def dead_properties(self, members: Sequence[Member]) -> Mapping[int, Mapping[str, bytes]]:
        """What clients keep of these."""
        return await self._drive.store.read(properties_of_all, self._drive.account, [member.key for member in members])

    async def contents(self, member: Member, start: int, stop: int) -> AsyncIterator[bytes]:
        """Its octets; raises HttpError when they are stored no more."""
        place = await self._drive.store.read(contents_place, member.content)
        if place is None:
            raise HttpError(404, "it is there no more")
        return self._drive.blobs.chunks(place, start, stop)

    async def picture(self, member: Member, side: int) -> bytes | None:
        """A small picture of it."""
        return await self._drive.thumbnails.picture(member.content, member.size, member.media_type, side)

    async def room(self) -> Room | None:
        """What its quota says."""
        return Room(*await self._drive.store.read(room_of, self._drive.account))
