"""Mail of some accounts, an indexer that follows it, and the search that a worker has of it."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from posthouse.core.mail.mailboxes import INBOX
from posthouse.core.mail.messages import append
from posthouse.core.search.contract import Candidates
from posthouse.core.search.index import Index
from posthouse.core.search.indexer import Indexer, Notices
from posthouse.core.search.lull import Lull
from posthouse.core.search.reading import Attachments, MessageReader
from posthouse.core.search.searcher import IndexSearch
from posthouse.core.search.settings import SearchSettings
from posthouse.formats.casemap import casemap
from posthouse.server.indexer.folder import IndexFolder, index_directory
from posthouse.storage.blobs.memory import MemoryBlobs
from posthouse.storage.contract import Store
from posthouse.storage.memory import MemoryStore
from tests.letters import letter
from tests.unit.core.house import NOW, two_domains


class Count:
    """Counts."""

    def __init__(self) -> None:
        self.messages = 0
        self.left = 0

    def indexed(self, messages: int) -> None:
        self.messages += messages

    def waiting(self, messages: int) -> None:
        self.left = messages


class House:
    """Accounts 1 and 2; nothing is indexed but by `catch_up`."""

    def __init__(self, base: Path, settings: SearchSettings | None = None) -> None:
        self.base = base
        self.settings = settings or SearchSettings()
        self.now = 1000.0
        self.notices = Notices(Lull(self.settings.patience_seconds, lambda: self.now))
        self.store: Store = MemoryStore(self.notices)
        self.kept: Store = MemoryStore(None)
        self.blobs = MemoryBlobs(4096)
        self.count = Count()
        self.attachments: Attachments | None = None
        self.executor = ThreadPoolExecutor(1)
        self.search = self.searching()

    @classmethod
    async def open(cls, base: Path, settings: SearchSettings | None = None) -> House:
        """With two people."""
        house = cls(base, settings)
        await two_domains(house.store)
        return house

    def searching(self) -> IndexSearch:
        """One more worker's search."""
        return IndexSearch(self.store, self.kept, self.open_index, self.executor)

    def open_index(self) -> Index:
        """The index as a worker opens it."""
        return Index(index_directory(self.base), self.settings.language)

    def indexer(self, folder: Callable[[Path, SearchSettings], IndexFolder] = IndexFolder) -> Indexer:
        """A new one."""
        reader = MessageReader(self.blobs, self.settings, self.attachments)
        return Indexer(
            self.store,
            self.kept,
            folder(self.base, self.settings),
            reader,
            self.settings,
            self.notices,
            self.count,
            lambda: self.now,
        )

    async def catch_up(self) -> None:
        """Index what there is."""
        await self.indexer().catch_up()

    async def add(self, *letters: bytes, account: int = 1, mailbox: str = INBOX) -> list[int]:
        """Append letters; their UIDs."""
        made = [letter(octets) for octets in letters]
        appended = await self.store.write(append, account, mailbox, made, [(0, ())] * len(made), [NOW] * len(made), NOW)
        return appended.uids

    async def candidates(self, text: str, account: int = 1) -> Candidates:
        """What may hold a text."""
        return await self.search.candidates(account, casemap(text))

    async def found(self, text: str, account: int = 1, *, in_header: bool = True) -> tuple[set[int], set[int]]:
        """Numbers of messages that hold the text for certain, and of those that have to be asked; of indexed ones."""
        folded = casemap(text)
        answer = await self.search.candidates(account, folded)
        asked = sorted(answer.messages) if answer.messages is not None else list(range(1, answer.upto + 1))
        said = b""
        while len(said) < len(asked):
            said += await self.search.holding(account, folded, in_header, asked[len(said) :], 0)
        pairs = list(zip(asked, said, strict=True))
        return {number for number, one in pairs if one == 1}, {number for number, one in pairs if one == 2}
