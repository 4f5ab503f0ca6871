"""A queue with remotes that do as they are told: nothing of it leaves this process."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec

from posthouse.core.accounts.records import SmartHost, read_domain, write_domain
from posthouse.core.bus import LocalBus
from posthouse.core.mail.letters import BlobLetters, scanned
from posthouse.core.queue.contracts import (
    CarriedMessage,
    ConnectFailed,
    Content,
    Hop,
    Outcome,
    Route,
    Unroutable,
)
from posthouse.core.queue.courier import Courier
from posthouse.core.queue.line import Means
from posthouse.core.queue.own import OwnMail
from posthouse.core.queue.records import (
    QueuedMessage,
    QueuedRecipient,
    read_message,
    read_recipients,
)
from posthouse.core.queue.send import NewRecipient, Outbound, send
from posthouse.core.queue.settings import QueueSettings
from posthouse.core.queue.transfer import finish
from posthouse.formats.mime.settings import MimeLimits
from posthouse.storage.blobs.memory import MemoryBlobs
from posthouse.storage.contract import ReadTransaction, Store, WriteTransaction, operation, query
from posthouse.storage.jobs import Room, list_jobs, take_jobs
from posthouse.storage.spaces import QUEUE_DEADLINE, QUEUE_DUE, QUEUE_UNDERWAY
from tests.unit.imap.world import NOW

RETURN_PATH = b"Return-Path: <ann@example.org>\r\n"
TEXT = b"Subject: hello\r\nMessage-ID: <1@example.org>\r\n\r\nbody\r\n"
HOST = Hop("mx.example.net", "192.0.2.1", 25)
HOUR = 3_600_000

Reply = Callable[[CarriedMessage, int], Awaitable[list[Outcome]]]


class Sent(msgspec.Struct):
    """What a remote was given."""

    address: str  # of the host
    message: CarriedMessage
    octets: bytes


def outcomes(message: CarriedMessage, result: Any = "taken", code: int = 250, words: str = "ok") -> list[Outcome]:
    """The same for all recipients."""
    status = f"{ {'taken': 2, 'later': 4, 'refused': 5}[result] }.0.0"
    return [Outcome(one.number, result, code, status, words, "mx") for one in message.recipients]


class Remote:
    """All the servers of the world, as the courier sees them; fulfils Router and Relay."""

    def __init__(self) -> None:
        self.sent: list[Sent] = []
        self.routes: dict[str, Route | Unroutable] = {}
        self.down: dict[str, ConnectFailed] = {}  # address -> why it is not reached
        self.room: dict[str, int] = {}  # address -> how many connections it takes
        self.open: Counter[str] = Counter()
        self.most: Counter[str] = Counter()
        self.connects: Counter[str] = Counter()
        self.tls: list[tuple[str, str]] = []
        self.breaks_after = 0  # messages, 0 for never
        self.gate = asyncio.Event()
        self.gate.set()
        self.reply: Reply | None = None
        self.replies: dict[str, Reply] = {}  # by address, before `reply`

    async def route(self, destination: str, domain: str, *, tls_optional: bool = False) -> Route:
        """The way there."""
        found = self.routes.get(f"{destination} {domain}") or self.routes.get(destination) or Route((HOST,))
        if isinstance(found, Unroutable):
            raise found
        return found

    def note_tls(self, hop: Hop, failure: str) -> None:
        """Remember it."""
        self.tls.append((hop.address, failure))

    async def connect(self, hop: Hop) -> Connection:
        """A session."""
        self.connects[hop.address] += 1
        await asyncio.sleep(0)
        if hop.address in self.down:
            raise self.down[hop.address]
        if self.open[hop.address] >= self.room.get(hop.address, 1000):
            raise ConnectFailed("421 too many connections", "4.7.0", code=421)
        self.open[hop.address] += 1
        self.most[hop.address] = max(self.most[hop.address], self.open[hop.address])
        return Connection(self, hop)


class Connection:
    """One session."""

    tls_failure = ""

    def __init__(self, remote: Remote, hop: Hop) -> None:
        self._remote = remote
        self._hop = hop
        self._carried = 0
        self.is_usable = True

    async def carry(self, message: CarriedMessage, content: Content) -> list[Outcome]:
        """Take it, or not."""
        remote = self._remote
        await remote.gate.wait()
        await asyncio.sleep(0)
        self._carried += 1
        if remote.breaks_after and self._carried > remote.breaks_after:
            self.is_usable = False
            return outcomes(message, "later", 0, "the connection broke")
        octets = b"".join([chunk async for chunk in content.chunks()])
        assert len(octets) == content.size == message.size
        remote.sent.append(Sent(self._hop.address, message, octets))
        reply = remote.replies.get(self._hop.address, remote.reply)
        if reply is not None:
            return await reply(message, self._carried)
        return outcomes(message)

    async def quit(self) -> None:
        """Goodbye."""
        self._remote.open[self._hop.address] -= 1
        self.is_usable = False


class World:
    """A queue, its courier and the remotes."""

    def __init__(self, store: Store, bus: LocalBus, **settings: object) -> None:
        self.store = store
        self.bus = bus
        self.blobs = MemoryBlobs(4096)
        self.remote = Remote()
        self.settings = msgspec.convert({"linger_seconds": 0, **settings}, QueueSettings)
        self.now = NOW
        self._number = 0

    def courier(self) -> Courier:
        """One more worker's."""
        means = Means(self.store, self.blobs, self.remote, self.remote, self.settings, self.clock)
        letters = BlobLetters(self.blobs, MimeLimits())
        return Courier(means, OwnMail(self.store, self.blobs, letters, self.settings, self.clock), self.bus)

    def clock(self) -> int:
        """Ms."""
        return self.now

    async def add(self, *recipients: str | NewRecipient, text: bytes = TEXT, **fields: object) -> int:
        """Queue a message from ann@example.org; its number."""
        self._number += 1
        new = Outbound(
            number=self._number,
            sender="ann@example.org",
            domain="example.org",
            account=1,
            recipients=[one if isinstance(one, NewRecipient) else NewRecipient(one) for one in recipients],
            start=len(RETURN_PATH),
            prefix=b"DKIM-Signature: x\r\n",
            expires=self.now + 120 * HOUR,
            warn_at=self.now + 4 * HOUR,
        )
        new = msgspec.structs.replace(new, **fields)
        await self.store.write(send, scanned(RETURN_PATH + text), [], [new], self.now)
        return self._number

    async def work(self, courier: Courier | None = None) -> list[str]:
        """Do all jobs that are due, as the timetable does; the destinations that were gone to."""
        jobs = await self.store.write(take_jobs, [Room(["carry"], 1000)], self.now, 60_000, "me")
        courier = courier or self.courier()
        for job in jobs:
            await courier.carry(job.body)
            await self.store.write(finish, job.lease, job.body, self.now)
        return [job.body.decode() for job in jobs]

    async def recipients(self, number: int) -> list[QueuedRecipient]:
        """Those of a message."""
        return list((await self.store.read(all_recipients, number)).values())

    async def states(self, number: int) -> list[str]:
        """Their states."""
        return [recipient.state for recipient in await self.recipients(number)]

    async def message(self, number: int) -> QueuedMessage:
        """One of them."""
        found = await self.store.read(one_message, number)
        assert found is not None
        return found

    async def jobs(self) -> dict[str | None, int]:
        """What is on the timetable, and when."""
        return {job.key: job.due for job in await self.store.read(list_jobs, 0, 1000)}

    async def check(self) -> None:
        """The indexes say what the records say."""
        due, underway, deadlines = await self.store.read(indexes)
        right_due, right_underway, right_deadlines = [], [], []
        for number in range(1, self._number + 1):
            for at, one in (await self.store.read(all_recipients, number)).items():
                if one.state == "waiting" or (one.state == "held" and one.due):
                    right_due.append((one.destination, one.due, number, at))
                if one.state == "in transfer":
                    right_underway.append((one.destination, number, at))
                if one.deadline:
                    right_deadlines.append((one.deadline, number, at))
        assert due == sorted(right_due)
        assert underway == sorted(right_underway)
        assert deadlines == sorted(right_deadlines)


@operation
def set_smart_host(txn: WriteTransaction, name: str, smart_host: SmartHost | None) -> None:
    """Have a domain's mail go over it, or not."""
    record = read_domain(txn, name)
    assert record is not None
    record.smart_host = smart_host
    write_domain(txn, record)


@query
def all_recipients(txn: ReadTransaction, number: int) -> dict[int, QueuedRecipient]:
    """As they are stored."""
    return read_recipients(txn, number)


@query
def one_message(txn: ReadTransaction, number: int) -> QueuedMessage | None:
    """As it is stored."""
    return read_message(txn, number)


@query
def indexes(
    txn: ReadTransaction,
) -> tuple[list[tuple[str, int, int, int]], list[tuple[str, int, int]], list[tuple[int, int, int]]]:
    """What is due, under way, and has a deadline."""
    parsed: Any = [
        [space.parse(key) for key, _ in txn.scan(*space.range())]
        for space in (QUEUE_DUE, QUEUE_UNDERWAY, QUEUE_DEADLINE)
    ]
    due, underway, deadlines = parsed
    return due, underway, deadlines
