"""One account's files as one request uses them: what all parts of the tree share."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import ParamSpec, TypeVar

import msgspec

from posthouse.core.files.conditions import Conditions
from posthouse.core.files.errors import Locked, NotPermitted
from posthouse.core.files.records import Entry
from posthouse.core.files.settings import FileLimits
from posthouse.core.files.thumbnails import NoThumbnails, Thumbnails
from posthouse.core.files.tree import spots_of
from posthouse.core.files.visiting import Owner, list_owners
from posthouse.core.sharing.effective import Visitor
from posthouse.core.sharing.rights import ALL, Right
from posthouse.core.sharing.settings import SharingSettings
from posthouse.storage.blobs.contract import Blobs
from posthouse.storage.contract import Operation, Refused, Store, WriteTransaction
from posthouse.webdav.files.errors import refusal_of
from posthouse.webdav.http.errors import HttpError
from posthouse.webdav.properties.privileges import lacking
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
    sharing: SharingSettings = SharingSettings()

    @property
    def is_own(self) -> bool:
        """True for one's own files, where one may do everything."""
        return self.account == self.who

    @property
    def visitor(self) -> Visitor:
        """Who asks."""
        return Visitor(self.who, self.sharing.reach)

    async def write(self, operation: Operation[WriteTransaction, P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Run an operation; raises HttpError for what it refuses."""
        try:
            return await self.store.write(operation, *args, **kwargs)
        except Refused as error:
            raise await self._refusal(error) from None

    async def settled(self, work: Awaitable[R], onto: Drive | None = None) -> R:
        """What that gives; raises HttpError for what is refused, here or among the files `onto` which it goes."""
        try:
            return await work
        except Refused as error:
            is_there = onto is not None and error.args[-1:] == (onto.account,)
            drive = onto if onto is not None and is_there else self
            raise await drive._refusal(error) from None

    async def sharers(self) -> list[Owner]:
        """Those who share files with who asks."""
        return await self.store.read(list_owners, self.visitor)

    def conditions(self, guard: Guard) -> Conditions:
        """A guard as the core knows it."""
        return Conditions(self.who, guard.tokens, guard.match, guard.none_match, self.sharing.reach)

    async def _refusal(self, error: Refused) -> HttpError:
        return refusal_of(error, await self._inside(error))

    async def _inside(self, error: Refused) -> str:
        """What there is to say of a condition: where the lock is, which privilege is missing."""
        if not isinstance(error, (Locked, NotPermitted)):
            return ""
        spot = (await self.store.read(spots_of, self.account, [error.args[0]]))[0]
        if spot is None:
            return ""
        where = (*self.root, *spot.path)
        return (
            href(where, is_folder=spot.is_folder) if isinstance(error, Locked) else lacking(where, Right(error.args[1]))
        )


def member_of(name: str, entry: Entry, rights: int = int(ALL)) -> Member:
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
        rights,
    )
