"""WebDAV's part of the site: which trees people have there."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from posthouse.core.sharing.effective import Visitor
from posthouse.server.worker.parts import Parts
from posthouse.webdav.directories.opening import Directories
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
        Directories(
            parts.store,
            configuration.directories,
            configuration.webdav.directories_folder,
            ThreadPoolExecutor(configuration.directories.threads, thread_name_prefix="directories"),
            now,
        ),
    )
    return DavSite(
        parts.authenticator,
        {"files": files.open},
        lambda login: Directory(parts.store, Visitor(login.account, configuration.sharing.reach)),
        configuration.webdav,
    )
