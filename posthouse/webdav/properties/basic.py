"""The properties that every resource has; RFC 4918 15, RFC 4331 3 and 4, RFC 5397 3, RFC 3744 5, RFC 6578 4."""

from __future__ import annotations

from functools import lru_cache

from posthouse.core.sharing.rights import Right
from posthouse.webdav.locking import SUPPORTED, discovery
from posthouse.webdav.properties.privileges import elements, held
from posthouse.webdav.properties.property import Need, Property, Scene, Table
from posthouse.webdav.tree import Member, Path
from posthouse.webdav.wire.dates import http_date, iso_date
from posthouse.webdav.wire.writing import escape, href

PRINCIPALS = ("dav", "principals")
_GRAMMARS = (
    "<D:supported-query-grammar-set><D:supported-query-grammar><D:grammar><D:basicsearch/></D:grammar>"
    "</D:supported-query-grammar></D:supported-query-grammar-set>"
)
_REPORTS = ("expand-property", "principal-match", "principal-property-search", "principal-search-property-set")


def _resourcetype(_scene: Scene, _path: Path, member: Member) -> str:
    if not member.is_folder and not member.kinds:
        return "<D:resourcetype/>"
    return f"<D:resourcetype>{'<D:collection/>' if member.is_folder else ''}{member.kinds}</D:resourcetype>"


def _displayname(_scene: Scene, _path: Path, member: Member) -> str | None:
    shown = member.title or member.name
    return f"<D:displayname>{escape(shown)}</D:displayname>" if shown else None


def _contentlength(_scene: Scene, _path: Path, member: Member) -> str | None:
    return None if member.is_folder else f"<D:getcontentlength>{member.size}</D:getcontentlength>"


def _contenttype(_scene: Scene, _path: Path, member: Member) -> str | None:
    return f"<D:getcontenttype>{escape(member.media_type)}</D:getcontenttype>" if member.media_type else None


def _etag(_scene: Scene, _path: Path, member: Member) -> str | None:
    return f"<D:getetag>{member.etag}</D:getetag>" if member.etag else None


def _lastmodified(_scene: Scene, _path: Path, member: Member) -> str | None:
    return f"<D:getlastmodified>{http_date(member.modified)}</D:getlastmodified>" if member.modified else None


def _creationdate(_scene: Scene, _path: Path, member: Member) -> str | None:
    return f"<D:creationdate>{iso_date(member.created)}</D:creationdate>" if member.created else None


def _supportedlock(scene: Scene, _path: Path, _member: Member) -> str | None:
    return None if scene.tree.locking is None else SUPPORTED


def _lockdiscovery(scene: Scene, path: Path, _member: Member) -> str | None:
    return None if scene.tree.locking is None else discovery(scene.locks.covering(path), scene.tree.root)


def _used(scene: Scene, _path: Path, member: Member) -> str | None:
    if scene.room is None or not member.is_folder:
        return None
    return f"<D:quota-used-bytes>{scene.room.used}</D:quota-used-bytes>"


def _available(scene: Scene, _path: Path, member: Member) -> str | None:
    if scene.room is None or scene.room.available is None or not member.is_folder:
        return None
    return f"<D:quota-available-bytes>{scene.room.available}</D:quota-available-bytes>"


def _current_user(scene: Scene, _path: Path, _member: Member) -> str:
    return f"<D:current-user-principal><D:href>{scene.principal}</D:href></D:current-user-principal>"


def _principal_collections(_scene: Scene, _path: Path, _member: Member) -> str:
    return f"<D:principal-collection-set>{href(PRINCIPALS, is_folder=True)}</D:principal-collection-set>"


def _owner(scene: Scene, _path: Path, _member: Member) -> str | None:
    return None if scene.tree.owner is None else f"<D:owner>{href(scene.tree.owner, is_folder=True)}</D:owner>"


def _privileges(_scene: Scene, _path: Path, member: Member) -> str:
    return f"<D:current-user-privilege-set>{_granted(member.rights)}</D:current-user-privilege-set>"


@lru_cache(1024)
def _granted(rights: int) -> str:
    return elements(held(Right(rights)))


def _reports(scene: Scene, _path: Path, member: Member) -> str:
    names = [*_REPORTS]
    if scene.tree.sharing is not None:
        names.append("acl-principal-prop-set")
    if scene.sync_token is not None and member.is_folder:
        names.append("sync-collection")
    inside = "".join([f"<D:supported-report><D:report><D:{name}/></D:report></D:supported-report>" for name in names])
    return f"<D:supported-report-set>{inside}</D:supported-report-set>"


def _sync_token(scene: Scene, _path: Path, member: Member) -> str | None:
    if scene.sync_token is None or not member.is_folder:
        return None
    return f"<D:sync-token>{escape(scene.sync_token(member))}</D:sync-token>"


def _grammars(_scene: Scene, _path: Path, _member: Member) -> str:
    return _GRAMMARS  # RFC 5323 3.3


BASIC: Table = {
    "{DAV:}resourcetype": Property(_resourcetype, is_common=True),
    "{DAV:}displayname": Property(_displayname, is_common=True, is_protected=False),
    "{DAV:}getcontentlength": Property(_contentlength, is_common=True),
    "{DAV:}getcontenttype": Property(_contenttype, is_common=True),
    "{DAV:}getetag": Property(_etag, is_common=True),
    "{DAV:}getlastmodified": Property(_lastmodified, is_common=True),
    "{DAV:}creationdate": Property(_creationdate, is_common=True),
    "{DAV:}supportedlock": Property(_supportedlock, is_common=True),
    "{DAV:}lockdiscovery": Property(_lockdiscovery, is_common=True, need=Need.LOCKS),
    "{DAV:}quota-used-bytes": Property(_used, need=Need.ROOM),
    "{DAV:}quota-available-bytes": Property(_available, need=Need.ROOM),
    "{DAV:}current-user-principal": Property(_current_user),
    "{DAV:}principal-collection-set": Property(_principal_collections),
    "{DAV:}owner": Property(_owner),
    "{DAV:}current-user-privilege-set": Property(_privileges),
    "{DAV:}supported-report-set": Property(_reports, need=Need.SYNC),
    "{DAV:}supported-query-grammar-set": Property(_grammars),
    "{DAV:}sync-token": Property(_sync_token, need=Need.SYNC),
}
