"""LOCK and UNLOCK; RFC 4918 9.10 and 9.11. A lock on what is not there makes an empty document (7.3)."""

from __future__ import annotations

import uuid

from posthouse.webdav.http.answer import Answer
from posthouse.webdav.http.errors import HttpError
from posthouse.webdav.locking import LockTable, discovery
from posthouse.webdav.methods.asked import Asked, multistatus
from posthouse.webdav.methods.preconditions import guard_of
from posthouse.webdav.tree import ActiveLock, Found
from posthouse.webdav.wire.condition import read_if
from posthouse.webdav.wire.errors import DavError
from posthouse.webdav.wire.fields import INFINITY, depth, lock_seconds, lock_token
from posthouse.webdav.wire.multistatus import status_row
from posthouse.webdav.wire.writing import DECLARATION, KIND
from posthouse.webdav.wire.xml import Element, canonical, child, children, read_document


async def lock(asked: Asked) -> Answer:
    """Take or renew a lock; raises HttpError."""
    locking = asked.locking
    body = await asked.request.body.read(asked.settings.request_octets)
    seconds = lock_seconds(asked.request, asked.settings.lock_seconds)
    at = await asked.found()
    if not body.strip():
        return await _refresh(asked, at, seconds)
    levels = depth(asked.request, INFINITY)
    if levels == 1:
        raise HttpError(400, "a lock is on all, or on the resource alone")
    if not at.folder and at.path:
        raise HttpError(409, "the folder is not there")
    guard = await guard_of(asked, at)
    is_exclusive, owner = _read(read_document(body), asked.settings.lock_owner_octets)
    token = f"urn:uuid:{uuid.uuid4()}"
    is_folder = at.member is not None and at.member.is_folder
    taken = ActiveLock(at.path, is_folder, token, is_exclusive, is_folder and levels == INFINITY, owner, seconds)
    try:
        is_new = await locking.lock(at, taken, guard)
    except DavError as error:
        return await _refused(asked, at, error)
    return lock_answer(asked, taken, is_new=is_new)


async def unlock(asked: Asked) -> Answer:
    """Give up a lock; raises HttpError."""
    locking = asked.locking
    token = lock_token(asked.request)
    at, _ = await asked.held()
    await guard_of(asked, at)
    await locking.unlock(at, token)
    return Answer(204)


def lock_answer(asked: Asked, lock: ActiveLock, *, is_new: bool) -> Answer:
    """What is sent for a new lock."""
    fields = (KIND, (b"lock-token", f"<{lock.token}>".encode()))
    return Answer(201 if is_new else 200, fields, _body(asked, [lock]))


async def _refresh(asked: Asked, at: Found, seconds: int) -> Answer:
    field = asked.request.fields.get("if")
    if field is None:
        raise HttpError(400, "which lock?")
    if at.member is None:
        raise HttpError(404, "there is nothing here")
    await guard_of(asked, at)
    tokens = read_if(field).tokens()
    table = LockTable(await asked.locking.locks())
    held = [lock.token for lock in table.covering(at.path) if lock.token in tokens]
    if not held:
        raise DavError(412, "{DAV:}lock-token-matches-request-uri")
    renewed = await asked.locking.refresh(at, held[0], seconds)
    return Answer(200, (KIND,), _body(asked, [renewed]))


async def _refused(asked: Asked, at: Found, error: DavError) -> Answer:
    """What stands in the way below a folder is a row of its own (9.10.3); raises the error for all else."""
    depth_here = len(at.path)
    below = [each for each in await asked.locking.locks() if each.path[:depth_here] == at.path != each.path]
    for each in below:
        where = asked.address(each.path, is_folder=each.is_folder)
        if error.condition == "{DAV:}no-conflicting-lock" and error.inside == f"<D:href>{where}</D:href>":
            inside = f"<D:error><D:no-conflicting-lock>{error.inside}</D:no-conflicting-lock></D:error>"
            here = status_row(asked.address(at.path, is_folder=True), 424)
            return multistatus(status_row(where, 423, inside) + here)
    raise error


def _body(asked: Asked, locks: list[ActiveLock]) -> bytes:
    inside = discovery(locks, asked.tree.root)
    return f'{DECLARATION}<D:prop xmlns:D="DAV:">{inside}</D:prop>\n'.encode()


def _read(root: Element, most_owner_octets: int) -> tuple[bool, str]:
    """Whether it is exclusive, and the owner's element; raises HttpError."""
    scope, kind = child(root, "{DAV:}lockscope"), child(root, "{DAV:}locktype")
    if root.tag != "{DAV:}lockinfo" or scope is None or kind is None:
        raise HttpError(400, "this is no lockinfo")
    scopes = [each.tag for each in children(scope)]
    if [each.tag for each in children(kind)] != ["{DAV:}write"] or scopes not in (
        ["{DAV:}exclusive"],
        ["{DAV:}shared"],
    ):
        raise HttpError(422, "there are no such locks here")
    owner = child(root, "{DAV:}owner")
    written = b"" if owner is None else canonical(owner)
    if len(written) > most_owner_octets:
        raise HttpError(413, "the owner is too long")
    return scopes == ["{DAV:}exclusive"], written.decode()
