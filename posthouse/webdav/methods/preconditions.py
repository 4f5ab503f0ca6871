"""Whether a request goes ahead: If-Match and its kin (RFC 9110 13) and If with locks and tags (RFC 4918 10.4).

They are held against what is there now, and a change is made only where that is still so (`Guard`).
"""

from __future__ import annotations

from posthouse.webdav.http.conditions import Validators, Verdict, read_conditions
from posthouse.webdav.http.errors import HttpError
from posthouse.webdav.http.request import read_path
from posthouse.webdav.locking import LockTable
from posthouse.webdav.methods.asked import Asked
from posthouse.webdav.tree import Found, Guard, Member, Path
from posthouse.webdav.wire.condition import IfHeader, read_if
from posthouse.webdav.wire.errors import DavError

_FIELDS = frozenset(("if-match", "if-none-match", "if-unmodified-since"))


async def guard_of(asked: Asked, at: Found) -> Guard:
    """What must still hold when the change is made; raises HttpError (412), and for fields that cannot be read."""
    verdict = read_conditions(asked.request).of(validators(at.member), reads=False)
    if verdict is not Verdict.GO_ON:
        raise HttpError(412, "it is not as you think")
    pins = not _FIELDS.isdisjoint(asked.request.fields)
    tokens: tuple[str, ...] = ()
    field = asked.request.fields.get("if")
    if field is not None:
        condition = read_if(field)
        await _check_if(asked, at, condition)
        tokens = tuple(sorted(condition.tokens()))
        pins = pins or any(each.etag is not None for one in condition.lists for each in one.conditions)
    if not pins:
        return Guard(tokens)
    if at.member is None:
        return Guard(tokens, none_match=("*",))
    return Guard(tokens, match=(at.member.etag.strip('"') or "*",))


def validators(member: Member | None) -> Validators | None:
    """What conditions are held against; None for nothing."""
    return None if member is None else Validators(member.etag, member.modified)


async def _check_if(asked: Asked, at: Found, condition: IfHeader) -> None:
    tables: dict[Path, LockTable] = {}
    places: dict[str | None, tuple[str | None, frozenset[str]]] = {}
    for resource in dict.fromkeys([each.resource for each in condition.lists]):
        tokens = {one.token for each in condition.lists if each.resource == resource for one in each.conditions}
        places[resource] = await _state(asked, at, resource, [token for token in tokens if token], tables)
    if not condition.holds(lambda resource: places[resource]):
        raise DavError(412, "{DAV:}lock-token-matches-request-uri", "If does not hold")


async def _state(
    asked: Asked, at: Found, resource: str | None, tokens: list[str], tables: dict[Path, LockTable]
) -> tuple[str | None, frozenset[str]]:
    """A resource's entity tag, and of the tokens those that hold there: of locks, and of a folder's state."""
    tree = asked.tree
    if resource is not None:
        try:
            tree, path = await asked.open(place_of(resource))
        except HttpError:
            return None, frozenset()  # nothing that he may know of
        at = await tree.find(path)
    if tree.root not in tables:
        tables[tree.root] = LockTable(() if tree.locking is None else await tree.locking.locks())
    held = tables[tree.root].tokens(at.path)
    if tree.syncing is not None:
        held |= {token for token in tokens if token not in held and await tree.syncing.is_unchanged(at, token)}
    return _etag(at.member), held


def place_of(resource: str) -> Path:
    """The path on the site of a resource's whole or shortened address; raises HttpError."""
    if not resource.startswith("/"):
        resource = "/" + resource.partition("://")[2].partition("/")[2]
    return read_path(resource.partition("?")[0])


def _etag(member: Member | None) -> str | None:
    return member.etag if member is not None and member.etag else None
