"""Properties of principals; RFC 3744 4."""

from __future__ import annotations

from collections.abc import Sequence

from posthouse.core.sharing.people import Person
from posthouse.core.sharing.rights import READING
from posthouse.webdav.properties.basic import PRINCIPALS
from posthouse.webdav.properties.property import Property, Scene, Table
from posthouse.webdav.tree import Member, Path
from posthouse.webdav.wire.writing import escape, href

KINDS = "<D:principal/>"


class Principal(Member, frozen=True):
    """An account or a group as a resource; its members and the groups that it is in by address."""

    members: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()


def principal_of(person: Person) -> Principal:
    """Somebody as a resource."""
    return Principal(
        person.address,
        True,
        0,
        0,
        "",
        0,
        0,
        "",
        kinds=KINDS,
        rights=int(READING),
        title=person.name,
        members=tuple(person.members),
        groups=tuple(person.groups),
    )


def principal_path(address: str) -> Path:
    """Where the principal of that address is on the site."""
    return (*PRINCIPALS, address)


def _url(_scene: Scene, _path: Path, member: Member) -> str | None:
    return f"<D:principal-URL>{_hrefs([member.name])}</D:principal-URL>" if isinstance(member, Principal) else None


def _other_urls(_scene: Scene, _path: Path, member: Member) -> str | None:
    if not isinstance(member, Principal):
        return None
    return f"<D:alternate-URI-set><D:href>mailto:{escape(member.name)}</D:href></D:alternate-URI-set>"


def _members(_scene: Scene, _path: Path, member: Member) -> str | None:
    if not isinstance(member, Principal):
        return None
    return f"<D:group-member-set>{_hrefs(member.members)}</D:group-member-set>"


def _memberships(_scene: Scene, _path: Path, member: Member) -> str | None:
    if not isinstance(member, Principal):
        return None
    return f"<D:group-membership>{_hrefs(member.groups)}</D:group-membership>"


def _hrefs(addresses: Sequence[str]) -> str:
    return "".join([href(principal_path(each), is_folder=True) for each in addresses])


PRINCIPAL: Table = {
    "{DAV:}principal-URL": Property(_url),
    "{DAV:}alternate-URI-set": Property(_other_urls),
    "{DAV:}group-member-set": Property(_members),
    "{DAV:}group-membership": Property(_memberships),
}
