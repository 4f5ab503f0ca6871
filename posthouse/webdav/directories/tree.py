"""A mapped directory as a tree of resources: what is there. Each request asks its file system anew."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import suppress
from io import FileIO
from itertools import count

from posthouse.core.directories.properties import properties_at, properties_in
from posthouse.core.directories.reading import Seen, find, look_at, names_in, open_file, room_in
from posthouse.webdav.bare import BareTree
from posthouse.webdav.directories.locking import DirectoryLocking
from posthouse.webdav.directories.shelf import Shelf
from posthouse.webdav.directories.writing import DirectoryWriting
from posthouse.webdav.http.media import media_type_of
from posthouse.webdav.properties.basic import BASIC
from posthouse.webdav.properties.property import Table
from posthouse.webdav.tree import Found, Locking, Member, Path, Room, Sharing, Syncing, Writing

PAGE = 200  # members that are looked at together
STRETCH = 256 << 10  # octets that are read together


class Shelved(Member, frozen=True):
    """A member that knows its path in the directory."""

    path: Path = ()


class DirectoryTree(BareTree):
    """The tree of one mapped directory, for one request."""

    properties: Table = BASIC
    owner: Path | None = None
    group: Path | None = None
    syncing: Syncing | None = None
    sharing: Sharing | None = None

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf
        self._keys = count(1)
        self.root = shelf.root
        self.writing: Writing | None = DirectoryWriting(shelf, self._member)
        self.locking: Locking | None = DirectoryLocking(shelf)

    async def find(self, path: Path) -> Found:
        """What is there."""
        spot = await self._shelf.apart(find, self._shelf.tree, path)
        member = None if spot.seen is None else self._member(spot.path, spot.seen)
        return Found(spot.path, 1 if spot.has_folder and path else 0, member)

    async def pages(self, folder: Member) -> AsyncIterator[list[Member]]:
        """A folder's members, in the order of their names' octets."""
        shelf, path = self._shelf, _path(folder)
        names = await shelf.apart(names_in, shelf.tree, path, shelf.settings.members)
        for at in range(0, len(names), PAGE):
            seen = await shelf.apart(look_at, shelf.tree, path, names[at : at + PAGE])
            if seen:
                yield [self._member((*path, each.name), each) for each in seen]

    async def dead_properties(self, members: Sequence[Member]) -> Mapping[int, Mapping[str, bytes]]:
        """What clients keep of these."""
        paths = [(member.key, _path(member)) for member in members]
        return await self._shelf.apart(self._properties, paths)

    def _properties(self, paths: Sequence[tuple[int, Path]]) -> dict[int, dict[str, bytes]]:
        found: dict[int, dict[str, bytes]] = {}
        folders: dict[Path, dict[str, int]] = {}
        for key, path in paths:
            with suppress(OSError):  # it went, or this server may not read it: then it has none to show
                if path:
                    folders.setdefault(path[:-1], {})[path[-1]] = key
                else:
                    found[key] = properties_at(self._shelf.tree, path)
        for folder, keys in folders.items():
            with suppress(OSError):
                held = properties_in(self._shelf.tree, folder, list(keys))
                found |= {keys[name]: properties for name, properties in held.items()}
        return found

    async def contents(self, member: Member, start: int, stop: int) -> AsyncIterator[bytes]:
        """Its octets, as long as they are those that were seen; raises HttpError when they are not any more."""
        shelf = self._shelf
        file = await shelf.apart(open_file, shelf.tree, _path(member), member.etag.strip('"'))
        return self._pieces(file, start, stop)

    async def _pieces(self, file: FileIO, start: int, stop: int) -> AsyncIterator[bytes]:
        with file:
            while start < stop:
                piece = await self._shelf.apart(os.pread, file.fileno(), min(STRETCH, stop - start), start)
                if not piece:
                    raise OSError("the file was cut while it was read")  # so is the answer
                start += len(piece)
                yield piece

    async def room(self) -> Room | None:
        """What its file system has (RFC 4331 2: physical room counts)."""
        return Room(*await self._shelf.apart(room_in, self._shelf.tree))

    def _member(self, path: Path, seen: Seen) -> Member:
        return Shelved(
            seen.name,
            seen.is_folder,
            next(self._keys),
            seen.size,
            "" if seen.is_folder else media_type_of(seen.name),
            0,
            seen.modified,
            "" if seen.is_folder else f'"{seen.tag}"',
            dead=1,  # there may be some: whoever is asked for them looks
            rights=self._shelf.directory.rights,
            title="" if path else self._shelf.name,
            path=path,
        )


def _path(member: Member) -> Path:
    return member.path if isinstance(member, Shelved) else ()
