"""PROPFIND: properties of a resource, and of a folder's members; RFC 4918 9.1. Never of all below at once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from posthouse.webdav.http.answer import Answer
from posthouse.webdav.methods.asked import COMPLIANCE, Asked, multistatus
from posthouse.webdav.properties.rows import Rows
from posthouse.webdav.tree import Member, Path
from posthouse.webdav.wire.errors import DavError
from posthouse.webdav.wire.fields import INFINITY, depth, prefers, wants_root
from posthouse.webdav.wire.multistatus import HEAD, TAIL
from posthouse.webdav.wire.questions import read_wish
from posthouse.webdav.wire.writing import KIND


async def propfind(asked: Asked) -> Answer:
    """What is asked for; raises HttpError."""
    wish = read_wish(await asked.request.body.read(asked.settings.request_octets))
    at, member = await asked.held()
    levels = depth(asked.request, INFINITY)
    if levels == INFINITY and member.is_folder:
        raise DavError(403, "{DAV:}propfind-finite-depth", "ask folder by folder")
    rows = Rows(asked.scene(), wish, is_minimal=prefers(asked.request, "return=minimal"))
    await rows.prepare()
    first = await rows.of(at.path, member)
    if levels == 0 or not member.is_folder:
        return multistatus(first)
    if not wants_root(asked.request):
        first = ""
    pages = asked.tree.pages(member)
    page = await anext(pages, None)
    following = None if page is None else await anext(pages, None)
    if page is not None:
        first += await rows.below(at.path, page)
    if following is None:
        return multistatus(first)
    return Answer(207, (KIND, COMPLIANCE), _stream(rows, at.path, first, following, pages))


async def _stream(
    rows: Rows, folder: Path, first: str, page: list[Member], pages: AsyncIterator[list[Member]]
) -> AsyncIterator[bytes]:
    yield f"{HEAD}{first}".encode()
    following: list[Member] | None = page
    while following is not None:
        await asyncio.sleep(0)  # others have their turn
        yield (await rows.below(folder, following)).encode()
        following = await anext(pages, None)
    yield TAIL.encode()
