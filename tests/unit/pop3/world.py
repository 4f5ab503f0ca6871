"""A whole POP3 server in memory: the memory engine, the real core, one domain with two accounts."""

from __future__ import annotations

from typing import Any

from posthouse.core.accounts.accounts import NewAccount, add_account
from posthouse.core.accounts.domains import add_domain
from posthouse.core.authentication.authenticator import Authenticator
from posthouse.core.bus import LocalBus
from posthouse.core.mail.mailboxes import find_mailbox
from posthouse.core.mail.messages import append, rows
from posthouse.core.registry import LocalRegistry
from posthouse.protocols.pop3.contracts import Contracts
from posthouse.protocols.pop3.endpoint import pop3_factory
from posthouse.protocols.pop3.settings import Pop3Settings
from posthouse.storage.blobs.memory import MemoryBlobs
from posthouse.storage.contract import Store
from posthouse.storage.memory import MemoryStore
from tests.letters import letter
from tests.transcripts.runner import MemoryTransport
from tests.unit.imap.world import AUTHENTICATION, NOW, PASSWORD, keys_of

DAY_MS = 86_400_000
MESSAGES = [
    b"From: bob@example.org\r\nSubject: one\r\n\r\nfirst line\r\n.a dot\r\n..two dots\r\nlast line\r\n",
    b"From: bob@example.org\r\nSubject: two\r\n\r\nhello\r\n",
    "From: jörg@example.org\r\nSubject: drei\r\n\r\nGrüße\r\n".encode(),
]


class World:
    """The server, and its clients."""

    def __init__(self, store: Store, contracts: Contracts, tls: Any = None) -> None:
        self.store = store
        self.contracts = contracts
        self.factory = pop3_factory(contracts, tls)

    def begin(self, transport: MemoryTransport) -> None:
        """Bring up the server's end of a connection."""
        transport.begin(self.factory.buildProtocol(None))

    async def connect(self, *, login: bool = True, host: str = "127.0.0.1") -> MemoryTransport:
        """One more client, greeted and, if so asked, logged in as Alice."""
        client = MemoryTransport(host)
        self.begin(client)
        assert (await client.read_line()).startswith(b"+OK ")
        if login:
            assert (await ask(client, "USER alice@example.org")).startswith(b"+OK")
            said = await ask(client, f"PASS {PASSWORD}")
            assert said.startswith(b"+OK"), said
        return client

    async def put(self, *messages: bytes, mailbox: str = "INBOX", flags: int = 0, days_ago: int = 0) -> list[int]:
        """Put messages into Alice's mailbox; their UIDs."""
        count = len(messages)
        letters = [letter(octets) for octets in messages]
        times = [NOW - days_ago * DAY_MS] * count
        return (await self.store.write(append, 1, mailbox, letters, [(flags, ())] * count, times, NOW)).uids

    async def held(self, name: str = "INBOX") -> list[tuple[int, int]]:
        """(UID, flags) of Alice's messages, straight from the store."""
        mailbox = await self.store.read(find_mailbox, 1, name)
        return [
            (row.uid, row.flags)
            for row in await self.store.read(rows, 1, mailbox.id, 1, 0xFFFFFFFF, 1_000_000, 0)
        ]  # fmt: skip


async def ask(client: MemoryTransport, line: str) -> bytes:
    """Send a command; the first line of its answer."""
    client.send(line.encode() + b"\r\n")
    return await client.read_line()


async def rest(client: MemoryTransport) -> list[bytes]:
    """The lines up to the dot, as they were sent."""
    lines = []
    while (line := await client.read_line()) != b".":
        assert line != b"[closed]"
        lines.append(line)
    return lines


async def open_world(*, tls: Any = None, inline_octets: int = 4096, **settings: Any) -> World:
    """A server with an account 1, alice@example.org, and an account 2, bob@example.org."""
    bus = LocalBus()
    store = MemoryStore(bus)
    await store.write(add_domain, "example.org", None, NOW)
    for address in ("alice@example.org", "bob@example.org"):
        await store.write(add_account, NewAccount(address, "", keys_of(PASSWORD), None), NOW)
    contracts = Contracts(
        store=store,
        blobs=MemoryBlobs(inline_octets),
        authenticator=Authenticator(store, LocalRegistry(), AUTHENTICATION),
        registry=LocalRegistry(),
        bus=bus,
        settings=Pop3Settings(**settings),
        hostname="mail.example.org",
        now=lambda: NOW,
    )
    return World(store, contracts, tls)
