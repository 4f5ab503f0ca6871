"""WebDAV's part of the site: which trees people have there."""

from __future__ import annotations

from collections.abc import Callable

from posthouse.core.sharing.effective import Visitor
from posthouse.server.worker.parts import Parts
from posthouse.webdav.files.opening import FileTrees
from posthouse.webdav.principals.directory import Directory
from posthouse.webdav.site import DavSite


def dav_site(parts: Parts, now: Callable[[], int]) -> DavSite:
    """The site below /dav/."""
    configuration = parts.configuration
    files = FileTrees(
        parts.store,
        parts.blobs,
        configuration.files.limits,
        configuration.sharing,
        configuration.webdav.shared_folder,
        now,
        parts.thumbnails,
    )
    return DavSite(
        parts.authenticator,
        {"files": files.open},
        lambda login: Directory(parts.store, Visitor(login.account, configuration.sharing.reach)),
        configuration.webdav,
    )
