"""What a session needs from the rest of the program, and what it gives to commands."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from posthouse.core.authentication.authenticator import Authenticator
from posthouse.core.bus import Bus
from posthouse.core.collector import Collector
from posthouse.core.mail.finding import Found, find_room, find_shared, is_shared, own
from posthouse.core.mail.letters import Letters
from posthouse.core.mail.origins import Origin, object_id
from posthouse.core.mail.search_folders.refreshing import Refresher, Turns
from posthouse.core.mail.search_folders.settings import SearchFolderSettings
from posthouse.core.mail.settings import MailSettings
from posthouse.core.search.contract import NoIndex, TextSearch
from posthouse.core.sharing.effective import Visitor
from posthouse.core.sharing.settings import SharingSettings
from posthouse.protocols.connection import Output
from posthouse.protocols.imap.dialect import Dialect
from posthouse.protocols.imap.known_uids import KnownUids
from posthouse.protocols.imap.orders import Orders
from posthouse.protocols.imap.settings import ImapSettings
from posthouse.storage.blobs.contract import Blobs
from posthouse.storage.contract import Store
from posthouse.storage.ranges import Range


class Contracts(msgspec.Struct, frozen=True):
    """What all sessions of a worker share; `now` gives ms since the epoch."""

    store: Store
    blobs: Blobs
    letters: Letters
    authenticator: Authenticator
    bus: Bus
    settings: ImapSettings
    hostname: str
    now: Callable[[], int]
    sharing: SharingSettings = SharingSettings()
    search: TextSearch = NoIndex()
    orders: Orders = msgspec.field(default_factory=Orders)
    known_uids: KnownUids = msgspec.field(default_factory=KnownUids)
    collector: Collector = msgspec.field(default_factory=Collector)
    search_folders: SearchFolderSettings = SearchFolderSettings()
    mail: MailSettings = MailSettings()
    turns: Turns = msgspec.field(default_factory=Turns)

    @property
    def refresher(self) -> Refresher:
        """Who brings search folders up to date."""
        return Refresher(self.store, self.blobs, self.search, self.now, self.turns)


class User(msgspec.Struct, frozen=True):
    """A session that has logged in, as its commands see it."""

    account: int
    address: str
    store: Store
    output: Output
    contracts: Contracts
    dialect: Dialect

    async def find(self, name: str) -> Found:
        """What a mailbox is called by leads to: the one place where names are understood. Raises NoSuchMailbox.

        That a mailbox of one's own is there is not looked at: whatever is done with it finds out.
        """
        if is_shared(name):
            return await self.store.read(find_shared, self.visitor, name)
        return own(self.account, name)

    async def find_room(self, name: str) -> Found:
        """Where a mailbox is to be made that is called so, with one's rights above it; raises NoSuchMailbox."""
        if is_shared(name):
            return await self.store.read(find_room, self.visitor, name)
        return own(self.account, name)

    @property
    def visitor(self) -> Visitor:
        """The account, where it asks for what others share."""
        return Visitor(self.account, self.contracts.sharing.reach)

    def object_id(self, kind: bytes, account: int, number: int) -> bytes:
        """An OBJECTID as this user sees it."""
        return object_id(kind, Origin(account, number), self.account)

    def now(self) -> int:
        """Ms since the epoch."""
        return self.contracts.now()


class Placed(msgspec.Struct, frozen=True):
    """Messages that a command put into a mailbox, which within its account is known by its UIDVALIDITY."""

    account: int
    uid_validity: int
    uids: list[Range]


class Ok(msgspec.Struct, frozen=True):
    """A command that was done: OK, with a response code or none.

    `synced` asks for HIGHESTMODSEQ as its code, where the peer enabled QRESYNC (RFC 7162 3.2.7). `limited` is the
    MESSAGELIMIT code of a command that was done in part, told before the tag when that has another one (RFC 9738 3.1).
    `placed` are the messages that it brought; those that a search folder shows as well stand there twice.
    """

    text: str
    code: bytes | None = None
    synced: bool = False
    limited: bytes | None = None
    placed: tuple[Placed, ...] = ()
