"""Takes due jobs, does them, and puts back what failed; what they are is in `duties`.

A job whose worker dies comes back when its lease ends, so a duty must bear being done again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping

import structlog
from msgspec import Struct

from posthouse.core.bus import Bus
from posthouse.server.settings import JobSettings
from posthouse.storage.contract import Store, StoreUnavailable
from posthouse.storage.jobs import Job, fail_job, finish_job, next_due, retry_job, schedule, take_jobs
from posthouse.storage.topics import JOBS_TOPIC

log = structlog.get_logger()

AWAY_SECONDS = 1.0  # a store that is away is asked again after this


class Duty(Struct, frozen=True):
    """How a kind of job is done, by its body; `every_seconds` makes it one that always stands on the timetable."""

    do: Callable[[bytes], Awaitable[None]]
    every_seconds: int = 0


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
        self._running: set[asyncio.Task[None]] = set()
        self._unsubscribe = bus.subscribe(JOBS_TOPIC, lambda _topic: self._woken.set())
        self._task = asyncio.get_running_loop().create_task(self._keep_taking())

    async def stop(self, seconds: float) -> None:
        """Take no more jobs; those that run may finish within so long, else their lease brings them back."""
        self._unsubscribe()
        self._task.cancel()
        if self._running:
            await asyncio.wait(self._running, timeout=seconds)
        for task in self._running:
            task.cancel()

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
        room = self._settings.at_once - len(self._running)
        if room <= 0:
            return look  # whoever finishes wakes us
        now = self._now()
        due = await self._store.read(next_due)
        if due is None:
            return look
        if due > now:
            return min(look, (due - now) / 1000)
        jobs = await self._store.write(
            take_jobs, list(self._duties), now, self._settings.lease_seconds * 1000, room, self._taker
        )
        for job in jobs:
            task = asyncio.get_running_loop().create_task(self._do(job))
            self._running.add(task)
            task.add_done_callback(self._on_done)
        return 0.0 if jobs else look  # none: what is due is nobody's duty here, or another worker was faster

    def _on_done(self, task: asyncio.Task[None]) -> None:
        self._running.discard(task)
        self._woken.set()

    async def _do(self, job: Job) -> None:
        try:
            duty = self._duties[job.kind]
            await duty.do(job.body)
            if duty.every_seconds:
                due = self._now() + duty.every_seconds * 1000
                await self._store.write(retry_job, job.number, job.attempts, due, "")
            else:
                await self._store.write(finish_job, job.number, job.attempts)
        except StoreUnavailable as error:
            log.warning("job put off: the store cannot answer", kind=job.kind, job=job.number, why=str(error))
        except Exception as error:  # whatever a duty raises, the others must go on
            log.exception("job failed", kind=job.kind, job=job.number, attempts=job.attempts)
            await self._put_back(job, f"{type(error).__name__}: {error}")

    async def _put_back(self, job: Job, error: str) -> None:
        try:
            every_seconds = self._duties[job.kind].every_seconds
            if job.attempts >= self._settings.attempts and not every_seconds:
                await self._store.write(fail_job, job.number, job.attempts, error)
                return
            settings = self._settings
            doubled = settings.first_retry_seconds * 2 ** min(job.attempts - 1, 30)
            seconds = every_seconds or min(doubled, settings.last_retry_seconds)
            await self._store.write(retry_job, job.number, job.attempts, self._now() + seconds * 1000, error)
        except StoreUnavailable:
            return  # its lease brings it back
