"""Whom who asks may know of: the principals of the site, and who shares files with him."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import msgspec

from posthouse.core.files.visiting import list_owners
from posthouse.core.sharing.effective import Visitor
from posthouse.core.sharing.people import Person, find_person, list_people
from posthouse.storage.contract import Store

AT_ONCE = 200  # that are looked at together


class Directory(msgspec.Struct, frozen=True):
    """The directory as one account may see it."""

    store: Store
    visitor: Visitor

    async def find(self, address: str) -> Person | None:
        """Who has that address."""
        return await self.store.read(find_person, self.visitor, address)

    async def sharers(self) -> list[str]:
        """The addresses of those who share files."""
        return [owner.address for owner in await self.store.read(list_owners, self.visitor)]

    async def people(self) -> AsyncIterator[list[Person]]:
        """All, some at a time, without members and groups."""
        after: tuple[str, str] | None = None
        while True:
            page = await self.store.read(list_people, self.visitor, after, AT_ONCE)
            yield page.people
            if page.after is None:
                return
            after = page.after
            await asyncio.sleep(0)  # others have their turn
