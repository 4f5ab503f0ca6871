"""Which locks hold for which resource, and how they are written; RFC 4918 6, 14.1 and 15.8."""

from __future__ import annotations

from collections.abc import Sequence

from posthouse.webdav.tree import ActiveLock, Path
from posthouse.webdav.wire.writing import href

SUPPORTED = (
    "<D:supportedlock>"
    "<D:lockentry><D:lockscope><D:exclusive/></D:lockscope><D:locktype><D:write/></D:locktype></D:lockentry>"
    "<D:lockentry><D:lockscope><D:shared/></D:lockscope><D:locktype><D:write/></D:locktype></D:lockentry>"
    "</D:supportedlock>"
)


class LockTable:
    """A tree's locks by the paths they were taken on."""

    __slots__ = ("_by_path",)

    def __init__(self, locks: Sequence[ActiveLock]) -> None:
        self._by_path: dict[Path, list[ActiveLock]] = {}
        for lock in locks:
            self._by_path.setdefault(lock.path, []).append(lock)

    def covering(self, path: Path) -> list[ActiveLock]:
        """The locks that hold for a resource: its own, and deep ones above it."""
        if not self._by_path:
            return []
        above = [lock for end in range(len(path)) for lock in self._by_path.get(path[:end], ()) if lock.is_deep]
        return above + self._by_path.get(path, [])

    def tokens(self, path: Path) -> frozenset[str]:
        """Their tokens."""
        return frozenset([lock.token for lock in self.covering(path)])


def discovery(locks: Sequence[ActiveLock], root: Path) -> str:
    """DAV:lockdiscovery of these locks in a tree at `root`."""
    if not locks:
        return "<D:lockdiscovery/>"
    return f"<D:lockdiscovery>{''.join([_active(lock, root) for lock in locks])}</D:lockdiscovery>"


def _active(lock: ActiveLock, root: Path) -> str:
    scope = "exclusive" if lock.is_exclusive else "shared"
    return (
        f"<D:activelock><D:locktype><D:write/></D:locktype><D:lockscope><D:{scope}/></D:lockscope>"
        f"<D:depth>{'infinity' if lock.is_deep else '0'}</D:depth>{lock.owner}"
        f"<D:timeout>Second-{lock.seconds}</D:timeout>"
        f"<D:locktoken><D:href>{lock.token}</D:href></D:locktoken>"
        f"<D:lockroot>{href(root + lock.path, is_folder=lock.is_folder)}</D:lockroot></D:activelock>"
    )
