"""One mapped directory as one request uses it: what all parts of its tree share."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import Executor
from typing import TypeVar

import msgspec

from posthouse.core.directories.errors import PathLocked
from posthouse.core.directories.locks import Holder, check_trees, check_written
from posthouse.core.directories.mapping import Directory
from posthouse.core.directories.reading import Seen, Tree
from posthouse.core.directories.settings import DirectorySettings
from posthouse.core.files.errors import ConditionFailed, NameNotAllowed
from posthouse.core.files.names import checked
from posthouse.core.sharing.rights import Right
from posthouse.storage.contract import Refused, Store
from posthouse.webdav.directories.errors import refusal_of, trouble_of
from posthouse.webdav.http.errors import HttpError
from posthouse.webdav.properties.privileges import lacking
from posthouse.webdav.tree import Found, Guard, Path
from posthouse.webdav.wire.errors import DavError
from posthouse.webdav.wire.writing import href

R = TypeVar("R")


class Shelf(msgspec.Struct, frozen=True):
    """A mapped directory at `root` on the site, for `who` asks; its file system is waited for in `threads`. `now` in
    ms.
    """

    store: Store
    directory: Directory
    who: int
    root: Path
    settings: DirectorySettings
    threads: Executor
    now: Callable[[], int]

    @property
    def name(self) -> str:
        """What it is called."""
        return self.directory.name

    @property
    def tree(self) -> Tree:
        """Its files."""
        return Tree(self.directory.path, self.settings.dot_files)

    async def apart(self, work: Callable[..., R], *args: object, **kwargs: object) -> R:
        """What that gives, done in a thread; raises HttpError for what the file system refuses."""
        loop = asyncio.get_running_loop()
        try:
            return await loop.run_in_executor(self.threads, lambda: work(*args, **kwargs))
        except OSError as error:
            raise trouble_of(error, self.name) from None
        except ConditionFailed as error:
            raise refusal_of(error) from None

    async def settled(self, work: Awaitable[R]) -> R:
        """What that gives; raises HttpError for what is refused."""
        try:
            return await work
        except Refused as error:
            inside = ""
            if isinstance(error, PathLocked):
                path, is_folder = error.args
                inside = href((*self.root, *path), is_folder=is_folder)
            raise refusal_of(error, inside) from None

    def need(self, path: Path, right: Right) -> None:
        """Raise HttpError (403) where he has not that right; RFC 3744 7.1.1."""
        if right & ~self.directory.rights:
            inside = lacking((*self.root, *path), right)
            raise DavError(403, "{DAV:}need-privileges", "you may not do that", inside)

    async def check_written(self, paths: Sequence[Path], guard: Guard) -> None:
        """Raise HttpError (423) unless he may write there by all locks."""
        holder = Holder(self.who, guard.tokens)
        work = self.store.read(check_written, self.name, [list(path) for path in paths], holder, self.now())
        await self.settled(work)

    async def check_trees(self, paths: Sequence[Path], guard: Guard) -> None:
        """Raise HttpError (423) unless he may take what is there out of its folder by all locks."""
        holder = Holder(self.who, guard.tokens)
        work = self.store.read(check_trees, self.name, [list(path) for path in paths], holder, self.now())
        await self.settled(work)


def held_to(guard: Guard) -> Callable[[Seen | None], None]:
    """What raises ConditionFailed where what is there is not what was meant."""

    def check(seen: Seen | None) -> None:
        tag = None if seen is None else seen.tag
        if guard.match is not None and (seen is None or not {"*", tag} & set(guard.match)):
            raise ConditionFailed("" if seen is None else seen.name)
        if guard.none_match is not None and seen is not None and {"*", tag} & set(guard.none_match):
            raise ConditionFailed(seen.name)

    return check


def named(at: Found) -> str:
    """What it is, or will be, called; raises HttpError for what nothing can be called."""
    if at.member is not None:
        return at.path[-1]  # as it is spelled there
    try:
        return checked(at.path[-1])
    except NameNotAllowed as error:
        raise HttpError(403, f"no file may be called so: {error.args[1]}") from None


def path_of(at: Found) -> Path:
    """The path of what is there; raises HttpError (404)."""
    if at.member is None:
        raise HttpError(404, "there is nothing here")
    return at.path
