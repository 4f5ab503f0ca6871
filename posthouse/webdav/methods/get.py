"""GET and HEAD: documents whole or in part, folders as a list for people; RFC 9110 9.3, RFC 4918 9.4."""

from __future__ import annotations

from collections.abc import AsyncIterator
from html import escape

from posthouse.core.files.thumbnails import KIND, side_of
from posthouse.core.sharing.rights import Right
from posthouse.webdav.http.answer import Answer
from posthouse.webdav.http.conditions import Validators, Verdict, read_conditions
from posthouse.webdav.http.errors import HttpError
from posthouse.webdav.http.ranges import Span, content_range, wanted_span
from posthouse.webdav.methods.asked import Asked
from posthouse.webdav.methods.earlier import earlier
from posthouse.webdav.methods.preconditions import validators
from posthouse.webdav.tree import Member
from posthouse.webdav.wire.dates import http_date
from posthouse.webdav.wire.writing import segment

_PAGE = '<!doctype html>\n<html lang="en"><meta charset="utf-8"><title>{name}</title>\n<h1>{name}</h1>\n<ul>\n'


async def get(asked: Asked) -> Answer:
    """What is there; raises HttpError."""
    at, member = await asked.held()
    if not member.is_folder:
        asked.need(at, member, Right.READ)
    if "revision" in asked.request.query:
        member = await earlier(asked, at, member)
    if "thumbnail" in asked.request.query and not member.is_folder:
        return await _thumbnail(asked, member)
    held = validators(member)
    assert held is not None
    fields = [(b"accept-ranges", b"bytes"), (b"cache-control", b"private, no-cache")]
    if member.etag:
        fields.append((b"etag", member.etag.encode()))
    if member.modified:
        fields.append((b"last-modified", http_date(member.modified).encode()))
    verdict = read_conditions(asked.request).of(held, reads=True)
    if verdict is Verdict.NOT_MODIFIED:
        return Answer(304, tuple(fields))
    if verdict is Verdict.FAILED:
        raise HttpError(412, "it is not as you think")
    if member.is_folder:
        return Answer(200, ((b"content-type", b"text/html; charset=utf-8"), *fields[1:]), _listing(asked, member))
    fields.append((b"content-type", (member.media_type or "application/octet-stream").encode()))
    span = wanted_span(asked.request, held, member.size) if asked.request.method == "GET" else None
    if span is not None:
        fields.append((b"content-range", content_range(span, member.size)))
    wanted = span or Span(0, member.size)
    length = wanted.length
    if asked.request.method == "HEAD" or not length:
        return Answer(200, tuple(fields), b"", length)
    contents = await asked.tree.contents(member, wanted.start, wanted.end)
    return Answer(206 if span else 200, tuple(fields), contents, length)


async def _thumbnail(asked: Asked, member: Member) -> Answer:
    """A small picture of a document, asked for by `?thumbnail` or `?thumbnail=PIXELS`; raises HttpError (404)."""
    side = side_of(asked.request.query["thumbnail"])
    picture = await asked.tree.picture(member, side)
    if picture is None:
        raise HttpError(404, "it has no picture")
    # the contents' tag with the size behind it: as long as those stay, the picture does
    held = Validators(f'{member.etag[:-1]}-{side}"', member.modified)
    fields = ((b"etag", held.etag.encode()), (b"cache-control", b"private, max-age=86400"))
    if read_conditions(asked.request).of(held, reads=True) is Verdict.NOT_MODIFIED:
        return Answer(304, fields)
    return Answer(200, ((b"content-type", KIND.encode()), *fields), picture)


async def _listing(asked: Asked, folder: Member) -> AsyncIterator[bytes]:
    """A page of links; there is nothing on it but these."""
    base = asked.address(asked.path, is_folder=True)
    yield _PAGE.format(name=escape(folder.name or "Files")).encode()
    async for page in asked.tree.pages(folder):
        lines = []
        for member in page:
            slash = "/" if member.is_folder else ""
            lines.append(f'<li><a href="{base}{segment(member.name)}{slash}">{escape(member.name)}{slash}</a>\n')
        yield "".join(lines).encode()
    yield b"</ul></html>\n"
