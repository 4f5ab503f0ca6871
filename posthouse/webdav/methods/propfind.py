"""PROPFIND: properties of a resource, of a folder's members, and of all below where that is not much; RFC 4918 9.1."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from posthouse.webdav.http.answer import Answer
from posthouse.webdav.methods.asked import COMPLIANCE, GATHERED_OCTETS, Asked, multistatus
from posthouse.webdav.properties.rows import Rows
from posthouse.webdav.tree import Member, Path
from posthouse.webdav.walking import LookedAtEnough, walk
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
    rows = Rows(asked.scene(), wish, is_minimal=prefers(asked.request, "return=minimal"))
    await rows.prepare()
    first = await rows.of(at.path, member)
    if levels == 0 or not member.is_folder:
        return multistatus(first)
    if not wants_root(asked.request):
        first = ""
    if levels == INFINITY:
        return multistatus(first + await _below(asked, rows, at.path, member))
    pages = asked.tree.pages(member)
    page = await anext(pages, None)
    following = None if page is None else await anext(pages, None)
    if page is not None:
        first += await rows.below(at.path, page)
    if following is None:
        return multistatus(first)
    return Answer(207, (KIND, COMPLIANCE), _stream(rows, at.path, first, following, pages))


async def _below(asked: Asked, rows: Rows, path: Path, folder: Member) -> str:
    """The rows of all below a folder; raises HttpError where that is too much, or leads on to other trees."""
    made: list[str] = []
    left = GATHERED_OCTETS
    try:
        async for at, page in walk(asked.tree, path, folder, None, asked.settings.listed):
            if any(each.is_folder and not each.key for each in page):
                raise LookedAtEnough
            made.append(await rows.below(at, page))
            left -= len(made[-1])
            if left < 0:
                raise LookedAtEnough
    except LookedAtEnough:
        raise DavError(403, "{DAV:}propfind-finite-depth", "ask folder by folder") from None
    return "".join(made)


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
