"""WebDAV's part of the site: who asks, for which tree, and the method that answers."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

from posthouse.core.authentication.authenticator import Authenticator, Login
from posthouse.storage.contract import StoreFull
from posthouse.webdav.http.answer import Answer
from posthouse.webdav.http.authentication import login_of
from posthouse.webdav.http.errors import HttpError
from posthouse.webdav.http.request import Request
from posthouse.webdav.methods.absorbing import absorbed
from posthouse.webdav.methods.acl import acl
from posthouse.webdav.methods.asked import Asked
from posthouse.webdav.methods.copy_move import copy, move
from posthouse.webdav.methods.delete import delete
from posthouse.webdav.methods.get import get
from posthouse.webdav.methods.lock import lock, unlock
from posthouse.webdav.methods.mkcol import mkcol
from posthouse.webdav.methods.options import options
from posthouse.webdav.methods.propfind import propfind
from posthouse.webdav.methods.proppatch import proppatch
from posthouse.webdav.methods.put import put
from posthouse.webdav.methods.report import report
from posthouse.webdav.methods.search import search
from posthouse.webdav.principals.directory import Directory
from posthouse.webdav.principals.tree import Signposts
from posthouse.webdav.settings import WebDavSettings
from posthouse.webdav.tree import Path, Tree
from posthouse.webdav.wire.errors import DavError

ROOT = ("dav",)

# who asks, whose tree, its root on the site, the path in it -> the tree, and the path in that; None for nobody's
Opened = Callable[[Login, str, Path, Path], Awaitable[tuple[Tree, Path] | None]]

METHODS: Mapping[str, Callable[[Asked], Awaitable[Answer]]] = {
    "GET": get,
    "HEAD": get,
    "PUT": put,
    "DELETE": delete,
    "MKCOL": mkcol,
    "COPY": copy,
    "MOVE": move,
    "PROPFIND": propfind,
    "PROPPATCH": proppatch,
    "LOCK": lock,
    "UNLOCK": unlock,
    "REPORT": report,
    "ACL": acl,
    "SEARCH": search,
}
_OF_REVISIONS = ("GET", "HEAD", "COPY")


# what a page of another site has to send, and to read, where it may
SENT = (
    "Authorization", "Content-Range", "Content-Type", "Depth", "Destination", "If", "If-Match", "If-Modified-Since",
    "If-None-Match", "If-Range", "If-Unmodified-Since", "Lock-Token", "Overwrite", "Prefer", "Range", "Timeout",
)  # fmt: skip
TOLD = (
    "Accept-Ranges", "Allow", "Content-Location", "Content-Range", "DAV", "DASL", "ETag", "Location", "Lock-Token",
    "Preference-Applied", "Retry-After",
)  # fmt: skip


class DavSite:
    """All that is below /dav/. `homes` are the trees that everybody has one of, by their names: /dav/NAME/ADDRESS/;
    `directory` is whom one may know of.
    """

    def __init__(
        self,
        authenticator: Authenticator,
        homes: Mapping[str, Opened],
        directory: Callable[[Login], Directory],
        settings: WebDavSettings,
    ) -> None:
        self._authenticator = authenticator
        self._directory = directory
        self._homes = homes
        self._settings = settings

    async def __call__(self, request: Request) -> Answer:
        """The answer; raises HttpError."""
        if request.method == "OPTIONS":
            below = request.segments[len(ROOT) :]
            return await options(changes=len(below) > 1 and below[0] in self._homes)
        method = METHODS.get(request.method)
        if method is None:
            raise HttpError(501, "there is no such method")
        if "revision" in request.query and request.method not in _OF_REVISIONS:
            raise HttpError(405, "earlier contents are only read, and copied", ((b"allow", b"GET, HEAD, COPY"),))
        login = await login_of(request, self._authenticator)
        tree, path = await self._tree(login, request.segments)
        asked = Asked(request, tree, path, login, self._settings, lambda place: self._tree(login, place))
        try:
            return await absorbed(asked) or await method(asked)
        except DavError as error:
            return error.answer
        except StoreFull:
            return DavError(507, "{DAV:}sufficient-disk-space", "there is no room left on this server").answer

    async def _tree(self, login: Login, place: Path) -> tuple[Tree, Path]:
        segments = place[len(ROOT) :]
        if place[: len(ROOT)] != ROOT:
            raise HttpError(404, "there is nothing here")
        if len(segments) < 2 or segments[0] not in self._homes:
            return Signposts(ROOT, login.address, list(self._homes), self._directory(login)), segments
        name, whose = segments[:2]
        opened = await self._homes[name](login, whose.lower(), (*ROOT, name, whose), segments[2:])
        if opened is None:
            raise HttpError(404, "there is nothing here")
        return opened
