"""An account's files as a tree of resources: its locks, which all protocols share."""

from __future__ import annotations

from collections.abc import Sequence

from posthouse.core.files import locks as core
from posthouse.core.files.covering import Lock
from posthouse.core.files.tree import spots_of
from posthouse.core.files.writing import Document
from posthouse.webdav.files.drive import Drive
from posthouse.webdav.http.errors import HttpError
from posthouse.webdav.tree import ActiveLock, Found, Guard

_EMPTY = "application/octet-stream"


class FileLocking:
    """Locks on one account's files."""

    def __init__(self, drive: Drive) -> None:
        self._drive = drive

    async def locks(self) -> Sequence[ActiveLock]:
        """All of them."""
        drive = self._drive
        held = await drive.store.read(core.all_locks, drive.account, drive.now())
        return await self._shown(held)

    async def lock(self, at: Found, lock: ActiveLock, guard: Guard) -> bool:
        """Take a lock; raises HttpError, 423 with the lock that is in the way."""
        drive = self._drive
        now = drive.now()
        wish = core.LockWish(lock.token, lock.is_exclusive, lock.is_deep, lock.owner, now + lock.seconds * 1000)
        conditions = drive.conditions(guard)
        if at.member is not None:
            taking = drive.store.write(core.lock, drive.account, at.member.key, wish, conditions, drive.limits, now)
        else:
            document = Document(await drive.blobs.writer().finish(), _EMPTY)
            taking = drive.store.write(
                core.lock_new, drive.account, at.folder, at.path[-1], document, wish, conditions, drive.limits, now
            )
        return (await drive.settled(taking)).is_new

    async def refresh(self, at: Found, token: str, seconds: int) -> ActiveLock:
        """Hold a lock for so long from now on."""
        drive = self._drive
        now = drive.now()
        until = now + seconds * 1000
        held = await drive.write(
            core.refresh_lock, drive.account, _key(at), token, until, drive.conditions(Guard()), now
        )
        return (await self._shown([held]))[0]

    async def unlock(self, at: Found, token: str) -> None:
        """Give up a lock."""
        drive = self._drive
        await drive.write(core.unlock, drive.account, _key(at), token, drive.conditions(Guard()), drive.now())

    async def _shown(self, locks: Sequence[Lock]) -> list[ActiveLock]:
        if not locks:
            return []
        drive = self._drive
        spots = await drive.store.read(spots_of, drive.account, [lock.node for lock in locks])
        now = drive.now()
        return [
            ActiveLock(
                tuple(spot.path),
                spot.is_folder,
                lock.token,
                lock.record.is_exclusive,
                lock.record.is_deep,
                lock.record.owner,
                max(0, (lock.record.expires - now) // 1000),
            )
            for lock, spot in zip(locks, spots, strict=True)
            if spot is not None
        ]


def _key(at: Found) -> int:
    if at.member is None:
        raise HttpError(404, "there is nothing here")
    return at.member.key
