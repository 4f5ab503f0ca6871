"""WebDAV's part of the site: which trees people have there."""

from __future__ import annotations

from collections.abc import Callable

from posthouse.core.authentication.authenticator import Login
from posthouse.server.worker.parts import Parts
from posthouse.webdav.files.drive import Drive
from posthouse.webdav.files.tree import FilesTree
from posthouse.webdav.properties.basic import PRINCIPALS
from posthouse.webdav.site import DavSite
from posthouse.webdav.tree import Path, Tree


def dav_site(parts: Parts, now: Callable[[], int]) -> DavSite:
    """The site below /dav/."""
    limits = parts.configuration.files.limits

    def files(login: Login, root: Path) -> Tree:
        drive = Drive(parts.store, parts.blobs, login.account, login.account, root, limits, now, parts.thumbnails)
        return FilesTree(drive, (*PRINCIPALS, login.address))

    return DavSite(parts.authenticator, {"files": files}, parts.configuration.webdav)
