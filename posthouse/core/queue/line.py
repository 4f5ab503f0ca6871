"""A line: the connections over one route, which grow in number while there is work, and the messages that wait."""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from collections.abc import Callable
from typing import Protocol

from msgspec import Struct

from posthouse.core.queue.content import StoredContent
from posthouse.core.queue.contracts import (
    CarriedMessage,
    ConnectFailed,
    Outcome,
    Relay,
    RelayConnection,
    Route,
    Router,
)
from posthouse.core.queue.detour import Detour
from posthouse.core.queue.settings import QueueSettings
from posthouse.core.queue.transfer import Carried, Taken
from posthouse.storage.blobs.contract import BlobDamaged, Blobs
from posthouse.storage.contract import Store

TRIES = 5  # of one message over connections that had waited
BROKEN_CODES = frozenset({0, 421})  # the connection's end, not the message's fault (RFC 5321 3.8)


class Means(Struct, frozen=True):
    """What a courier works with; `now` in ms."""

    store: Store
    blobs: Blobs
    router: Router
    relay: Relay
    settings: QueueSettings
    now: Callable[[], int]


class Clerk(Protocol):
    """Whom a line tells what happens on it."""

    async def reached(self) -> None:
        """A host has answered."""

    async def note(self, carried: Carried) -> None:
        """That became of a message; returns when it is durable."""

    async def strand(self, messages: list[Taken], failure: ConnectFailed) -> None:
        """No host answers; these messages are still to be carried."""


class Line:
    """One route's connections; each is a task of `group`."""

    def __init__(self, means: Means, route: Route, group: asyncio.TaskGroup, clerk: Clerk) -> None:
        self._means = means
        self._route = route
        self._group = group
        self._clerk = clerk
        self._messages: deque[Taken] = deque()
        self._waiting: deque[asyncio.Future[None]] = deque()  # connections without work
        self._tried: Counter[int] = Counter()  # messages under which an old connection broke
        self._open = 0
        self._opening = False
        self._most = means.settings.connections_per_destination
        self._hop = 0  # that was reached last
        self._ended = False
        self.failure: ConnectFailed | None = None  # why it carries nothing

    def put(self, taken: Taken) -> None:
        """One more message to carry."""
        self._messages.append(taken)
        self._serve()

    def end(self) -> None:
        """Have each connection quit when it has carried what it carries now."""
        self._ended = True
        self._messages.clear()  # they are in transfer in the store, which puts them back
        self._wake()

    def _serve(self) -> None:
        """Wake a connection that waits, or open one more."""
        if not self._messages:
            return
        if self._waiting:
            self._wake_one()
        elif not self._opening and self._open < self._most and self.failure is None and not self._ended:
            self._opening = True
            self._group.create_task(self._run())

    def _wake_one(self) -> None:
        while self._waiting:
            waiting = self._waiting.popleft()
            if not waiting.done():
                waiting.set_result(None)
                return

    def _wake(self) -> None:
        while self._waiting:
            self._wake_one()

    async def _run(self) -> None:
        """The life of one connection."""
        connection = await self._connect()
        if connection is None:
            return
        self._open += 1
        try:
            self._serve()  # one is up: another may follow
            await self._carry_all(connection)
        finally:
            self._open -= 1
            await connection.quit()
        self._serve()

    async def _carry_all(self, connection: RelayConnection) -> None:
        means = self._means
        detour = Detour(means.relay, means.router, self._route, self._route.hops[self._hop].host)
        try:
            await self._carry_each(connection, detour)
        finally:
            await detour.quit()

    async def _carry_each(self, connection: RelayConnection, detour: Detour) -> None:
        for carried in range(self._means.settings.messages_per_connection):
            taken = await self._next(connection)
            if taken is None:
                return
            content = StoredContent(self._means.store, self._means.blobs, taken.message)
            outcomes = await self._carry(connection, detour, taken, content)
            if carried and not connection.is_usable and not content.begun and self._breaks(taken, outcomes):
                self._messages.appendleft(taken)
                return
            await self._clerk.note(Carried(taken.number, outcomes, self._route.final))

    async def _next(self, connection: RelayConnection) -> Taken | None:
        """The next message; None when this connection is to carry nothing more."""
        while connection.is_usable and not self._ended:
            if self._messages:
                taken = self._messages.popleft()
                self._serve()
                return taken
            waiting: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._waiting.append(waiting)
            await waiting
        return None

    def _breaks(self, taken: Taken, outcomes: list[Outcome]) -> bool:
        """True when an old connection broke before the message was sent: another may not; not for ever."""
        if not all(outcome.result == "later" and outcome.code in BROKEN_CODES for outcome in outcomes):
            return False
        self._tried[taken.number] += 1
        return self._tried[taken.number] < TRIES

    async def _carry(
        self, connection: RelayConnection, detour: Detour, taken: Taken, content: StoredContent
    ) -> list[Outcome]:
        envelope = _envelope(taken)
        try:
            outcomes = await connection.carry(envelope, content)
            if all(outcome.again == "elsewhere" for outcome in outcomes):
                return await detour.carry(envelope, content, outcomes)
            return outcomes
        except BlobDamaged as damage:
            words = f"the stored message cannot be read: {damage}"
            return [Outcome(one.number, "later", 0, "4.3.0", words, "") for one in taken.recipients]

    async def _connect(self) -> RelayConnection | None:
        """A connection to the first hop that can be reached; one more is tried only where others are."""
        hops = self._route.hops
        failure: ConnectFailed | None = None
        try:
            for at in [*range(self._hop, len(hops)), *range(self._hop)]:
                try:
                    connection = await self._means.relay.connect(hops[at])
                except ConnectFailed as error:
                    if failure is None or failure.permanent or not error.permanent:
                        failure = error  # one host that may be spoken to later is enough to wait for
                    if error.tls:
                        self._means.router.note_tls(hops[at], error.tls)
                    if self._open:
                        break
                    continue
                self._means.router.note_tls(hops[at], connection.tls_failure)
                self._hop = at
                await self._clerk.reached()
                return connection
        finally:
            self._opening = False
        if self._open:
            self._most = self._open  # they take no more of them
            return None
        failure = failure or ConnectFailed("there is no host to go to")
        if failure.permanent and not self._route.final:  # a smart host's is the administrator's trouble
            failure = ConnectFailed(failure.words, f"4{failure.status[1:]}", code=failure.code)
        self.failure = failure
        stranded = list(self._messages)
        self._messages.clear()
        await self._clerk.strand(stranded, failure)
        return None


def _envelope(taken: Taken) -> CarriedMessage:
    message = taken.message
    return CarriedMessage(
        sender=message.sender,
        recipients=tuple(taken.recipients),
        size=message.size,
        utf8=message.utf8,
        body=message.body,
        ret=message.ret,
        envelope_id=message.envelope_id,
        require_tls=message.require_tls,
        priority=message.priority,
        deliver_by=message.deliver_by,
        deliver_by_mode=message.deliver_by_mode,
        deliver_by_trace=message.deliver_by_trace,
    )
