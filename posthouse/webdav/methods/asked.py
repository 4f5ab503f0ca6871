"""What a method is given: the request, the tree that it is about, and who asks."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import msgspec

from posthouse.core.authentication.authenticator import Login
from posthouse.core.sharing.rights import Right
from posthouse.webdav.http.answer import Answer
from posthouse.webdav.http.errors import HttpError
from posthouse.webdav.http.request import Request
from posthouse.webdav.properties.basic import PRINCIPALS
from posthouse.webdav.properties.privileges import lacking
from posthouse.webdav.properties.property import Scene
from posthouse.webdav.settings import WebDavSettings
from posthouse.webdav.tree import Found, Locking, Member, Path, Tree, Writing
from posthouse.webdav.wire.errors import DavError
from posthouse.webdav.wire.multistatus import HEAD, TAIL
from posthouse.webdav.wire.writing import KIND, address

COMPLIANCE = (b"dav", b"1, 2, 3, access-control, extended-mkcol")
READS = "OPTIONS, GET, HEAD, PROPFIND, REPORT, SEARCH"
WRITES = "PUT, DELETE, MKCOL, COPY, MOVE, PROPPATCH"
LOCKS = "LOCK, UNLOCK"
LISTS = "ACL"
GATHERED_OCTETS = 4_000_000  # of an answer that is made before any of it is sent, since it may be cut yet


class Asked(msgspec.Struct, frozen=True):
    """One request on a tree; `path` is below the tree's root.

    `open` gives the tree, and the path in it, of another place on the site as he may see it; it raises HttpError.
    """

    request: Request
    tree: Tree
    path: Path
    login: Login
    settings: WebDavSettings
    open: Callable[[Path], Awaitable[tuple[Tree, Path]]]

    def on(self, tree: Tree) -> Asked:
        """The same, asked of another tree."""
        return msgspec.structs.replace(self, tree=tree)

    async def found(self) -> Found:
        """What is there."""
        return await self.tree.find(self.path)

    async def held(self) -> tuple[Found, Member]:
        """What is there; raises HttpError (404) for nothing."""
        found = await self.tree.find(self.path)
        if found.member is None:
            raise HttpError(404, "there is nothing here")
        return found, found.member

    def need(self, at: Found, member: Member, rights: Right) -> None:
        """Raise HttpError (403) where he has not these rights; RFC 3744 7.1.1."""
        if int(rights) & ~member.rights:
            inside = lacking(self.tree.root + at.path, rights)
            raise DavError(403, "{DAV:}need-privileges", "you may not do that", inside)

    @property
    def writing(self) -> Writing:
        """The tree as it is changed; raises HttpError (405)."""
        if self.tree.writing is None:
            raise self.not_allowed()
        return self.tree.writing

    @property
    def locking(self) -> Locking:
        """The tree as it is locked; raises HttpError (405)."""
        if self.tree.locking is None:
            raise self.not_allowed()
        return self.tree.locking

    def not_allowed(self, text: str = "") -> HttpError:
        """A method that this resource does not have."""
        return HttpError(405, text, ((b"allow", allowed(self.tree).encode()),))

    def scene(self) -> Scene:
        """What properties are made from."""
        return self.scene_of(self.tree)

    def scene_of(self, tree: Tree) -> Scene:
        """What properties of another tree are made from."""
        return Scene(tree, self.login, address((*PRINCIPALS, self.login.address), is_folder=True))

    def address(self, path: Path, *, is_folder: bool = False) -> str:
        """The address of a resource of this tree."""
        return address(self.tree.root + path, is_folder=is_folder)


def allowed(tree: Tree) -> str:
    """The methods that a tree has."""
    parts = ((WRITES, tree.writing), (LOCKS, tree.locking), (LISTS, tree.sharing))
    return ", ".join([READS, *[names for names, can in parts if can]])


def multistatus(rows: str, tail: str = "") -> Answer:
    """A 207 answer of these rows."""
    return Answer(207, (KIND, COMPLIANCE), f"{HEAD}{rows}{tail}{TAIL}".encode())
