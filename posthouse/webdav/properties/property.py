"""What a live property is, and what it is made from."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from enum import Enum

import msgspec

from posthouse.core.authentication.authenticator import Login
from posthouse.webdav.locking import LockTable
from posthouse.webdav.tree import Ace, Member, Path, Room, Tree


class Need(Enum):
    """What must be read before properties are made."""

    LOCKS = "locks"
    ROOM = "room"
    SYNC = "sync"
    LISTS = "lists"


class Scene(msgspec.Struct):
    """What properties are made from beside the member: the tree, who asks, and his principal's address."""

    tree: Tree
    login: Login
    principal: str
    locks: LockTable = LockTable(())
    room: Room | None = None
    sync_token: Callable[[Member], str] | None = None
    lists: Mapping[Path, Sequence[Ace]] = msgspec.field(default_factory=dict)

    async def prepare(self, needs: Iterable[Need]) -> None:
        """Read what is needed."""
        needed = set(needs)
        if Need.LOCKS in needed and self.tree.locking is not None:
            self.locks = LockTable(await self.tree.locking.locks())
        if Need.ROOM in needed:
            self.room = await self.tree.room()
        if Need.LISTS in needed and self.tree.sharing is not None:
            self.lists = await self.tree.sharing.lists()
        if Need.SYNC in needed and self.tree.syncing is not None:
            self.sync_token = await self.tree.syncing.tokens()


class Property(msgspec.Struct, frozen=True):
    """One live property: `make` gives its whole element, None for a member that has none.

    `is_common` ones are part of allprop; what is not `is_protected` clients may set, and have back as they wrote it.
    Without any of the `rights`, as bits of `Right`, on a member one is not told its. `is_told`: its tree tells it of
    several members at once (`Tree.told`), and `make` gives none.
    """

    make: Callable[[Scene, Path, Member], str | None]
    is_common: bool = False
    is_protected: bool = True
    need: Need | None = None
    rights: int = 0
    is_told: bool = False


Table = Mapping[str, Property]
