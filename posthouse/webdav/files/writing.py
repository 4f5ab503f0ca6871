"""An account's files as a tree of resources: how it is changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from posthouse.core.files.copying import copy_one, copy_tree
from posthouse.core.files.describing import change_file
from posthouse.core.files.erasing import check_removal, remove
from posthouse.core.files.moving import Target, move
from posthouse.core.files.revisions import restore_revision
from posthouse.core.files.watching import unwatch, watch
from posthouse.core.files.writing import Document, put_document
from posthouse.webdav.files.drive import Drive, member_of
from posthouse.webdav.files.operations import make_described_folder
from posthouse.webdav.files.properties import NOTE, NOTICES, TAGS, change_of
from posthouse.webdav.http.errors import HttpError
from posthouse.webdav.tree import Found, Guard, Member, Tree, Upload, Written


class FileWriting:
    """Changes to one account's files."""

    def __init__(self, drive: Drive) -> None:
        self.drive = self._drive = drive

    async def write(self, at: Found, upload: Upload, guard: Guard) -> Written:
        """Write a document; its octets go to the blob store as they come."""
        drive = self._drive
        writer = drive.blobs.writer()
        try:
            async for piece in upload.pieces():
                writer.write(piece)
            blob = await writer.finish()
        except BaseException:
            writer.abandon()
            raise
        document = Document(blob, upload.media_type, modified=upload.modified)
        conditions = drive.conditions(guard)
        written = await drive.write(
            put_document, drive.account, at.folder, at.path[-1], document, conditions, drive.limits, drive.now()
        )
        return Written(member_of(at.path[-1], written.entry), written.is_new)

    async def make_folder(self, at: Found, properties: Mapping[str, bytes], guard: Guard) -> None:
        """Make a folder."""
        drive = self._drive
        told = change_of(list(properties.items()))
        conditions = drive.conditions(guard)
        await drive.write(
            make_described_folder, drive.account, at.folder, at.path[-1], told, conditions, drive.limits, drive.now()
        )

    async def remove(self, at: Found, guard: Guard) -> None:
        """Delete a node, into the trash where one is kept."""
        drive = self._drive
        await drive.write(
            remove, drive.account, _key(at), drive.limits.keeps_trash, drive.conditions(guard), drive.now()
        )

    def joins(self, onto: Tree) -> bool:
        """True for the files of any account."""
        return isinstance(onto.writing, FileWriting)

    async def move(self, source: Found, onto: Tree, target: Found, *, overwrite: bool, guard: Guard) -> bool:
        """Move a node; what goes to another account is copied whole, and then deleted here."""
        drive = self._drive
        where = _target(drive, _drive_of(onto), target, overwrite=overwrite)
        conditions = drive.conditions(guard)
        if where.account:
            settled = drive.store.read(check_removal, drive.account, _key(source), conditions, drive.now())
            await drive.settled(settled)
            is_new = await self.copy(source, onto, target, overwrite=overwrite, is_deep=True, guard=guard)
            await self.remove(source, guard)
            return is_new
        moved = await drive.write(move, drive.account, _key(source), where, conditions, drive.limits, drive.now())
        return moved.is_new

    async def copy(
        self, source: Found, onto: Tree, target: Found, *, overwrite: bool, is_deep: bool, guard: Guard
    ) -> bool:
        """Copy a node; a tree is seen when all of it is there."""
        drive, there = self._drive, _drive_of(onto)
        where, conditions = _target(drive, there, target, overwrite=overwrite), drive.conditions(guard)
        if source.member is not None and source.member.is_folder and is_deep:
            copying = copy_tree(
                drive.store, drive.account, _key(source), where, conditions, drive.limits, drive.now, _unheard
            )
            return (await drive.settled(copying, there)).is_new
        one = drive.store.write(copy_one, drive.account, _key(source), where, conditions, drive.limits, drive.now())
        return (await drive.settled(one, there)).is_new

    async def restore(self, at: Found, revision: int, guard: Guard) -> None:
        """Give a document its earlier contents again."""
        drive = self._drive
        await drive.write(
            restore_revision, drive.account, _key(at), revision, drive.conditions(guard), drive.limits, drive.now()
        )

    async def change(self, at: Found, properties: Sequence[tuple[str, bytes | None]], guard: Guard) -> None:
        """Keep properties, and remove others."""
        drive = self._drive
        if any(name == NOTICES for name, _ in properties):
            await self._watch(at, properties, guard)
            return
        if not at.path and any(name in (TAGS, NOTE) for name, _ in properties):
            raise HttpError(403, "tags and notes are of what is in here")
        change, conditions = change_of(properties), drive.conditions(guard)
        await drive.write(change_file, drive.account, _key(at), change, conditions, drive.limits, drive.now())

    async def _watch(self, at: Found, properties: Sequence[tuple[str, bytes | None]], guard: Guard) -> None:
        """Tell who asks of changes in a folder, or no more: he need only be able to read it."""
        drive = self._drive
        if len(properties) != 1:
            raise HttpError(409, "notices are asked for by themselves")
        if properties[0][1] is None:
            await drive.write(unwatch, drive.account, _key(at), drive.who)
        else:
            await drive.write(watch, drive.account, _key(at), drive.conditions(guard), drive.limits)


def _drive_of(onto: Tree) -> Drive:
    """The files that a tree is of; raises HttpError where it is no such tree."""
    there = getattr(onto.writing, "drive", None)
    if not isinstance(there, Drive):
        raise HttpError(502, "nothing can be put there from here")
    return there


def _target(drive: Drive, there: Drive, target: Found, *, overwrite: bool) -> Target:
    """The target among these files or another account's."""
    account = 0 if there.account == drive.account else there.account
    return Target(target.folder, target.path[-1], overwrite, account)


def _key(at: Found) -> int:
    member: Member | None = at.member
    if member is None:
        raise HttpError(404, "there is nothing here")
    return member.key


def _unheard(_nodes: int) -> None:
    """WebDAV has no word for how far a copy is."""
