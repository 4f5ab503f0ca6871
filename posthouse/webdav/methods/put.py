"""PUT: a document's contents, written as they come; RFC 9110 9.3.4, RFC 4918 9.7, parts by Content-Range (14.5).

Finder sends chunks and says by X-Expected-Entity-Length how long it will be. Programs for ownCloud, and rclone, say by
X-OC-Mtime when the file was changed.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator

from posthouse.webdav.http.answer import Answer
from posthouse.webdav.http.errors import HttpError
from posthouse.webdav.http.media import UNKNOWN, media_type_of
from posthouse.webdav.http.ranges import Placed, placed
from posthouse.webdav.methods.asked import Asked
from posthouse.webdav.methods.preconditions import guard_of
from posthouse.webdav.methods.representing import represented, represented_refusal
from posthouse.webdav.tree import Guard, Member, Upload, pieces_of
from posthouse.webdav.wire.dates import http_date
from posthouse.webdav.wire.errors import DavError

_MEDIA_TYPE = re.compile(r"[\w!#$&^.+-]+/[\w!#$&^.+-]+[\x20-\x7e]*", re.ASCII)
_LONGEST_TYPE = 200
SMALL_OCTETS = 65_536  # so much is as quickly sent as refused


async def put(asked: Asked) -> Answer:
    """Write it; raises HttpError."""
    try:
        answer = await _put(asked)
    except HttpError as error:
        return await represented_refusal(asked, error)
    return await represented(asked, asked.path, answer)


async def _put(asked: Asked) -> Answer:
    writing = asked.writing
    at = await asked.found()
    if at.member is not None and at.member.is_folder:
        raise asked.not_allowed("this is a folder")
    if at.member is None and asked.request.is_folder:
        raise HttpError(409, "a file's address has no slash at its end")
    if not at.folder:
        raise HttpError(409, "the folder is not there")
    coding = asked.request.fields.get("content-encoding")
    if coding is not None and coding.strip().lower() not in ("", "identity"):
        # kept as it comes, it would be read as what it is not
        raise HttpError(415, "contents are taken as they are, in no coding", ((b"accept-encoding", b"identity"),))
    guard = await guard_of(asked, at)
    part = placed(asked.request)
    if part is not None:
        return await _put_part(asked, part)
    size = asked.request.body.size if asked.request.body.size is not None else _expected(asked)
    await _check_room(asked, size, at.member)
    modified = _modified(asked)
    # what the length of a body says of it is so already
    pieces = asked.request.body.pieces if asked.request.body.size is not None else lambda: _counted(asked, size)
    upload = Upload(pieces, _media_type(asked), size, modified)
    written = await writing.write(at, upload, guard)
    answer = _answer(written.member, is_new=written.is_new)
    if modified is None or written.member.modified != modified:
        return answer
    return Answer(answer.status, (*answer.fields, (b"x-oc-mtime", b"accepted")))


async def _put_part(asked: Asked, part: Placed) -> Answer:
    """Octets in place of some that are there, or behind them; nobody sees anything else than before or after."""
    at = await asked.found()
    held = at.member
    size = 0 if held is None else held.size
    if part.span.start > size:
        raise HttpError(416, "there would be a gap", ((b"content-range", b"bytes */%d" % size),))
    kept = size if part.whole is None else min(size, part.whole)  # what was behind the whole is no part of it
    whole = max(kept, part.span.end)
    await _check_room(asked, whole, held)
    guard = await guard_of(asked, at)
    # the rest must still be what it is now
    pinned = Guard(guard.tokens, match=(held.etag.strip('"'),)) if held else Guard(guard.tokens, none_match=("*",))
    media_type = _media_type(asked) if held is None else held.media_type

    async def pieces() -> AsyncIterator[bytes]:
        if held is not None and part.span.start:
            async for piece in pieces_of(await asked.tree.contents(held, 0, part.span.start)):
                yield piece
        async for piece in _counted(asked, part.span.length):
            yield piece
        if held is not None and part.span.end < kept:
            async for piece in pieces_of(await asked.tree.contents(held, part.span.end, kept)):
                yield piece

    written = await asked.writing.write(at, Upload(pieces, media_type, whole), pinned)
    return _answer(written.member, is_new=written.is_new)


async def _counted(asked: Asked, size: int | None) -> AsyncIterator[bytes]:
    """The body; raises HttpError where it is not `size` octets, or too many."""
    most = asked.settings.upload_octets if size is None else size
    taken = 0
    async for piece in asked.request.body.pieces():
        taken += len(piece)
        if taken > most:
            raise HttpError(413 if size is None else 400, "that is more than was said")
        yield piece
    if size is not None and taken != size:
        raise HttpError(400, "that is less than was said")


async def _check_room(asked: Asked, size: int | None, held: Member | None) -> None:
    """Refuse what cannot fit before it is sent; whether it does in the end, the tree says."""
    if size is None:
        return
    if size > asked.settings.upload_octets:
        raise HttpError(413, "that is too large")
    if size <= SMALL_OCTETS:
        return
    room = await asked.tree.room()
    if room is not None and room.available is not None and size > room.available + (held.size if held else 0):
        raise DavError(507, "{DAV:}quota-not-exceeded", "there is no room for it")


def _expected(asked: Asked) -> int | None:
    value = asked.request.field("x-expected-entity-length").strip()
    return int(value) if value.isdecimal() and len(value) < 18 else None


def _modified(asked: Asked) -> int | None:
    """When its sender says that it was changed, in ms; None where he does not, or cannot be believed."""
    if "x-oc-mtime" not in asked.request.fields:
        return None
    value = asked.request.field("x-oc-mtime").strip()
    is_number = value.isascii() and value.isdecimal() and len(value) < 12
    return int(value) * 1000 or None if is_number else None


def _media_type(asked: Asked) -> str:
    said = asked.request.fields.get("content-type", "").strip()
    if said and said.lower() != UNKNOWN and len(said) <= _LONGEST_TYPE and _MEDIA_TYPE.fullmatch(said):
        return said
    return media_type_of(asked.path[-1])


def _answer(member: Member, *, is_new: bool) -> Answer:
    fields = [(b"last-modified", http_date(member.modified).encode())]
    if member.etag:
        fields.append((b"etag", member.etag.encode()))
    return Answer(201 if is_new else 204, tuple(fields))
