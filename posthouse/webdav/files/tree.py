"""An account's files as a tree of resources: what is there."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence

import msgspec

from posthouse.core.files.names import canonical_path
from posthouse.core.files.records import ROOT
from posthouse.core.files.revisions import contents_place, list_revisions
from posthouse.core.files.tree import list_folder, resolve
from posthouse.core.files.visiting import glimpse, visit
from posthouse.core.sharing.rights import Right
from posthouse.webdav.files.drive import Drive, member_of
from posthouse.webdav.files.locking import FileLocking
from posthouse.webdav.files.operations import properties_of_all, room_of
from posthouse.webdav.files.properties import FILES
from posthouse.webdav.files.sharing import FileSharing
from posthouse.webdav.files.syncing import FileSyncing
from posthouse.webdav.files.telling import told_properties
from posthouse.webdav.files.writing import FileWriting
from posthouse.webdav.http.errors import HttpError
from posthouse.webdav.leading import leading_folder
from posthouse.webdav.properties.basic import BASIC
from posthouse.webdav.properties.property import Table
from posthouse.webdav.properties.sharing import SHARING
from posthouse.webdav.tree import Contents, Found, Locking, Member, Path, Room, Sharing, Syncing, Writing

_TABLE: Table = {**BASIC, **SHARING, **FILES}
PAGE = 200  # members that are read and written at a stretch


class FilesTree:
    """The tree of one account's files for somebody who asks; `shared` and `mapped` are what the folders of what
    others share and of mapped directories are called in one's own, "" for none.
    """

    properties: Table = _TABLE

    def __init__(
        self, drive: Drive, owner: Path, *, is_group: bool = False, shared: str = "", mapped: str = ""
    ) -> None:
        self.drive = self._drive = drive
        self._is_own = drive.is_own
        self._shared = shared
        self._mapped = mapped
        self.root = drive.root
        self.owner: Path | None = owner
        self.group: Path | None = owner if is_group else None
        self.writing: Writing | None = FileWriting(drive)
        self.locking: Locking | None = FileLocking(drive)
        self.syncing: Syncing | None = FileSyncing(drive)
        self.sharing: Sharing | None = FileSharing(drive)

    async def find(self, path: Path) -> Found:
        """What is there."""
        named = canonical_path(path)
        drive = self._drive
        if self._is_own:
            found = await drive.store.read(resolve, drive.account, list(named))
            return Found(named, found.parent, None if found.entry is None else member_of(found.name, found.entry))
        visited = await drive.store.read(visit, drive.account, list(named), drive.visitor)
        found, rights = visited.resolved, visited.rights
        return Found(named, found.parent, None if found.entry is None else member_of(found.name, found.entry, rights))

    async def pages(self, folder: Member) -> AsyncIterator[list[Member]]:
        """A folder's members, in the order of their names' octets."""
        drive = self._drive
        if not drive.is_own:
            async for members in self._glimpses(folder):
                yield members
            return
        if (self._shared or self._mapped) and folder.key == ROOT:
            async for members in self._with_leading(folder):
                yield members
            return
        async for members in self._own(folder):
            yield members

    async def _own(self, folder: Member) -> AsyncIterator[list[Member]]:
        drive, after = self._drive, ""
        while True:
            page = await drive.store.read(list_folder, drive.account, folder.key, after, PAGE)
            if page:
                yield [member_of(name, entry) for name, entry in page]
            if len(page) < PAGE:
                return
            after = page[-1][0]

    async def _with_leading(self, folder: Member) -> AsyncIterator[list[Member]]:
        """One's own root: what leads on is behind all else, unless something of one's own is called so."""
        leading = {self._shared, self._mapped} - {""}
        last = list[Member]()
        async for members in self._own(folder):
            leading -= {member.name for member in members}
            if last:
                yield last
            last = members
        if self._shared in leading and not await self._drive.sharers():
            leading.discard(self._shared)
        last = [*last, *[leading_folder(name) for name in sorted(leading)]]
        if last:
            yield last

    async def _glimpses(self, folder: Member) -> AsyncIterator[list[Member]]:
        drive, after = self._drive, ""
        while True:
            page = await drive.store.read(glimpse, drive.account, folder.key, after, PAGE, drive.visitor)
            if page.members:
                yield [member_of(*each) for each in page.members]
            if page.after is None:
                return
            after = page.after

    async def dead_properties(self, members: Sequence[Member]) -> Mapping[int, Mapping[str, bytes]]:
        """What clients keep of these."""
        return await self._drive.store.read(properties_of_all, self._drive.account, [member.key for member in members])

    async def told(self, members: Sequence[Member], names: Sequence[str]) -> Mapping[int, Mapping[str, bytes]]:
        """Tags, notes and earlier contents of these."""
        return await told_properties(self._drive, members, names)

    async def contents(self, member: Member, start: int, stop: int) -> Contents:
        """Its octets; raises HttpError when they are stored no more."""
        place = await self._drive.store.read(contents_place, member.content)
        if place is None:
            raise HttpError(404, "it is there no more")
        if place.inline is not None and len(place.inline) == member.size:
            return place.inline[start:stop]
        return self._drive.blobs.chunks(place, start, stop)

    async def earlier(self, member: Member, revision: int) -> Member | None:
        """A document as it was with earlier contents."""
        revisions = await self._drive.store.read(list_revisions, self._drive.account, member.key)
        held = dict(revisions).get(revision)
        if held is None:
            return None
        etag = f'"{held.hash[:16].hex()}"'
        return msgspec.structs.replace(
            member,
            size=held.size,
            media_type=held.media_type,
            modified=held.modified,
            etag=etag,
            content=held.hash,
        )

    def has_picture(self, member: Member) -> bool:
        """Whether there are pictures of its kind."""
        return self._drive.thumbnails.knows(member.media_type)

    async def picture(self, member: Member, side: int) -> bytes | None:
        """A small picture of it."""
        return await self._drive.thumbnails.picture(member.content, member.size, member.media_type, side)

    async def room(self) -> Room | None:
        """What its quota says, to those who may add to it."""
        if not self._drive.is_own:
            root = await self._drive.store.read(visit, self._drive.account, [], self._drive.visitor)
            if not root.rights & Right.INSERT:
                return None
        return Room(*await self._drive.store.read(room_of, self._drive.account))
