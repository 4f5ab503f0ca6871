"""Properties of who may do what; RFC 3744 5. Trees whose resources have access-control lists have them."""

from __future__ import annotations

from collections.abc import Sequence

from posthouse.core.sharing.rights import ALL, Right
from posthouse.webdav.properties.basic import PRINCIPALS
from posthouse.webdav.properties.privileges import elements, given, supported
from posthouse.webdav.properties.property import Need, Property, Scene, Table
from posthouse.webdav.tree import Ace, Member, Path
from posthouse.webdav.wire.writing import href

_SUPPORTED = f"<D:supported-privilege-set>{supported()}</D:supported-privilege-set>"
_RESTRICTIONS = "<D:acl-restrictions><D:grant-only/><D:no-invert/></D:acl-restrictions>"
_OWNER = (
    "<D:ace><D:principal><D:property><D:owner/></D:property></D:principal>"
    f"<D:grant>{elements(given(ALL))}</D:grant><D:protected/></D:ace>"
)


def nearest(scene: Scene, path: Path) -> tuple[Path, Sequence[Ace]] | None:
    """The list that holds for a resource, and where it is: its own, or the nearest above it."""
    for end in range(len(path), -1, -1):
        entries = scene.lists.get(path[:end])
        if entries is not None:
            return path[:end], entries
    return None


def _group(scene: Scene, _path: Path, _member: Member) -> str | None:
    return None if scene.tree.group is None else f"<D:group>{href(scene.tree.group, is_folder=True)}</D:group>"


def _supported(scene: Scene, _path: Path, _member: Member) -> str | None:
    return None if scene.tree.sharing is None else _SUPPORTED


def _restrictions(scene: Scene, _path: Path, _member: Member) -> str | None:
    return None if scene.tree.sharing is None else _RESTRICTIONS


def _acl(scene: Scene, path: Path, _member: Member) -> str | None:
    if scene.tree.sharing is None:
        return None
    found = nearest(scene, path)
    if found is None:
        return f"<D:acl>{_OWNER}</D:acl>"
    where, entries = found
    mark = "" if where == path else f"<D:inherited>{href(scene.tree.root + where, is_folder=True)}</D:inherited>"
    return f"<D:acl>{_OWNER}{''.join([_ace(each, mark) for each in entries])}</D:acl>"


def _ace(entry: Ace, mark: str) -> str:
    whom = "<D:authenticated/>" if entry.whom is None else href((*PRINCIPALS, entry.whom), is_folder=True)
    granted = elements(given(Right(entry.rights)))
    return f"<D:ace><D:principal>{whom}</D:principal><D:grant>{granted}</D:grant>{mark}</D:ace>"


def _inherited(scene: Scene, path: Path, _member: Member) -> str | None:
    if scene.tree.sharing is None:
        return None
    found = nearest(scene, path)
    inside = "" if found is None or found[0] == path else href(scene.tree.root + found[0], is_folder=True)
    return f"<D:inherited-acl-set>{inside}</D:inherited-acl-set>"


SHARING: Table = {
    "{DAV:}group": Property(_group),
    "{DAV:}supported-privilege-set": Property(_supported),
    "{DAV:}acl": Property(_acl, need=Need.LISTS, rights=int(Right.ADMINISTER)),
    "{DAV:}acl-restrictions": Property(_restrictions),
    "{DAV:}inherited-acl-set": Property(_inherited, need=Need.LISTS),
}
