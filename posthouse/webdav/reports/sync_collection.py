"""sync-collection: what became of a folder's members since a token; RFC 6578 3, of one level."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence

from posthouse.webdav.http.answer import Answer
from posthouse.webdav.http.errors import HttpError
from posthouse.webdav.methods.asked import COMPLIANCE, Asked, multistatus
from posthouse.webdav.properties.rows import Rows
from posthouse.webdav.tree import Member, Path
from posthouse.webdav.wire.errors import DavError
from posthouse.webdav.wire.fields import depth, prefers
from posthouse.webdav.wire.multistatus import HEAD, TAIL, status_row
from posthouse.webdav.wire.questions import wish_of
from posthouse.webdav.wire.writing import KIND, escape
from posthouse.webdav.wire.xml import Element, child, text_of

_AT_A_STRETCH = 200
_WITHIN = "<D:error><D:number-of-matches-within-limits/></D:error>"


async def sync_collection(asked: Asked, root: Element) -> Answer:
    """The members that changed and those that are gone; raises HttpError."""
    at, folder = await asked.held()
    if asked.tree.syncing is None or not folder.is_folder:
        raise DavError(403, "{DAV:}supported-report", "there is no such report here")
    if depth(asked.request, 0) != 0:
        raise HttpError(400, "Depth is 0")
    level = text_of(child(root, "{DAV:}sync-level"))
    if level not in ("1", ""):
        raise DavError(403, "{DAV:}sync-traversal-supported", "ask folder by folder")
    token = text_of(child(root, "{DAV:}sync-token"))
    changes = await asked.tree.syncing.changes(at, token, _limit(root))
    rows = Rows(asked.scene(), wish_of(root), is_minimal=prefers(asked.request, "return=minimal"))
    await rows.prepare()
    last = "".join([status_row(asked.address(path), 404) for path in changes.gone])
    if changes.is_cut:
        last += status_row(asked.address(at.path, is_folder=True), 507, _WITHIN)
    token = f"<D:sync-token>{escape(changes.token)}</D:sync-token>"
    if len(changes.held) <= _AT_A_STRETCH:
        return multistatus(await rows.below(at.path, changes.held) + last, token)
    return Answer(207, (KIND, COMPLIANCE), _stream(rows, at.path, changes.held, f"{last}{token}{TAIL}"))


async def _stream(rows: Rows, folder: Path, held: Sequence[Member], last: str) -> AsyncIterator[bytes]:
    yield HEAD.encode()
    for start in range(0, len(held), _AT_A_STRETCH):
        yield (await rows.below(folder, held[start : start + _AT_A_STRETCH])).encode()
        await asyncio.sleep(0)  # others have their turn
    yield last.encode()


def _limit(root: Element) -> int | None:
    limit = child(root, "{DAV:}limit")
    if limit is None:
        return None
    number = text_of(child(limit, "{DAV:}nresults"))
    if not number.isdecimal() or not number.isascii() or int(number[:12]) < 1:
        raise HttpError(400, "nresults is no number")
    return int(number[:12])
