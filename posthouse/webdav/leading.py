"""Trees whose folders only lead on to others: nothing is written, locked or shared there, and nothing has contents."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from posthouse.core.sharing.rights import READING
from posthouse.webdav.http.errors import HttpError
from posthouse.webdav.tree import Contents, Locking, Member, Path, Room, Sharing, Syncing, Writing


class LeadingTree:
    """What such trees have in common."""

    group: Path | None = None
    writing: Writing | None = None
    locking: Locking | None = None
    syncing: Syncing | None = None
    sharing: Sharing | None = None

    async def dead_properties(self, members: Sequence[Member]) -> Mapping[int, Mapping[str, bytes]]:
        """None are kept here."""
        return {}

    async def told(self, members: Sequence[Member], names: Sequence[str]) -> Mapping[int, Mapping[str, bytes]]:
        """None are told here."""
        return {}

    async def contents(self, member: Member, start: int, stop: int) -> Contents:
        """There are no documents here."""
        raise HttpError(404, "there is nothing here")

    async def earlier(self, member: Member, revision: int) -> Member | None:
        """Nothing here has any."""
        return None

    def has_picture(self, member: Member) -> bool:
        """Nothing here has one."""
        return False

    async def picture(self, member: Member, side: int) -> bytes | None:
        """Nothing here has one."""
        return None

    async def room(self) -> Room | None:
        """No quota."""
        return None


def leading_folder(name: str) -> Member:
    """A folder that is only there to lead on."""
    return Member(name, True, 0, 0, "", 0, 0, "", rights=int(READING))
