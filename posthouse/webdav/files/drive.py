"""One account's files as one request uses them: what all parts of the tree share."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import ParamSpec, TypeVar

import msgspec

from posthouse.core.files.conditions import Conditions
from posthouse.core.files.errors import Locked
from posthouse.core.files.records import Entry
from posthouse.core.files.settings import FileLimits
from posthouse.core.files.thumbnails import NoThumbnails, Thumbnails
from posthouse.core.files.tree import paths_of
from posthouse.storage.blobs.contract import Blobs
from posthouse.storage.contract import Operation, Refused, Store, WriteTransaction
from posthouse.webdav.files.errors import refusal_of
from posthouse.webdav.tree import Guard, Member, Path
from posthouse.webdav.wire.writing import href

P = ParamSpec("P")
R = TypeVar("R")


class Drive(msgspec.Struct, frozen=True):
    """An account's files, at `root` on the site, for `who` asks; times in ms."""

    store: Store
    blobs: Blobs
    account: int
    who: int
    root: Path
    limits: FileLimits
    now: Callable[[], int]
    thumbnails: Thumbnails = NoThumbnails()

    async def write(self, operation: Operation[WriteTransaction, P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Run an operation; raises HttpError for what it refuses."""
        return await self.settled(self.store.write(operation, *args, **kwargs))

    async def settled(self, work: Awaitable[R]) -> R:
        """What that gives; raises HttpError for what is refused."""
        try:
            return await work
        except Refused as error:
            inside = await self._lock_root(error.args[0]) if isinstance(error, Locked) else ""
            raise refusal_of(error, inside) from None

    def conditions(self, guard: Guard) -> Conditions:
        """A guard as the core knows it."""
        return Conditions(self.who, guard.tokens, guard.match, guard.none_match)

    async def _lock_root(self, node: int) -> str:
        path = (await self.store.read(paths_of, self.account, [node]))[0]
        return "" if path is None else href((*self.root, *path), is_folder=False)


def member_of(name: str, entry: Entry) -> Member:
    """An entry as WebDAV shows it."""
    return Member(
        name,
        entry.is_folder,
        entry.node,
        entry.size,
        entry.media_type,
        entry.created,
        entry.modified,
        "" if entry.is_folder else f'"{entry.etag}"',
        entry.properties,
        "",
        entry.hash,
    )
