"""COPY and MOVE; RFC 4918 9.8 and 9.9."""

from __future__ import annotations

from posthouse.webdav.http.answer import Answer
from posthouse.webdav.http.errors import HttpError
from posthouse.webdav.methods.asked import Asked
from posthouse.webdav.methods.carrying import carry, carry_off
from posthouse.webdav.methods.earlier import bring_back, earlier
from posthouse.webdav.methods.preconditions import guard_of
from posthouse.webdav.methods.representing import represented
from posthouse.webdav.tree import Found, Tree
from posthouse.webdav.wire.fields import INFINITY, depth, destination, overwrites


async def copy(asked: Asked) -> Answer:
    """Copy it; raises HttpError."""
    if "revision" in asked.request.query:
        return await _copy_earlier(asked)
    writing = asked.writing
    levels = depth(asked.request, INFINITY)
    if levels == 1:
        raise HttpError(400, "a copy is of all, or of the folder alone")
    source, onto, target = await _both(asked)
    guard = await guard_of(asked, source)
    may_overwrite = overwrites(asked.request)
    is_deep = levels == INFINITY
    if writing.joins(onto):
        is_new = await writing.copy(source, onto, target, overwrite=may_overwrite, is_deep=is_deep, guard=guard)
    else:
        is_new = await carry(asked, source, onto, target, overwrite=may_overwrite, is_deep=is_deep, guard=guard)
    return await represented(asked.on(onto), target.path, Answer(201 if is_new else 204))


async def _copy_earlier(asked: Asked) -> Answer:
    """Copy earlier contents: onto the document they come back, elsewhere they are written as others are."""
    at, member = await asked.held()
    held = await earlier(asked, at, member)
    onto, path = await asked.open(destination(asked.request))
    if (*onto.root, *path) == (*asked.tree.root, *at.path):
        return await bring_back(asked, at)
    _, onto, target = await _both(asked)
    source, guard = Found(at.path, at.folder, held), await guard_of(asked, at)
    is_new = await carry(asked, source, onto, target, overwrite=overwrites(asked.request), is_deep=False, guard=guard)
    return await represented(asked.on(onto), target.path, Answer(201 if is_new else 204))


async def move(asked: Asked) -> Answer:
    """Move it; raises HttpError."""
    writing = asked.writing
    source, onto, target = await _both(asked)
    if source.member and source.member.is_folder and depth(asked.request, INFINITY) != INFINITY:
        raise HttpError(400, "a folder goes with all in it")
    if not source.path:
        raise HttpError(403, "this folder stays")
    guard = await guard_of(asked, source)
    may_overwrite = overwrites(asked.request)
    if writing.joins(onto):
        is_new = await writing.move(source, onto, target, overwrite=may_overwrite, guard=guard)
    else:
        is_new = await carry_off(asked, source, onto, target, overwrite=may_overwrite, guard=guard)
    return await represented(asked.on(onto), target.path, Answer(201 if is_new else 204))


async def _both(asked: Asked) -> tuple[Found, Tree, Found]:
    """What is asked for, the tree that it shall be in, and its place there."""
    path = destination(asked.request)
    source, _ = await asked.held()
    try:
        onto, below = await asked.open(path)
    except HttpError:
        raise HttpError(502, "nothing can be put there from here") from None
    if onto.writing is None:
        raise HttpError(502, "nothing can be put there from here")
    target = await onto.find(below)
    if not target.path or (target.path == source.path and onto.root == asked.tree.root):
        raise HttpError(403, "that is the same, or stays")
    if not target.folder:
        raise HttpError(409, "the folder that it would be in is not there")
    return source, onto, target
