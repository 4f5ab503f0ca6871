"""The contract of a tree of resources: what the methods of WebDAV ask of files, and later of calendars and contacts.

A tree is opened for whoever makes a request. Paths are segments below the tree's root, canonical where a tree
gave them. What cannot be done is raised as an HttpError, with a condition in its body where RFC 4918 16 has one.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from typing import Any, Protocol

import msgspec

from posthouse.core.sharing.rights import ALL

Path = tuple[str, ...]
Contents = bytes | AsyncIterator[bytes]


class Member(msgspec.Struct, frozen=True, gc=False):
    """A resource as a listing shows it; times in ms since the epoch.

    `key` is what its tree knows it by, `etag` has its quotes ("" without one), `dead` counts the properties that
    clients keep there, `kinds` are its resource types as XML beside that of a collection, `content` names its octets.
    `rights` are bits of `Right`: what who asks may do with it. `title` is shown where it is not called by its name.
    """

    name: str
    is_folder: bool
    key: int
    size: int
    media_type: str
    created: int
    modified: int
    etag: str
    dead: int = 0
    kinds: str = ""
    content: bytes = b""
    rights: int = int(ALL)
    title: str = ""


class Found(msgspec.Struct, frozen=True):
    """What is at a path: `member` None for nothing; `folder` is the key of the folder it is or would be in, 0 if none.

    `path` is the canonical spelling of what was asked for.
    """

    path: Path
    folder: int
    member: Member | None


class Guard(msgspec.Struct, frozen=True):
    """What must hold when a change is made: the lock tokens sent, and what the request's conditions were held against.

    Entity tags are without quotes; "*" is for whatever is there.
    """

    tokens: tuple[str, ...] = ()
    match: tuple[str, ...] | None = None
    none_match: tuple[str, ...] | None = None


class Upload(msgspec.Struct, frozen=True):
    """Contents to write, as they come; `size` in octets where it is known, `modified` in ms where its sender says when.

    A tree may take the time of writing instead.
    """

    pieces: Callable[[], AsyncIterator[bytes]]
    media_type: str
    size: int | None
    modified: int | None = None


class Written(msgspec.Struct, frozen=True):
    """What stands there now; `is_new` when nothing did before."""

    member: Member
    is_new: bool


class ActiveLock(msgspec.Struct, frozen=True):
    """A lock that holds (RFC 4918 14.1): `path` is where it was taken, `owner` XML as its client wrote it."""

    path: Path
    is_folder: bool
    token: str
    is_exclusive: bool
    is_deep: bool
    owner: str
    seconds: int


class Ace(msgspec.Struct, frozen=True):
    """What somebody may do, as bits of `Right`: a principal by its address, None for all who log in."""

    whom: str | None
    rights: int


class Room(msgspec.Struct, frozen=True):
    """Octets that are used and that there is room for, None for no limit; RFC 4331."""

    used: int
    available: int | None


class Changes(msgspec.Struct, frozen=True):
    """What became of a folder's members: those that are there, and the paths of those that are not.

    `token` is what to ask with next; `is_cut` when there is more to hear by it at once.
    """

    token: str
    held: Sequence[Member]
    gone: Sequence[Path]
    is_cut: bool


class Reading(Protocol):
    """What every tree can do."""

    root: Path
    owner: Path | None

    async def find(self, path: Path) -> Found:
        """What is there."""

    def pages(self, folder: Member) -> AsyncIterator[list[Member]]:
        """A folder's members, some at a time."""

    async def dead_properties(self, members: Sequence[Member]) -> Mapping[int, Mapping[str, bytes]]:
        """What clients keep of these, by key and name in Clark's notation: whole elements of XML."""

    async def told(self, members: Sequence[Member], names: Sequence[str]) -> Mapping[int, Mapping[str, bytes]]:
        """Live properties of these that are looked up together, as above."""

    async def contents(self, member: Member, start: int, stop: int) -> Contents:
        """The octets of a document from `start` up to `stop`: all at once where they are few, else as they are read."""

    async def earlier(self, member: Member, revision: int) -> Member | None:
        """A document as it was with earlier contents; None without such."""

    def has_picture(self, member: Member) -> bool:
        """Whether a document is of a kind that there are small pictures of."""

    async def picture(self, member: Member, side: int) -> bytes | None:
        """A small picture (`core.files.thumbnails`) of a document; None for one that has none."""

    async def room(self) -> Room | None:
        """What its quota says; None for a tree that has none."""


