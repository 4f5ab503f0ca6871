"""ACL: who may do what with a resource; RFC 3744 8.1.

A request with entries makes a list of the resource's own, which holds instead of that of the folder above (SPEC F3,
where RFC 3744 would add to it); one without any lets it have that of the folder above again. The owner always may do
everything: an entry that gives it to him is the way to share with nobody.
"""

from __future__ import annotations

from posthouse.core.sharing.rights import Right
from posthouse.webdav.http.answer import Answer
from posthouse.webdav.http.errors import HttpError
from posthouse.webdav.methods.asked import Asked
from posthouse.webdav.methods.preconditions import guard_of, place_of
from posthouse.webdav.properties.basic import PRINCIPALS
from posthouse.webdav.properties.privileges import given, rights_of
from posthouse.webdav.properties.property import Need
from posthouse.webdav.properties.sharing import nearest
from posthouse.webdav.tree import Ace
from posthouse.webdav.wire.aces import WrittenAce, read_acl
from posthouse.webdav.wire.errors import DavError


async def acl(asked: Asked) -> Answer:
    """Set the list; raises HttpError with the condition that does not hold (8.1.1)."""
    sharing = asked.tree.sharing
    if sharing is None:
        raise asked.not_allowed()
    written = read_acl(await asked.request.body.read(asked.settings.request_octets))
    at, member = await asked.held()
    asked.need(at, member, Right.ADMINISTER)
    guard = await guard_of(asked, at)
    scene = asked.scene()
    await scene.prepare([Need.LISTS])
    found = nearest(scene, at.path)
    before = {} if found is None else {each.whom: each.rights for each in found[1]}
    entries: dict[str | None, set[str]] = {}
    for each in written:
        _check(each)
        if each.principal == "property" or "protected" in each.marks:
            continue
        entries.setdefault(_whom(each), set()).update(name.removeprefix("{DAV:}") for name in each.privileges)
    aces = [Ace(whom, _rights(names, before.get(whom, 0))) for whom, names in entries.items()]
    await sharing.set_list(at, aces if written else None, guard)
    return Answer(200)


def _check(entry: WrittenAce) -> None:
    """Raise for what no entry here can be."""
    if entry.denies:
        raise DavError(403, "{DAV:}grant-only", "rights can only be given")
    if entry.inverts:
        raise DavError(403, "{DAV:}no-invert", "whom an entry is not for cannot be said")
    if entry.principal not in ("href", "authenticated", "property") or (
        entry.principal == "property" and entry.named != "{DAV:}owner"
    ):
        raise DavError(403, "{DAV:}allowed-principal", "an account, a group, or all who log in")
    for name in entry.privileges:
        try:
            rights_of([name.removeprefix("{DAV:}")])
        except KeyError:
            raise DavError(403, "{DAV:}not-supported-privilege", "there is no such privilege") from None
        except ValueError:
            raise DavError(403, "{DAV:}no-abstract", "that is part of another privilege") from None


def _whom(entry: WrittenAce) -> str | None:
    if entry.principal == "authenticated":
        return None
    try:
        place = place_of(entry.named)
    except HttpError:
        place = ()
    if place[:-1] != PRINCIPALS or "@" not in place[-1]:
        raise DavError(403, "{DAV:}recognized-principal", "that is nobody's address here")
    return place[-1]


def _rights(names: set[str], before: int) -> int:
    """What the privileges give; what somebody had already when they say no more than was shown of it."""
    return before if before and set(given(Right(before))) == names else int(rights_of(names))
