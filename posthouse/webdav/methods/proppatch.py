"""PROPPATCH: properties kept and removed, all or nothing; RFC 4918 9.2."""

from __future__ import annotations

from posthouse.webdav.http.answer import Answer
from posthouse.webdav.http.errors import HttpError
from posthouse.webdav.methods.asked import Asked, multistatus
from posthouse.webdav.methods.preconditions import guard_of
from posthouse.webdav.wire.errors import DavError
from posthouse.webdav.wire.fields import prefers
from posthouse.webdav.wire.multistatus import outcome_row
from posthouse.webdav.wire.questions import read_update
from posthouse.webdav.wire.writing import tags

_PROTECTED = "<D:error><D:cannot-modify-protected-property/></D:error>"


async def proppatch(asked: Asked) -> Answer:
    """Change them; raises HttpError."""
    writing = asked.writing
    updates = read_update(await asked.request.body.read(asked.settings.request_octets))
    at, member = await asked.held()
    guard = await guard_of(asked, at)
    where = asked.address(at.path, is_folder=member.is_folder)
    names = list(dict.fromkeys([name for name, _ in updates]))
    protected = [name for name in names if (live := asked.tree.properties.get(name)) and live.is_protected]
    if protected:
        outcomes = [
            (tags(name)[2], 403, _PROTECTED) if name in protected else (tags(name)[2], 424, "") for name in names
        ]
        return multistatus(outcome_row(where, outcomes))
    try:
        await writing.change(at, updates, guard)
    except HttpError as error:
        if error.status != 507:
            raise
        inside = error.xml.replace(' xmlns:D="DAV:"', "") if isinstance(error, DavError) else ""
        return multistatus(outcome_row(where, [(tags(name)[2], 507, inside) for name in names]))
    if prefers(asked.request, "return=minimal"):
        return Answer(200, ((b"preference-applied", b"return=minimal"),))
    return multistatus(outcome_row(where, [(tags(name)[2], 200, "") for name in names]))
