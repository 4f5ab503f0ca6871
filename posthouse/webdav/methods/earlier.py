"""Earlier contents of a document, by `?revision=NUMBER` behind its address: read, and brought back by a COPY from there
onto the document itself. Who may change a document may do both.
"""

from __future__ import annotations

from posthouse.core.sharing.rights import Right
from posthouse.webdav.http.answer import Answer
from posthouse.webdav.http.errors import HttpError
from posthouse.webdav.methods.asked import Asked
from posthouse.webdav.methods.preconditions import guard_of
from posthouse.webdav.methods.representing import represented
from posthouse.webdav.tree import Found, Member
from posthouse.webdav.wire.fields import destination


async def earlier(asked: Asked, at: Found, member: Member) -> Member:
    """The document as it was; raises HttpError."""
    number = asked.request.query["revision"]
    asked.need(at, member, Right.WRITE)
    is_number = number.isdecimal() and number.isascii() and len(number) < 10
    held = await asked.tree.earlier(member, int(number)) if is_number and not member.is_folder else None
    if held is None:
        raise HttpError(404, "it has no such earlier contents")
    return held


async def brought_back(asked: Asked) -> Answer:
    """COPY of earlier contents onto the document; raises HttpError."""
    writing = asked.writing
    at, member = await asked.held()
    await earlier(asked, at, member)
    onto, path = await asked.open(destination(asked.request))
    if (*onto.root, *path) != (*asked.tree.root, *at.path):
        raise HttpError(403, "earlier contents go back to where they were")
    await writing.restore(at, int(asked.request.query["revision"]), await guard_of(asked, at))
    return await represented(asked, at.path, Answer(204))
