"""The journal: takes steps from the hot path, at once and whatever happens, and writes them to the store in batches."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Iterable
from contextlib import suppress
from itertools import islice

import structlog

from posthouse.core.trace.records import Note, TraceEvent, append_notes, marks_of
from posthouse.core.trace.settings import TraceSettings
from posthouse.storage.clock import now_ms
from posthouse.storage.contract import OperationFailed, Store, StoreUnavailable

log = structlog.get_logger()

AT_ONCE = 200  # steps in one transaction
WAIT_SECONDS = 0.25  # how long a step may wait for others
AWAY_SECONDS = 1.0  # a store that is away is asked again after this
LONGEST_FIELD = 1000  # characters


class Journal:
    """The steps of one process on their way into the store. When there are too many, the newest are dropped."""

    def __init__(self, store: Store, settings: TraceSettings | None = None, now: Callable[[], int] = now_ms) -> None:
        self._store = store
        self._most = (settings or TraceSettings()).waiting_events
        self._now = now
        self._waiting: deque[Note] = deque()
        self._dropped = 0
        self._stopping = False
        self._woken = asyncio.Event()
        self._enough = asyncio.Event()
        self._task = asyncio.get_running_loop().create_task(self._keep_writing())

    def note(self, number: int, what: str, /, marks: Iterable[str] = (), **fields: object) -> None:
        """Say that something was done with a letter; empty fields are left out. Returns at once and never raises."""
        if len(self._waiting) >= self._most:
            self._dropped += 1
            return
        known = {name: _text(value) for name, value in fields.items() if value not in (None, "")}
        self._waiting.append(Note(number, TraceEvent(self._now(), what, known, marks_of(marks))))
        self._woken.set()
        if len(self._waiting) >= AT_ONCE:
            self._enough.set()

    async def stop(self, seconds: float) -> None:
        """Write what waits, within so long."""
        self._stopping = True
        self._woken.set()
        self._enough.set()
        await asyncio.wait([self._task], timeout=seconds)
        self._task.cancel()

    async def _keep_writing(self) -> None:
        while self._waiting or not self._stopping:
            await self._woken.wait()
            with suppress(TimeoutError):
                await asyncio.wait_for(self._enough.wait(), WAIT_SECONDS)
            await self._write()
            if not self._stopping and len(self._waiting) < AT_ONCE:
                self._enough.clear()
                if not self._waiting:
                    self._woken.clear()

    async def _write(self) -> None:
        batch = list(islice(self._waiting, AT_ONCE))
        if not batch:
            return
        try:
            await self._store.write(append_notes, batch)
        except (OperationFailed, ValueError, OverflowError):  # they would fail again, and must not hold up the others
            log.exception("steps of letters cannot be written", steps=len(batch))
        except StoreUnavailable:
            await asyncio.sleep(AWAY_SECONDS)
            return
        for _ in batch:
            self._waiting.popleft()
        if self._dropped:
            log.warning("steps of letters dropped: the store was away or too slow", steps=self._dropped)
            self._dropped = 0


def _text(value: object) -> str:
    text = str(value)[:LONGEST_FIELD]
    return text if text.isascii() else text.encode(errors="replace").decode()
