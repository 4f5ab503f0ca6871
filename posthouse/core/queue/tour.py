"""One courier's time at one destination: what is due is taken some at a time and given to the lines that lead there."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import structlog

from posthouse.core.queue.contracts import ConnectFailed, Outcome, Route, Unroutable
from posthouse.core.queue.ledger import Ledger, persist
from posthouse.core.queue.line import Line, Means
from posthouse.core.queue.states import host_pace, mail_pace
from posthouse.core.queue.transfer import Batch, Carried, Taken, close, take

log = structlog.get_logger()

BATCH = 50  # messages taken at a time, or twice as many as there may be connections


class Tour:
    """It ends when no mail has come for a while, when no host can be reached, or when it is told to."""

    def __init__(
        self, means: Means, destination: str, linger_seconds: Callable[[], float], *, is_doubtful: bool = False
    ) -> None:
        """`linger_seconds` says how long connections are kept for mail that may come.

        `is_doubtful`: the destination was not reached the last time.
        """
        self._means = means
        self._destination = destination
        self._linger_seconds = linger_seconds
        self._ledger = Ledger(means.store, destination, mail_pace(means.settings), means.now)
        self._batch = max(BATCH, 2 * means.settings.connections_per_destination)
        self._ways: dict[tuple[str, bool], Line | Unroutable] = {}  # by our domain that sends, and tls_optional
        self._lines: dict[Route, Line] = {}
        self._in_hand = 0  # messages taken and not yet written down
        self._stirred = asyncio.Event()  # there may be something to do
        self._has_news = True  # there may be more to take
        self._reached = False
        self._stranded: list[tuple[Taken, ConnectFailed]] = []
        self._stopped = False
        self._alive = 0 if is_doubtful else means.now()  # when there was a sign of life last, or could have been

    @property
    def hangs(self) -> bool:
        """True while nothing has been heard from there for some time."""
        return self._means.now() - self._alive >= self._means.settings.hanging_seconds * 1000

    def stir(self) -> None:
        """There is more mail."""
        self._has_news = True
        self._stirred.set()

    def stop(self) -> None:
        """End when what is being sent has been sent."""
        self._stopped = True
        self._stirred.set()

    async def run(self) -> None:
        """Carry all there is; raises OperationFailed, in a group."""
        try:
            async with asyncio.TaskGroup() as group:
                await self._take_all(group)
                for line in self._lines.values():
                    line.end()
        finally:
            await self._ledger.close()
        if self._stranded:
            await self._close(self._stranded[0][1])

    # What lines say

    async def reached(self) -> None:
        """A host has answered: what found none on another line is put off by itself."""
        self._reached = True
        self._alive = self._means.now()
        stranded, self._stranded = self._stranded, []
        for taken, failure in stranded:
            await self.note(Carried(taken.number, _put_off(taken, failure)))

    async def note(self, carried: Carried) -> None:
        """Write it down."""
        self._alive = self._means.now()
        await self._ledger.note(carried)
        self._in_hand -= 1
        if any(outcome.again == "at once" for outcome in carried.outcomes):
            self._has_news = True
        self._stirred.set()

    async def strand(self, messages: list[Taken], failure: ConnectFailed) -> None:
        """No host answers: where another line's does, only these are put off, else the destination is closed.

        They fail where all hosts say that they never will.
        """
        if failure.permanent:
            for taken in messages:
                await self.note(Carried(taken.number, _failed(taken, failure)))
            return
        if not self._stranded:
            log.info("destination not reached", destination=self._destination, why=failure.said)
        self._stranded += ((taken, failure) for taken in messages)
        if self._reached:
            await self.reached()
        self._stirred.set()

    # Taking

    async def _take_all(self, group: asyncio.TaskGroup) -> None:
        batch = Batch([], None)
        while not self._is_over():
            self._stirred.clear()
            is_due = batch.next_due is not None and batch.next_due <= self._means.now()
            if (self._has_news or is_due) and self._in_hand <= self._batch // 2:
                self._has_news = False
                batch = await self._take()
                for taken in batch.messages:
                    self._in_hand += 1
                    await self._give(group, taken)
                continue
            if not await self._wait(batch.next_due):
                return

    async def _take(self) -> Batch:
        means = self._means
        recipients = means.settings.recipients_per_message
        return await persist(means.store, take, self._destination, self._batch, recipients, means.now())

    def _is_over(self) -> bool:
        is_dead = bool(self._ways) and all(isinstance(way, Unroutable) or way.failure for way in self._ways.values())
        return self._stopped or (is_dead and not self._reached and bool(self._stranded))

    async def _wait(self, next_due: int | None) -> bool:
        """Return when something stirs or mail is due; False when none is in hand and none has come for a while."""
        seconds = None if next_due is None else max(0.0, (next_due - self._means.now()) / 1000)
        linger = self._linger_seconds()
        if self._in_hand == 0 and (seconds is None or seconds > linger):
            return await self._stirs(linger)
        if self._in_hand > self._batch // 2:
            seconds = None
        await self._stirs(seconds)
        return True

    async def _stirs(self, seconds: float | None) -> bool:
        try:
            await asyncio.wait_for(self._stirred.wait(), seconds)
        except TimeoutError:
            return False
        return True

    async def _give(self, group: asyncio.TaskGroup, taken: Taken) -> None:
        """Give a message to the line that it goes by."""
        key = taken.message.domain, taken.message.tls_optional
        way = self._ways.get(key) or await self._find(group, *key)
        if isinstance(way, Line):
            if way.failure is None:
                way.put(taken)
            else:
                await self.strand([taken], way.failure)
        elif way.permanent:
            refused = [Outcome(one.number, "refused", 0, way.status, way.words, "") for one in taken.recipients]
            await self.note(Carried(taken.number, refused))
        else:
            await self.strand([taken], ConnectFailed(way.words, way.status))

    async def _find(self, group: asyncio.TaskGroup, domain: str, tls_optional: bool) -> Line | Unroutable:
        try:
            route = await self._means.router.route(self._destination, domain, tls_optional=tls_optional)
        except Unroutable as unroutable:
            self._ways[domain, tls_optional] = unroutable
            return unroutable
        if route not in self._lines:
            self._lines[route] = Line(self._means, route, group, self)
        line = self._lines[route]
        self._ways[domain, tls_optional] = line
        return line

    async def _close(self, failure: ConnectFailed) -> None:
        means = self._means
        until = await persist(
            means.store, close, self._destination, failure.said, host_pace(means.settings), means.now()
        )
        log.info("destination closed", destination=self._destination, seconds=(until - means.now()) // 1000)


def _failed(taken: Taken, failure: ConnectFailed) -> list[Outcome]:
    return [Outcome(one.number, "refused", failure.code, failure.status, failure.words, "") for one in taken.recipients]


def _put_off(taken: Taken, failure: ConnectFailed) -> list[Outcome]:
    return [Outcome(one.number, "later", failure.code, failure.status, failure.words, "") for one in taken.recipients]
