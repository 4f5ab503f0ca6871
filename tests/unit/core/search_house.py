"""Ann with mailboxes and search folders over them."""

from __future__ import annotations

from typing import Any, Literal

from posthouse.core.accounts.accounts import NewAccount, add_account
from posthouse.core.accounts.domains import add_domain
from posthouse.core.mail.criteria.keys import HasFlag, SearchKey
from posthouse.core.mail.flags import Flag, FlagChange
from posthouse.core.mail.mailboxes import find_mailbox, list_mailboxes
from posthouse.core.mail.messages import append, rows, store_flags
from posthouse.core.mail.search_folders.defining import NamedPlace, Wanted, define_search_folder
from posthouse.core.mail.search_folders.records import SPACES, decode_source
from posthouse.core.mail.search_folders.refreshing import Refresher, Turns
from posthouse.core.mail.search_folders.settings import SearchFolderSettings
from posthouse.core.mail.settings import MailSettings
from posthouse.core.search.contract import NoIndex
from posthouse.storage.blobs.memory import MemoryBlobs
from posthouse.storage.contract import ReadTransaction, Store, StoreUnavailable, query
from posthouse.storage.spaces import SEARCH_SOURCE
from tests.letters import letter

NOW = 1_790_000_000_000
SEEN, FLAGGED, DELETED = int(Flag.SEEN), int(Flag.FLAGGED), int(Flag.DELETED)
UNSEEN = HasFlag(SEEN, False)
SETTINGS = SearchFolderSettings()


async def furnish(store: Store) -> None:
    await store.write(add_domain, "example.org", None, NOW)
    await store.write(add_account, NewAccount("ann@example.org", "", None, None), NOW)


@query
def sources(txn: ReadTransaction, folder: int) -> dict[int, tuple[int, int]]:
    return {
        SEARCH_SOURCE.parse(key)[2]: decode_source(value) for key, value in txn.scan(*SEARCH_SOURCE.range(1, folder))
    }


@query
def leftovers(txn: ReadTransaction, folder: int) -> int:
    return sum(1 for space in SPACES for _ in txn.scan(*space.range(1, folder)))


class House:
    """An account with its mailboxes, and a clock."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.now = NOW
        self.refresher = Refresher(store, MemoryBlobs(4096), NoIndex(), lambda: self.now, Turns())

    async def put(self, mailbox: str, *subjects: str, flags: int = 0, keywords: tuple[str, ...] = ()) -> None:
        letters = [letter(f"Subject: {one}\r\n\r\nbody of {one}\r\n".encode()) for one in subjects]
        times = [self.now] * len(letters)
        await self.store.write(append, 1, mailbox, letters, [(flags, keywords)] * len(letters), times, self.now)

    async def number(self, name: str) -> int:
        return (await self.store.read(find_mailbox, 1, name)).id

    async def define(self, name: str, criteria: SearchKey, *places: NamedPlace, main: str | None = None) -> int:
        wanted = Wanted(criteria, list(places), main)
        return (await self.store.write(define_search_folder, 1, name, wanted, SETTINGS, NOW, MailSettings())).id

    async def shown(self, folder: int) -> list[tuple[int, int]]:
        """(UID, flags) of what it shows now; its counters are right, too."""
        await self.refresher.refresh(1, folder)
        found = await self.store.read(rows, 1, folder, 1, 2**32 - 1, 10_000, 0)
        mailbox = next(one for one in await self.store.read(list_mailboxes, 1) if one.id == folder)
        assert mailbox.virtual
        assert mailbox.exists == len(found)
        assert mailbox.unseen == sum(not row.flags & SEEN for row in found)
        assert mailbox.size == sum(row.size for row in found)
        held = await self.store.read(sources, folder)
        assert list(held) == [row.uid for row in found]
        return [(row.uid, row.flags) for row in found]

    async def uids(self, folder: int) -> list[int]:
        return [uid for uid, _ in await self.shown(folder)]

    async def flag(self, mailbox: str, uid: int, mode: Literal["add", "remove"], flags: int) -> None:
        change = FlagChange(mode, flags)
        await self.store.write(store_flags, 1, await self.number(mailbox), [(uid, uid)], change, None)


class Dying:
    """A store that can be read, and written to so many times."""

    def __init__(self, store: Store, writes: int) -> None:
        self.read = store.read
        self._write = store.write
        self._left = writes

    async def write(self, *what: Any) -> Any:
        self._left -= 1
        if self._left < 0:
            raise StoreUnavailable("gone")
        return await self._write(*what)