class Writing(Protocol):
    """What a tree can do that is changed by WebDAV's methods; each raises HttpError when it cannot be done."""

    async def write(self, at: Found, upload: Upload, guard: Guard) -> Written:
        """Write a document; nobody sees anything of it before it is whole."""

    async def make_folder(self, at: Found, properties: Mapping[str, bytes], guard: Guard) -> None:
        """Make a folder with these properties, or neither."""

    async def remove(self, at: Found, guard: Guard) -> None:
        """Delete a resource with all in it."""

    def joins(self, onto: Tree) -> bool:
        """Whether it can move and copy to that tree by itself."""

    async def move(self, source: Found, onto: Tree, target: Found, *, overwrite: bool, guard: Guard) -> bool:
        """Move a resource with all in it, also to a tree that it joins; True when nothing was there before."""

    async def copy(
        self, source: Found, onto: Tree, target: Found, *, overwrite: bool, is_deep: bool, guard: Guard
    ) -> bool:
        """Copy it, with all in it when `is_deep`; True when nothing was there before."""

    async def restore(self, at: Found, revision: int, guard: Guard) -> None:
        """Give a document its earlier contents again."""

    async def change(self, at: Found, properties: Sequence[tuple[str, bytes | None]], guard: Guard) -> None:
        """Keep these properties, and remove those with None; all or nothing."""


class Locking(Protocol):
    """What a tree can do whose resources can be locked."""

    async def locks(self) -> Sequence[ActiveLock]:
        """All locks in the tree; there are few."""

    async def lock(self, at: Found, lock: ActiveLock, guard: Guard) -> bool:
        """Take a lock; True when an empty document had to be made for it."""

    async def refresh(self, at: Found, token: str, seconds: int) -> ActiveLock:
        """Hold a lock for so long from now on."""

    async def unlock(self, at: Found, token: str) -> None:
        """Give up a lock."""


class Syncing(Protocol):
    """What a tree can do that knows what changed; RFC 6578."""

    async def tokens(self) -> Callable[[Member], str]:
        """What names the state of now, for each folder."""

    async def changes(self, at: Found, token: str, limit: int | None) -> Changes:
        """What became of a folder's members since then, of all without a token; raises HttpError for a stale one."""

    async def is_unchanged(self, at: Found, token: str) -> bool:
        """Whether a folder's members are still as that token names them; False for any other token (RFC 6578 5)."""


class Sharing(Protocol):
    """What a tree can do whose resources have access-control lists; RFC 3744. A resource without one has that of the
    nearest folder above it.
    """

    async def lists(self) -> Mapping[Path, Sequence[Ace]]:
        """All lists in the tree; there are few."""

    async def set_list(self, at: Found, entries: Sequence[Ace] | None, guard: Guard) -> None:
        """Give a resource this list, for None none of its own; raises HttpError."""


async def pieces_of(contents: Contents) -> AsyncIterator[bytes]:
    """A document's octets, one piece after the other."""
    if isinstance(contents, bytes):
        yield contents
        return
    async for piece in contents:
        yield piece


class Tree(Reading, Protocol):
    """A tree, and which of the rest it can do."""

    writing: Writing | None
    locking: Locking | None
    syncing: Syncing | None
    sharing: Sharing | None
    group: Path | None
    properties: Mapping[str, Any]
