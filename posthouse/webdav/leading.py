"""Trees whose folders only lead on to others: nothing is written, locked or shared there, and nothing has contents."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from posthouse.core.sharing.rights import READING
from posthouse.webdav.bare import BareTree
from posthouse.webdav.http.errors import HttpError
from posthouse.webdav.tree import Contents, Locking, Member, Path, Room, Sharing, Syncing, Writing


class LeadingTree(BareTree):
    """What such trees have in common."""

    group: Path | None = None
    writing: Writing | None = None
    locking: Locking | None = None
    syncing: Syncing | None = None
    sharing: Sharing | None = None

    async def dead_properties(self, members: Sequence[Member]) -> Mapping[int, Mapping[str, bytes]]:
        """None are kept here."""
        return {}

    async def contents(self, member: Member, start: int, stop: int) -> Contents:
        """There are no documents here."""
        raise HttpError(404, "there is nothing here")

    async def room(self) -> Room | None:
        """No quota."""
        return None


def leading_folder(name: str) -> Member:
    """A folder that is only there to lead on."""
    return Member(name, True, 0, 0, "", 0, 0, "", rights=int(READING))
