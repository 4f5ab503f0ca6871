"""Takes due jobs, does them, and puts back what failed; what they are is in `duties`.

A lease is renewed while its job is done. The job of a worker that dies comes back when its lease ends, so a duty must
bear being done again.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress

import structlog
from msgspec import Struct

from posthouse.core.bus import Bus
from posthouse.server.settings import JobSettings
from posthouse.storage.contract import Operation, Store, StoreUnavailable, WriteTransaction
from posthouse.storage.jobs import (
    Job,
    Lease,
    Room,
    fail_job,
    finish_job,
    next_due,
    renew_jobs,
    retry_job,
    schedule,
    take_jobs,
)
from posthouse.storage.topics import JOBS_TOPIC

log = structlog.get_logger()

AWAY_SECONDS = 1.0  # a store that is away is asked again after this
FULL_SECONDS = 0.2  # what runs may turn out to take no room
RENEWALS = 3  # how often a lease is renewed in its time


Ending = Operation[WriteTransaction, [Lease, bytes, int], bool]


class Duty(Struct, frozen=True):
    """How a kind of job is done, by its body; it may say when (ms) it is to be done again.

    `every_seconds` makes it one that always stands on the timetable. `at_once` jobs of this kind are done at a time;
    with 0 it shares the room of all others; `apart` says how many that run take no room now. `ending` (lease, body,
    now) ends the job or puts it off: for a duty that must know in that same transaction that nothing is left to do.
    """

    do: Callable[[bytes], Awaitable[int | None]]
    every_seconds: int = 0
    at_once: int = 0
    apart: Callable[[], int] | None = None
    ending: Ending | None = None

    @property
    def is_lasting(self) -> bool:
        """True for what is never given up."""
        return bool(self.every_seconds or self.ending)


class Timetable:
    """One worker's share of the jobs."""

    def __init__(
        self,
        store: Store,
        bus: Bus,
        duties: Mapping[str, Duty],
        settings: JobSettings,
        now: Callable[[], int],
        taker: str,
    ) -> None:
        self._store = store
        self._duties = duties
        self._settings = settings
        self._now = now
        self._taker = taker
        self._standing = [kind for kind, duty in duties.items() if duty.every_seconds]
        self._woken = asyncio.Event()
        self._running: dict[asyncio.Task[None], Job] = {}
        self._unsubscribe = bus.subscribe(JOBS_TOPIC, lambda _topic: self._woken.set())
        loop = asyncio.get_running_loop()
        self._tasks = (loop.create_task(self._keep_taking()), loop.create_task(self._keep_renewing()))

    async def stop(self, seconds: float) -> None:
        """Take no more jobs; those that run may finish within so long, else others do them."""
        taking, renewing = self._tasks
        self._unsubscribe()
        taking.cancel()
        if self._running:
            await asyncio.wait(self._running, timeout=seconds)
        cut = dict(self._running)
        for task in cut:
            task.cancel()
        renewing.cancel()
        await asyncio.gather(*cut, return_exceptions=True)
        for job in cut.values():
            with suppress(StoreUnavailable):
                await self._store.write(retry_job, job.lease, self._now(), "")

    async def _keep_taking(self) -> None:
        while True:
            self._woken.clear()
            try:
                await self._stand()
                wait_seconds = await self._take()
            except StoreUnavailable:
                wait_seconds = AWAY_SECONDS
            if wait_seconds:
                try:
                    await asyncio.wait_for(self._woken.wait(), wait_seconds)
                except TimeoutError:
                    continue

    async def _stand(self) -> None:
        """Put what is done again and again on the timetable, where it is not yet."""
        while self._standing:
            kind = self._standing[-1]
            due = self._now() + self._duties[kind].every_seconds * 1000
            await self._store.write(schedule, kind, b"", due, kind)
            self._standing.pop()

    async def _take(self) -> float:
        """Start what is due, as far as there is room; in how many seconds to look again."""
        look: float = self._settings.look_seconds
        rooms = self._rooms()
        kinds = [kind for room in rooms for kind in room.kinds]
        if any(duty.apart is not None and kind not in kinds for kind, duty in self._duties.items()):
            look = min(look, FULL_SECONDS)
        now = self._now()
        due = await self._store.read(next_due, kinds)
        if due is None:
            return look  # whoever finishes wakes us
        if due > now:
            return min(look, (due - now) / 1000)
        jobs = await self._store.write(take_jobs, rooms, now, self._settings.lease_seconds * 1000, self._taker)
        for job in jobs:
            task = asyncio.get_running_loop().create_task(self._do(job))
            self._running[task] = job
            task.add_done_callback(self._on_done)
        return 0.0 if jobs else look  # none: another worker was faster

    def _rooms(self) -> list[Room]:
        """Where there is room; kinds that have none are not even looked for."""
        running = Counter(job.kind for job in self._running.values())
        shared = [kind for kind, duty in self._duties.items() if not duty.at_once]
        rooms = [Room(shared, self._settings.at_once - sum(running[kind] for kind in shared))]
        rooms += (
            Room([kind], duty.at_once - running[kind] + (0 if duty.apart is None else duty.apart()))
            for kind, duty in self._duties.items()
            if duty.at_once
        )
        return [room for room in rooms if room.jobs > 0]

    async def _keep_renewing(self) -> None:
        """Hold what is being done; what another has taken meanwhile is stopped."""
        while True:
            await asyncio.sleep(self._settings.lease_seconds / RENEWALS)
            if not self._running:
                continue
            until = self._now() + self._settings.lease_seconds * 1000
            try:
                lost = await self._store.write(renew_jobs, [job.lease for job in self._running.values()], until)
            except StoreUnavailable:
                continue
            for task, job in self._running.items():
                if job.number in lost:
                    log.warning("job stopped: it is another's", kind=job.kind, job=job.number)
                    task.cancel()

    def _on_done(self, task: asyncio.Task[None]) -> None:
        self._running.pop(task)
        self._woken.set()

    async def _do(self, job: Job) -> None:
        duty = self._duties[job.kind]
        try:
            again = await duty.do(job.body)
            if duty.ending is not None:
                await self._store.write(duty.ending, job.lease, job.body, self._now())
                return
            if again is None and duty.every_seconds:
                again = self._now() + duty.every_seconds * 1000
            if again is None:
                await self._store.write(finish_job, job.lease)
            else:
                await self._store.write(retry_job, job.lease, again, "")
        except StoreUnavailable as error:
            log.warning("job put off: the store cannot answer", kind=job.kind, job=job.number, why=str(error))
        except Exception as error:  # whatever a duty raises, the others must go on
            log.exception("job failed", kind=job.kind, job=job.number, attempts=job.attempts)
            await self._put_back(job, f"{type(error).__name__}: {error}")

    async def _put_back(self, job: Job, error: str) -> None:
        settings, duty = self._settings, self._duties[job.kind]
        try:
            if job.attempts >= settings.attempts and not duty.is_lasting:
                await self._store.write(fail_job, job.lease, error)
                return
            doubled = settings.first_retry_seconds * 2 ** min(job.attempts - 1, 30)
            seconds = min(doubled, settings.last_retry_seconds)
            if duty.is_lasting:  # its attempts are not its failures
                seconds = duty.every_seconds or settings.first_retry_seconds
            await self._store.write(retry_job, job.lease, self._now() + seconds * 1000, error)
        except StoreUnavailable:
            return  # its lease brings it back
