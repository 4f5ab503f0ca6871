"""Earlier contents of a document, by `?revision=NUMBER` behind its address: read, brought back by a COPY from there
onto the document itself, and made a document of their own by one to elsewhere. Who may change it may do all of that.
"""

from __future__ import annotations

from posthouse.core.sharing.rights import Right
from posthouse.webdav.http.answer import Answer
from posthouse.webdav.http.errors import HttpError
from posthouse.webdav.methods.asked import Asked
from posthouse.webdav.methods.preconditions import guard_of
from posthouse.webdav.methods.representing import represented
from posthouse.webdav.tree import Found, Member


async def earlier(asked: Asked, at: Found, member: Member) -> Member:
    """The document as it was; raises HttpError."""
    number = asked.request.query["revision"]
    asked.need(at, member, Right.WRITE)
    is_number = number.isdecimal() and number.isascii() and len(number) < 10
    held = await asked.tree.earlier(member, int(number)) if is_number and not member.is_folder else None
    if held is None:
        raise HttpError(404, "it has no such earlier contents")
    return held


async def bring_back(asked: Asked, at: Found) -> Answer:
    """COPY of earlier contents onto the document; raises HttpError."""
    await asked.writing.restore(at, int(asked.request.query["revision"]), await guard_of(asked, at))
    return await represented(asked, at.path, Answer(204))
