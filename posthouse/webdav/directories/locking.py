"""A mapped directory as a tree of resources: its locks, by path."""

from __future__ import annotations

from collections.abc import Sequence

from posthouse.core.directories import locks as core
from posthouse.core.directories.half_document import HalfDocument
from posthouse.core.directories.locks import Held
from posthouse.core.directories.records import MappedLock
from posthouse.core.sharing.rights import Right
from posthouse.webdav.directories.shelf import Shelf, held_to, named
from posthouse.webdav.tree import ActiveLock, Found, Guard
from posthouse.webdav.wire.errors import DavError


class DirectoryLocking:
    """Locks in one mapped directory."""

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf

    async def locks(self) -> Sequence[ActiveLock]:
        """All of them."""
        shelf = self._shelf
        return [self._shown(held) for held in await shelf.store.read(core.locks_in, shelf.name, shelf.now())]

    async def lock(self, at: Found, lock: ActiveLock, guard: Guard) -> bool:
        """Take a lock; an empty document is made where nothing is (RFC 4918 7.3). Raises HttpError."""
        shelf = self._shelf
        shelf.need(at.path, Right.WRITE if at.member is not None else Right.INSERT)
        if at.member is None:
            named(at)
            await shelf.check_written([at.path[:-1]], guard)
        until = shelf.now() + lock.seconds * 1000
        path = list(at.path)
        wish = MappedLock(path, lock.is_exclusive, lock.is_deep, shelf.who, lock.owner, until, lock.is_folder)
        most = shelf.settings.locks
        taking = shelf.store.write(core.take_lock, shelf.name, lock.token, wish, most, shelf.now())
        try:
            await shelf.settled(taking)
        except DavError as error:
            if error.status == 423:
                raise DavError(423, "{DAV:}no-conflicting-lock", error.text, error.inside) from None
            raise
        if at.member is not None:
            return False
        try:
            await shelf.apart(self._make, at)
        except BaseException:
            await self._give_up(at, lock.token)
            raise
        return True

    def _make(self, at: Found) -> None:
        half = HalfDocument(self._shelf.tree, at.path[:-1])
        try:
            half.open()
            half.finish(at.path[-1], held_to(Guard(none_match=("*",))))
        finally:
            half.close()

    async def refresh(self, at: Found, token: str, seconds: int) -> ActiveLock:
        """Hold a lock for so long from now on."""
        shelf = self._shelf
        shelf.need(at.path, Right.WRITE)
        now = shelf.now()
        renewing = shelf.store.write(
            core.renew_lock, shelf.name, list(at.path), token, now + seconds * 1000, shelf.who, now
        )
        return self._shown(await shelf.settled(renewing))

    async def unlock(self, at: Found, token: str) -> None:
        """Give up a lock; who administers the directory may break any."""
        await self._give_up(at, token)

    async def _give_up(self, at: Found, token: str) -> None:
        shelf = self._shelf
        may_break = bool(shelf.directory.rights & Right.ADMINISTER)
        await shelf.settled(
            shelf.store.write(core.give_up_lock, shelf.name, list(at.path), token, shelf.who, may_break, shelf.now())
        )

    def _shown(self, held: Held) -> ActiveLock:
        lock = held.lock
        seconds = max(0, (lock.expires - self._shelf.now()) // 1000)
        return ActiveLock(
            tuple(lock.path), lock.is_folder, held.token, lock.is_exclusive, lock.is_deep, lock.owner, seconds
        )
