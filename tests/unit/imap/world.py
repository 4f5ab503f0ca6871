"""A whole IMAP server in memory: the memory engine, the real core, one domain with two accounts."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from posthouse.core.accounts.accounts import AccountChange, NewAccount, add_account, change_account
from posthouse.core.accounts.domains import add_domain
from posthouse.core.authentication.authenticator import Authenticator
from posthouse.core.authentication.credentials import PasswordKeys
from posthouse.core.authentication.passwords import derive
from posthouse.core.authentication.settings import AuthenticationSettings
from posthouse.core.authentication.tokens import Tokens
from posthouse.core.bus import LocalBus
from posthouse.core.mail.letters import BlobLetters
from posthouse.core.mail.mailboxes import find_mailbox
from posthouse.core.mail.messages import rows
from posthouse.core.registry import LocalRegistry
from posthouse.core.sharing.settings import SharingSettings
from posthouse.formats.mime.settings import MimeLimits
from posthouse.protocols.imap.contracts import Contracts
from posthouse.protocols.imap.endpoint import imap_factory
from posthouse.protocols.imap.known_uids import KnownUids
from posthouse.protocols.imap.settings import ImapSettings
from posthouse.protocols.imap.wire.fetch_encoder import FlagLists
from posthouse.storage.blobs.memory import MemoryBlobs
from posthouse.storage.contract import Store
from posthouse.storage.memory import MemoryStore
from tests.transcripts.runner import MemoryTransport
from tests.unit.imap.client import Client

NOW = 1_790_000_000_000
PASSWORD = "secret"
SHARING = SharingSettings()
AUTHENTICATION = AuthenticationSettings(argon2_memory_kibibytes=8, argon2_passes=1, scram_iterations=4096)


class World:
    """The server, and its clients."""

    def __init__(self, store: Store, contracts: Contracts, tls: Any = None) -> None:
        self.store = store
        self.now = NOW
        self.contracts = contracts
        self.factory = imap_factory(contracts, tls)

    def connect(self, host: str = "127.0.0.1") -> Client:
        """One more client."""
        return Client(self.begin, host)

    def begin(self, transport: MemoryTransport) -> None:
        """Bring up the server's end of a connection."""
        transport.begin(self.factory.buildProtocol(None))

    async def limit_quota(self, address: str, octets: int) -> None:
        """Give an account so little room."""
        await self.store.write(change_account, address, AccountChange(quota_octets=octets))

    async def flags(self, name: str) -> list[tuple[int, frozenset[bytes]]]:
        """(uid, flags) of all messages, straight from the store."""
        mailbox = await self.store.read(find_mailbox, 1, name)
        names = FlagLists(mailbox.keywords)
        found = await self.store.read(rows, 1, mailbox.id, 1, 0xFFFFFFFF, 1_000_000, 0)
        return [(row.uid, frozenset(names.render(row.flags, row.keywords)[1:-1].split())) for row in found]


@lru_cache
def keys_of(password: str) -> PasswordKeys:
    """What is kept of a password; made once, since it takes long."""
    return derive(password, AUTHENTICATION)


async def open_world(
    *,
    tls: Any = None,
    inline_octets: int = 4096,
    store: Store | None = None,
    bus: LocalBus | None = None,
    sharing: SharingSettings = SHARING,
    tokens: Tokens | None = None,
    **settings: Any,
) -> World:
    """A server with an account 1, alice@example.org, and an account 2, bob@example.org."""
    bus = bus or LocalBus()
    store = store or MemoryStore(bus)
    blobs = MemoryBlobs(inline_octets)
    await store.write(add_domain, "example.org", None, NOW)
    for address in ("alice@example.org", "bob@example.org"):
        await store.write(add_account, NewAccount(address, "", keys_of(PASSWORD), None), NOW)
    contracts = Contracts(
        store=store,
        blobs=blobs,
        letters=BlobLetters(blobs, MimeLimits()),
        authenticator=Authenticator(store, LocalRegistry(), AUTHENTICATION, tokens=tokens),
        bus=bus,
        settings=ImapSettings(**settings),
        hostname="mail.example.org",
        now=lambda: NOW,
        known_uids=KnownUids(least=0),
        sharing=sharing,
    )
    return World(store, contracts, tls)
