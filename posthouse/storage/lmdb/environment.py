"""An LMDB environment behind a log: a commit is durable when the log has it, and the database's file follows.

A reader stands at the checkpoint that the log goes on from. LMDB uses a page again only when no reader can see it any
more, so nothing is written over that this state needs but the two head pages, which the log keeps as they were: it can
be gone back to, and what was done since be done again, whatever else of the file the disk has.
"""

from __future__ import annotations

import os
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any

import lmdb
import msgspec
import structlog

from posthouse.storage.durable import sync
from posthouse.storage.lmdb.log import (
    DATABASE,
    NAME,
    UNSOUND,
    Checkpoint,
    Commit,
    LogDamaged,
    Segment,
    home_of,
    number_of,
    read_commits,
    read_log,
    segments,
)
from posthouse.storage.lmdb.transaction import LoggedTransaction
from posthouse.storage.settings import StoreSettings

log = structlog.get_logger()


class Stretch(msgspec.Struct):
    """A segment of the log, and the reader that keeps the pages of its checkpoint."""

    segment: Segment
    reader: Any


class LoggedEnvironment:
    """The environment of the one process that writes; `lmdb` is to be read by, and written to with `commit` only."""

    def __init__(self, directory: Path, settings: StoreSettings, *, create: bool) -> None:
        """Open it, with all that was made durable in it; raises lmdb.Error, OSError, LogDamaged."""
        self._directory = directory
        self._limit = settings.log_octets
        self._stretches: list[Stretch] = []  # two of them while the database is brought up to the second's checkpoint
        self._bringing: Future[None] | None = None
        self._thread: ThreadPoolExecutor | None = None
        self._is_sound = True
        held = read_log(directory)
        _go_back(directory, held)
        self.lmdb: Any = lmdb.open(
            str(directory),
            map_size=settings.map_octets,
            max_readers=settings.readers,
            max_spare_txns=4,
            mode=0o600,
            create=create,
            sync=False,
        )
        try:
            if held:
                reader = self.lmdb.begin()  # should power be cut now, the same is done once more
                _go_forward(self.lmdb, held)
                self._begin_whole()
                reader.abort()
                (directory / UNSOUND).unlink(missing_ok=True)
            for segment in segments(directory):
                if not self._stretches or segment != self._stretches[0].segment.path:
                    segment.unlink()
        except BaseException:
            self.lmdb.close()
            raise

    def commit(self, txn: Any, changes: list[bytes | list[bytes] | None]) -> None:
        """Make a transaction durable, and then seen; raises OSError, lmdb.Error, and nothing of it is there then."""
        if not changes:
            txn.abort()  # every commit that LMDB counts stands in the log
            return
        if not self._stretches:
            self._begin_whole()
        segment = self._stretches[-1].segment
        before = segment.octets
        segment.append(Commit(txn.id(), changes))
        try:
            txn.commit()
        except Exception:
            segment.take_back(before)
            raise
        if self._bringing is not None:
            self._settle()
        elif segment.octets > self._limit and self._is_sound:
            self._bring()

    def close(self) -> None:
        """Bring the database's file up to date; then it needs no log."""
        if self._thread is not None:
            self._thread.shutdown()
            self._settle()
        try:
            if self._stretches and self._is_sound:
                self.lmdb.sync(True)
                for stretch in self._stretches:
                    self._remove(stretch)
        except (lmdb.Error, OSError) as error:
            log.error("the database's file cannot be brought up to date: its log stays", error=str(error))
        finally:
            for stretch in self._stretches:
                stretch.segment.close()
                stretch.reader.abort()
            self.lmdb.close()

    def _begin_whole(self) -> None:
        """Begin a segment when the disk has all that was before."""
        self.lmdb.sync(True)
        self._begin(is_whole=True)

    def _begin(self, *, is_whole: bool) -> None:
        number = max(map(number_of, segments(self._directory)), default=0) + 1
        reader = self.lmdb.begin()
        try:
            with (self._directory / DATABASE).open("rb") as file:
                heads = file.read(2 * self.lmdb.stat()["psize"])
            checkpoint = Checkpoint(reader.id(), heads, home_of(self._directory), is_whole)
            segment = Segment(self._directory / f"{NAME}.{number}", checkpoint)
        except BaseException:
            reader.abort()
            raise
        self._stretches.append(Stretch(segment, reader))

    def _remove(self, stretch: Stretch) -> None:
        """Have a segment no longer, durably, and before anything that it needs is written over."""
        stretch.segment.remove()
        sync(self._directory)
        stretch.reader.abort()

    def _bring(self) -> None:
        """Begin another segment, and bring the database's file up to its checkpoint beside all else."""
        try:
            self._begin(is_whole=False)
        except OSError as error:
            self._limit += self._limit
            log.warning("the log cannot go on in another file yet", error=str(error))
            return
        if self._thread is None:
            self._thread = ThreadPoolExecutor(1, thread_name_prefix="checkpoint")
        self._bringing = self._thread.submit(self.lmdb.sync, True)

    def _settle(self) -> None:
        if self._bringing is None or not self._bringing.done():
            return
        error = self._bringing.exception()
        self._bringing = None
        if error is not None:
            # what the kernel could not write it may have dropped: only the log, from here on, surely has it
            self._is_sound = False
            with suppress(OSError):
                (self._directory / UNSOUND).touch()
            log.error("the database's file cannot be brought up to date: its log stays", error=str(error))
            return
        self._remove(self._stretches.pop(0))


def _go_back(directory: Path, held: list[tuple[Path, Checkpoint]]) -> None:
    """Put the heads of the oldest checkpoint back, unless the kernel has had all of the file in its memory since."""
    if not held or (held[0][1].home == home_of(directory) and not (directory / UNSOUND).exists()):
        return
    checkpoint = held[0][1]
    log.info("the store goes back to a checkpoint, and on by its log", commit=checkpoint.commit)
    descriptor = os.open(directory / DATABASE, os.O_WRONLY | os.O_CLOEXEC)
    try:
        os.pwrite(descriptor, checkpoint.heads, 0)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _go_forward(environment: Any, held: list[tuple[Path, Checkpoint]]) -> None:
    """Do again what the database does not have."""
    last = environment.info()["last_txnid"]
    for segment, checkpoint in held:
        if checkpoint.commit > last:
            raise LogDamaged(f"{segment} begins with commit {checkpoint.commit}, which is behind {last}")
        for commit in read_commits(segment):
            if commit.number <= last:
                continue
            if commit.number != last + 1:
                raise LogDamaged(f"{segment} has commit {commit.number} behind {last}")
            with environment.begin(write=True) as txn:
                LoggedTransaction(txn, {}).repeat(commit.changes)
            last = commit.number
