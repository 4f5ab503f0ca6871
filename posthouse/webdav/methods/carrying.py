"""COPY and MOVE between trees that have nothing in common: one resource after another is read here and written there.

A document is there whole or not at all. A folder grows where it shall be; when something cannot be written, what was
written of it is deleted again, and what is moved stays where it was (RFC 4918 9.8.8 and 9.9.4).
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager, suppress

from posthouse.core.sharing.rights import Right
from posthouse.webdav.http.errors import HttpError
from posthouse.webdav.methods.asked import Asked
from posthouse.webdav.tree import Found, Guard, Member, Tree, Upload, Writing, pieces_of
from posthouse.webdav.wire.errors import DavError


async def carry(
    asked: Asked, source: Found, onto: Tree, target: Found, *, overwrite: bool, is_deep: bool, guard: Guard
) -> bool:
    """Copy what is there to another tree; True when nothing was there before. Raises HttpError."""
    member, writing = source.member, onto.writing
    if member is None or writing is None:
        raise HttpError(404, "there is nothing here")
    asked.need(source, member, Right.READ)
    is_new = target.member is None
    if not is_new and not overwrite:
        raise HttpError(412, "something is there already")
    told = Guard(guard.tokens)  # its other conditions are about the source
    if target.member is not None and (member.is_folder or target.member.is_folder):
        await writing.remove(target, told)
        target = await onto.find(target.path)
    carrying = _Carrying(asked, onto, writing, told)
    if not member.is_folder:
        await carrying.document(member, target)
        return is_new
    try:
        await carrying.folder(member, target, is_deep=is_deep)
    except BaseException:
        if carrying.count:
            with suppress(HttpError):
                await writing.remove(await onto.find(target.path), told)
        raise
    return is_new


async def carry_off(asked: Asked, source: Found, onto: Tree, target: Found, *, overwrite: bool, guard: Guard) -> bool:
    """Move it: copied whole, and then deleted here; where it cannot be deleted, the copy is."""
    is_new = await carry(asked, source, onto, target, overwrite=overwrite, is_deep=True, guard=guard)
    try:
        await asked.writing.remove(source, guard)
    except HttpError:
        if is_new and onto.writing is not None:
            with suppress(HttpError):
                await onto.writing.remove(await onto.find(target.path), Guard(guard.tokens))
        raise
    return is_new


class _Carrying:
    """`count` is how many resources were written."""

    def __init__(self, asked: Asked, onto: Tree, writing: Writing, guard: Guard) -> None:
        self._asked = asked
        self._onto = onto
        self._writing = writing
        self._guard = guard
        self.count = 0

    async def document(self, member: Member, target: Found) -> None:
        """Write a document, with its properties."""
        tree = self._asked.tree

        async def pieces() -> AsyncIterator[bytes]:
            if member.size:
                async for piece in pieces_of(await tree.contents(member, 0, member.size)):
                    yield piece

        upload = Upload(pieces, member.media_type, member.size, member.modified)
        with self._naming(target):
            await self._writing.write(target, upload, self._guard)
        self._count()
        properties = (await tree.dead_properties([member])).get(member.key) if member.dead else None
        if properties:
            try:
                await self._writing.change(await self._onto.find(target.path), list(properties.items()), self._guard)
            except HttpError as error:
                if error.status != 507:  # they stay behind where there is no room for them: 9.8.2 has it as a SHOULD
                    raise

    async def folder(self, folder: Member, target: Found, *, is_deep: bool) -> None:
        """Make a folder with what is in it, as far as one may read it."""
        tree = self._asked.tree
        waiting = [(folder, target)]
        while waiting:
            folder, target = waiting.pop()
            properties = (await tree.dead_properties([folder])).get(folder.key, {}) if folder.dead else {}
            with self._naming(target):
                await self._writing.make_folder(target, properties, self._guard)
            self._count()
            if not is_deep:
                return
            async for page in tree.pages(folder):
                for member in page:
                    leads_on = member.is_folder and not member.key  # to trees of their own
                    if leads_on or not member.rights & Right.READ:
                        continue
                    place = await self._onto.find((*target.path, member.name))
                    if member.is_folder:
                        waiting.append((member, place))
                    else:
                        await self.document(member, place)
                await asyncio.sleep(0)  # others have their turn

    @contextmanager
    def _naming(self, target: Found) -> Iterator[None]:
        """Say which one of many was refused."""
        try:
            yield
        except HttpError as error:
            if self.count:
                error.text = f"{'/'.join(target.path)}: {error.text}"
            raise

    def _count(self) -> None:
        self.count += 1
        if self.count > self._asked.settings.carried:
            raise DavError(507, "{DAV:}quota-not-exceeded", "that is too much for one request")
