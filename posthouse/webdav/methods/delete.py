"""DELETE: a resource with all in it; RFC 4918 9.6."""

from __future__ import annotations

from posthouse.webdav.http.answer import Answer
from posthouse.webdav.http.errors import HttpError
from posthouse.webdav.methods.asked import Asked
from posthouse.webdav.methods.preconditions import guard_of
from posthouse.webdav.wire.fields import INFINITY, depth


async def delete(asked: Asked) -> Answer:
    """Delete it; raises HttpError."""
    writing = asked.writing
    at, member = await asked.held()
    if member.is_folder and depth(asked.request, INFINITY) != INFINITY:
        raise HttpError(400, "a folder goes with all in it")
    if not at.path:
        raise HttpError(403, "this folder stays")
    await writing.remove(at, await guard_of(asked, at))
    return Answer(204)
