"""A whole SMTP server in memory: the memory engine, the real core, a domain with accounts, an alias and groups."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from posthouse.core.accounts.accounts import AccountChange, NewAccount, add_account, change_account
from posthouse.core.accounts.aliases import add_alias
from posthouse.core.accounts.domains import add_domain
from posthouse.core.accounts.groups import add_group
from posthouse.core.accounts.settings import SendingSettings
from posthouse.core.authentication.authenticator import Authenticator
from posthouse.core.authentication.tokens import Tokens
from posthouse.core.bus import LocalBus
from posthouse.core.mail.letters import BlobLetters
from posthouse.core.mail.mailboxes import INBOX_ID
from posthouse.core.mail.messages import bodies, rows
from posthouse.core.queue.settings import QueueSettings
from posthouse.core.registry import LocalRegistry
from posthouse.formats.mime.settings import MimeLimits
from posthouse.protocols.smtp.contracts import Contracts
from posthouse.protocols.smtp.endpoint import smtp_factory
from posthouse.protocols.smtp.roles import LMTP, MX, SUBMISSION
from posthouse.protocols.smtp.settings import SmtpSettings
from posthouse.storage.blobs.memory import MemoryBlobs
from posthouse.storage.contract import Store
from posthouse.storage.memory import MemoryStore
from tests.transcripts.runner import MemoryTransport
from tests.unit.imap.world import AUTHENTICATION, NOW, PASSWORD, keys_of

ALICE, BOB, CAROL, DAVE = 1, 2, 3, 4
ROLES = {"mx": MX, "submission": SUBMISSION, "lmtp": LMTP}
ROOM = 2000  # octets that Dave may hold


class Steps:
    """What was noted in traces: (what, marks, fields)."""

    def __init__(self) -> None:
        self.noted: list[tuple[str, list[str], dict[str, object]]] = []

    def note(self, number: int, what: str, /, marks: Iterable[str] = (), **fields: object) -> None:
        self.noted.append((what, list(marks), fields))


class World:
    """The server, and its clients."""

    def __init__(
        self, store: Store, blobs: MemoryBlobs, contracts: Contracts, tls: Any = None, steps: Steps | None = None
    ) -> None:
        self.store = store
        self.blobs = blobs
        self.steps = steps or Steps()
        self.factory = smtp_factory(contracts, tls)

    def begin(self, transport: MemoryTransport) -> None:
        """Bring up the server's end of a connection."""
        transport.begin(self.factory.buildProtocol(None))

    async def inbox(self, account: int) -> list[bytes]:
        """What came, octet for octet."""
        found = await self.store.read(rows, account, INBOX_ID, 1, 0xFFFFFFFF, 1000, 0)
        places = await self.store.read(bodies, account, [row.message for row in found])
        return [await self.blobs.read(place) for place in places if place is not None]


class Client:
    """One client, that waits for every reply."""

    def __init__(self, world: World, host: str = "192.0.2.7") -> None:
        self.transport = MemoryTransport(host)
        world.begin(self.transport)

    async def reply(self) -> list[str]:
        """The next reply's lines."""
        lines: list[str] = []
        while not lines or lines[-1][3:4] == "-":
            lines.append((await self.transport.read_line()).decode())
        return lines

    async def say(self, line: str | bytes) -> str:
        """Send a line; the reply's last line."""
        self.transport.send((line.encode() if isinstance(line, str) else line) + b"\r\n")
        return (await self.reply())[-1]

    async def envelope(
        self, *recipients: str, sender: str = "ann@example.net", hello: str = "EHLO", data: bool = True
    ) -> None:
        """Greet, and get as far as the data."""
        await self.reply()
        assert (await self.say(f"{hello} client.example.net")).startswith("250 ")
        assert (await self.say(f"MAIL FROM:<{sender}>")).startswith("250 ")
        for recipient in recipients:
            assert (await self.say(f"RCPT TO:<{recipient}>")).startswith("250 ")
        if data:
            assert (await self.say("DATA")).startswith("354 ")


async def open_world(
    role: str = "mx",
    *,
    tls: Any = None,
    inline_octets: int = 4096,
    store: Store | None = None,
    daily_recipients: int = 0,
    tokens: Tokens | None = None,
    now: Callable[[], int] = lambda: NOW,
    **settings: Any,
) -> World:
    """A server for example.org: alice, bob, carol (disabled), dave (little room), sales@ -> alice, two groups."""
    bus = LocalBus()
    store = store or MemoryStore(bus)
    blobs = MemoryBlobs(inline_octets)
    await store.write(add_domain, "example.org", None, NOW)
    for name in ("alice", "bob", "carol", "dave"):
        await store.write(add_account, NewAccount(f"{name}@example.org", "", keys_of(PASSWORD), None), NOW)
    await store.write(change_account, "carol@example.org", AccountChange(status="disabled"))
    await store.write(change_account, "dave@example.org", AccountChange(quota_octets=ROOM))
    await store.write(add_alias, "sales@example.org", ["alice@example.org"])
    await store.write(add_alias, "postmaster@example.org", ["alice@example.org"])
    await store.write(add_alias, "grüße@example.org", ["bob@example.org"])
    for group, posting, other in (("team", "members", "bob"), ("all", "anyone", "dave")):
        members = ["alice@example.org", f"{other}@example.org"]
        await store.write(add_group, f"{group}@example.org", group, posting, members, NOW)
    steps = Steps()
    contracts = Contracts(
        role=ROLES[role],
        store=store,
        letters=BlobLetters(blobs, MimeLimits()),
        authenticator=Authenticator(store, LocalRegistry(), AUTHENTICATION, tokens=tokens),
        settings=SmtpSettings(**{"greeting_delay_milliseconds": 0, **settings}),
        queue=QueueSettings(),
        registry=LocalRegistry(),
        trace=steps,
        sending=SendingSettings(daily_recipients=daily_recipients),
        hostname="mail.example.org",
        now=now,
    )
    return World(store, blobs, contracts, tls, steps)
