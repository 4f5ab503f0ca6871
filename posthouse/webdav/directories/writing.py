"""A mapped directory as a tree of resources: how it is changed. What is replaced or deleted is gone: there is no trash
and there are no earlier contents.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from posthouse.core.directories.changing import make_folder, move, remove
from posthouse.core.directories.copying import copy
from posthouse.core.directories.half_document import HalfDocument
from posthouse.core.directories.locks import drop_locks
from posthouse.core.directories.properties import change_properties
from posthouse.core.directories.reading import Seen
from posthouse.core.sharing.rights import Right
from posthouse.webdav.directories.shelf import Shelf, held_to, named, path_of
from posthouse.webdav.http.errors import HttpError
from posthouse.webdav.tree import Found, Guard, Member, Path, Tree, Upload, Written

_STRETCH = 1 << 20  # octets that are written together


class DirectoryWriting:
    """Changes to one mapped directory."""

    def __init__(self, shelf: Shelf, member: Callable[[Path, Seen], Member]) -> None:
        self.shelf = self._shelf = shelf
        self._member = member

    async def write(self, at: Found, upload: Upload, guard: Guard) -> Written:
        """Write a document; its octets go to the file system as they come."""
        shelf = self._shelf
        shelf.need(at.path, Right.INSERT if at.member is None else Right.WRITE)
        name = named(at)
        await self._check_locks(at, guard)
        half = HalfDocument(shelf.tree, at.path[:-1])
        try:
            await shelf.apart(half.open)
            waiting = bytearray()
            async for piece in upload.pieces():
                waiting += piece
                if len(waiting) >= _STRETCH:
                    await shelf.apart(half.write, bytes(waiting))
                    waiting.clear()
            await shelf.apart(half.write, bytes(waiting))
            await self._check_locks(at, guard)
            seen, is_new = await shelf.apart(half.finish, name, held_to(guard), upload.modified)
        finally:
            await shelf.apart(half.close)
        return Written(self._member((*at.path[:-1], name), seen), is_new)

    async def make_folder(self, at: Found, properties: Mapping[str, bytes], guard: Guard) -> None:
        """Make a folder."""
        shelf = self._shelf
        shelf.need(at.path, Right.CREATE)
        name = named(at)
        await shelf.check_written([at.path[:-1]], guard)
        most = shelf.settings.property_octets
        await shelf.apart(make_folder, shelf.tree, at.path[:-1], name, dict(properties), most)

    async def remove(self, at: Found, guard: Guard) -> None:
        """Delete what is there, with all in it, for good."""
        shelf = self._shelf
        self._need_removal(at)
        await shelf.check_trees([at.path], guard)
        await shelf.apart(remove, shelf.tree, at.path[:-1], at.path[-1], held_to(guard))
        await shelf.store.write(drop_locks, shelf.name, list(at.path))

    def joins(self, onto: Tree) -> bool:
        """True for the same directory."""
        return isinstance(onto.writing, DirectoryWriting) and onto.writing.shelf.name == self._shelf.name

    async def move(self, source: Found, onto: Tree, target: Found, *, overwrite: bool, guard: Guard) -> bool:
        """Move it within this directory."""
        shelf = self._shelf
        self._need_removal(source)
        path = self._target(source, onto, target, overwrite=overwrite)
        await shelf.check_trees([source.path], guard)
        await self._check_target(target, guard)
        is_new = await shelf.apart(move, shelf.tree, source.path, path, held_to(guard), _expected(target))
        for gone in (source.path, target.path):
            await shelf.store.write(drop_locks, shelf.name, list(gone))
        return is_new

    async def copy(
        self, source: Found, onto: Tree, target: Found, *, overwrite: bool, is_deep: bool, guard: Guard
    ) -> bool:
        """Copy it within this directory."""
        shelf = self._shelf
        shelf.need(source.path, Right.READ)
        path = self._target(source, onto, target, overwrite=overwrite)
        await self._check_target(target, guard)
        is_new = await shelf.apart(
            copy,
            shelf.tree,
            source.path,
            path,
            held_to(guard),
            _expected(target),
            is_deep=is_deep,
            most=shelf.settings.copied,
        )
        if target.member is not None:
            await shelf.store.write(drop_locks, shelf.name, list(target.path))
        return is_new

    async def restore(self, at: Found, revision: int, guard: Guard) -> None:
        """Nothing is kept of what was."""
        raise HttpError(404, "there are no earlier contents here")

    async def change(self, at: Found, properties: Sequence[tuple[str, bytes | None]], guard: Guard) -> None:
        """Keep properties, and remove others."""
        shelf = self._shelf
        shelf.need(at.path, Right.WRITE)
        await shelf.check_written([path_of(at)], guard)
        most = shelf.settings.property_octets
        await shelf.apart(change_properties, shelf.tree, at.path, list(properties), most)

    async def _check_locks(self, at: Found, guard: Guard) -> None:
        above = [] if at.member is not None else [at.path[:-1]]  # a new member is a change of its folder
        await self._shelf.check_written([*above, at.path], guard)

    async def _check_target(self, target: Found, guard: Guard) -> None:
        if target.member is None:
            await self._shelf.check_written([target.path[:-1]], guard)
        else:
            await self._shelf.check_trees([target.path], guard)

    def _need_removal(self, at: Found) -> None:
        path_of(at)
        is_folder = at.member is not None and at.member.is_folder
        self._shelf.need(at.path, Right.REMOVE if is_folder else Right.EXPUNGE)

    def _target(self, source: Found, onto: Tree, target: Found, *, overwrite: bool) -> Path:
        """The path that something shall have; raises HttpError where that is not in this directory, or may not be."""
        if not self.joins(onto):
            raise HttpError(502, "nothing can be put there from here")
        name = named(target)
        is_folder = source.member is not None and source.member.is_folder
        self._shelf.need(target.path, Right.CREATE if is_folder else Right.INSERT)
        if target.member is not None:
            if not overwrite:
                raise HttpError(412, "something is there already")
            self._need_removal(target)
            return target.path
        return (*target.path[:-1], name)


def _expected(target: Found) -> Callable[[Seen | None], None]:
    """Holds to what was there when rights and locks were looked at."""
    member = target.member
    if member is None:
        return held_to(Guard(none_match=("*",)))
    return held_to(Guard(match=(member.etag.strip('"'),)))
