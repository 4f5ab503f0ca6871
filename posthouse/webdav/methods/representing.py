"""Prefer: return=representation: a change is answered with what is there afterwards; RFC 7240 4.2, RFC 8144 3."""

from __future__ import annotations

from posthouse.core.sharing.rights import Right
from posthouse.webdav.http.answer import Answer
from posthouse.webdav.http.errors import HttpError
from posthouse.webdav.methods.asked import Asked
from posthouse.webdav.tree import Path
from posthouse.webdav.wire.dates import http_date
from posthouse.webdav.wire.fields import prefers

WISH = "return=representation"


async def represented(asked: Asked, path: Path, answer: Answer) -> Answer:
    """The answer, with the document at a path as its body where that is preferred; a folder has none."""
    if not prefers(asked.request, WISH):
        return answer
    member = (await asked.tree.find(path)).member
    if member is None or member.is_folder or not member.rights & Right.READ:
        return answer
    fields = (
        (b"content-type", (member.media_type or "application/octet-stream").encode()),
        (b"content-location", asked.address(path).encode()),
        (b"etag", member.etag.encode()),
        (b"last-modified", http_date(member.modified).encode()),
        (b"preference-applied", WISH.encode()),
        (b"vary", b"Prefer"),
    )
    status = 200 if answer.status == 204 else answer.status
    if not member.size:
        return Answer(status, fields)
    return Answer(status, fields, await asked.tree.contents(member, 0, member.size), member.size)


async def represented_refusal(asked: Asked, error: HttpError) -> Answer:
    """What a change is refused with: what stands in its way, where that is preferred (RFC 8144 3.2), else the error."""
    if error.status != 412 or not prefers(asked.request, WISH):
        raise error
    answer = await represented(asked, asked.path, Answer(412))
    if not answer.fields:
        raise error
    return answer
