"""Properties of principals; RFC 3744 4."""

from __future__ import annotations

from posthouse.webdav.properties.property import Property, Scene, Table
from posthouse.webdav.tree import Member, Path

KINDS = "<D:principal/>"


def _url(scene: Scene, _path: Path, member: Member) -> str | None:
    return _of(member, f"<D:principal-URL><D:href>{scene.principal}</D:href></D:principal-URL>")


def _other_urls(scene: Scene, _path: Path, member: Member) -> str | None:
    return _of(member, f"<D:alternate-URI-set><D:href>mailto:{scene.login.address}</D:href></D:alternate-URI-set>")


def _members(_scene: Scene, _path: Path, member: Member) -> str | None:
    return _of(member, "<D:group-member-set/>")


def _memberships(_scene: Scene, _path: Path, member: Member) -> str | None:
    return _of(member, "<D:group-membership/>")


def _of(member: Member, made: str) -> str | None:
    return made if member.kinds == KINDS else None


PRINCIPAL: Table = {
    "{DAV:}principal-URL": Property(_url),
    "{DAV:}alternate-URI-set": Property(_other_urls),
    "{DAV:}group-member-set": Property(_members),
    "{DAV:}group-membership": Property(_memberships),
}
