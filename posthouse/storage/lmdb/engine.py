"""The writing end of an LMDB store: batches of operations, one synced commit for all.

A batch runs straight through in one transaction, as nearly every batch can. When one of its operations cannot be done,
all is taken back and the batch runs again with each operation in a child transaction, which rolls back alone: that
costs every operation copies of the pages it changes, so it is kept for the batch that needs it.
"""

from __future__ import annotations

import errno
import fcntl
import os
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import lmdb
import msgspec
import structlog

from posthouse.storage import schema, writes
from posthouse.storage.contract import Operation, Refused
from posthouse.storage.durable import NO_ROOM, sync
from posthouse.storage.lmdb.copies import DATABASE, copy_environment
from posthouse.storage.lmdb.transaction import LmdbTransaction
from posthouse.storage.settings import StoreSettings
from posthouse.storage.wire import FAILED, FULL, REFUSED, RESULT, UNAVAILABLE, Answer, encode_refusal

log = structlog.get_logger()

LOCK = "writer.lock"
RESTORING = ".restoring"  # what a store is called, beside its place, until all of it is there

# One operation's trouble, not the store's: the database may grow no further, or one transaction has too many pages
TOO_LARGE = (lmdb.MapFullError, lmdb.TxnFullError)


class Work(msgspec.Struct, gc=False):
    """One write to do. Without a client it is not remembered (nobody could ask again).

    `encoded` are the arguments as they came: who runs a second time must not see what the first run did to them.
    """

    operation: Operation[Any, Any, Any]
    arguments: tuple[Any, ...]
    encoded: bytes | None = None
    sequence: int = 0
    client: int | None = None
    answered: int = 0
    again: bool = False


class Ran:
    """What came of a batch, or of the part of it that there was time for."""

    __slots__ = ("answers", "kept", "topics")

    def __init__(self) -> None:
        self.answers: list[Answer] = []
        self.topics: dict[str, None] = {}
        self.kept: dict[int, dict[int, bytes]] = {}  # client -> sequence -> what to answer when it asks again

    def add(self, work: Work, answer: Answer) -> None:
        """The next operation's answer."""
        self.answers.append(answer)
        if answer.kind == RESULT and work.client is not None:
            self.kept.setdefault(work.client, {})[work.sequence] = answer.body


class StoreInUse(Exception):
    """Another process writes to this store."""


class HalfRestored(Exception):
    """A restore was cut off when the earlier store was away already: an empty one must not take its place."""


class WriterLock:
    """The right to write to the store in a folder, or to put another in its place; also a context."""

    def __init__(self, directory: Path, *, wait: bool = False) -> None:
        """Take it; raises StoreInUse, or waits for the other to end."""
        make_directory(directory)
        self._descriptor = os.open(directory / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        except BlockingIOError:
            self.release()
            raise StoreInUse(str(directory)) from None

    def release(self) -> None:
        """Let another have it; harmless twice."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def __enter__(self) -> WriterLock:
        return self

    def __exit__(self, *_: object) -> None:
        self.release()


class Engine:
    """One store, open for writing; there is never more than one of them."""

    def __init__(self, directory: Path, settings: StoreSettings, *, wait: bool = False) -> None:
        """Open or create it and bring its schema up to date; raises StoreInUse, or waits for the other to end.

        Raises HalfRestored, SchemaTooNew.
        """
        if not (directory / DATABASE).exists() and directory.with_name(directory.name + RESTORING).exists():
            raise HalfRestored(f"{directory} was not restored to the end: run posthouse restore again")
        self.directory = directory
        self._settings = settings
        self._answered: dict[int, int] = {}
        self.environment: Any = None
        self._lock = WriterLock(directory, wait=wait)
        try:
            self._open(create=True)
            schema.migrate(self)
        except BaseException:
            self.close()
            raise

    def run(self, batch: Sequence[Work], now: int) -> tuple[list[Answer], list[str]]:
        """Run the batch in one commit: the answers in order, and what was announced. Durable when it returns.

        What it did not come to within `batch_milliseconds` has no answer and is for the next batch.
        """
        try:
            ran = self._run_together(batch, now) or self._run_apart(batch, now)
        except Exception as error:
            # nothing of the batch is in the store; a failed commit may leave the environment unusable
            log.error(
                "commit failed", error=str(error), operations=len(batch), exc_info=not isinstance(error, lmdb.Error)
            )
            why, words = self._why(error), str(error).encode()
            self._reopen()
            return [Answer(why, work.sequence, words) for work in batch], []
        return ran.answers, list(ran.topics)

    def forget_old(self, before: int) -> int:
        """Drop remembered answers older than `before` (ms); raises lmdb.Error."""
        with self._begin() as txn:
            return writes.forget_old(LmdbTransaction(txn, {}), before)

    def change(self, function: Callable[[LmdbTransaction], None]) -> None:
        """Run a function in a transaction of its own (the schema's steps)."""
        with self._begin() as txn:
            function(LmdbTransaction(txn, {}))

    def copy_to(self, target: Path) -> None:
        """Write a snapshot to the new folder `target`."""
        copy_environment(self.environment, target)

    def check_readers(self) -> int:
        """Free the slots of readers that died; how many."""
        return int(self.environment.reader_check()) if self.environment is not None else 0

    def close(self) -> None:
        """Close it and let another write."""
        if self.environment is not None:
            self.environment.close()
            self.environment = None
        self._lock.release()

    def _run_together(self, batch: Sequence[Work], now: int) -> Ran | None:
        """All in one transaction; None, and nothing of it in the store, when an operation did not go through."""
        ran = Ran()
        txn = self._begin()
        whole = LmdbTransaction(txn, ran.topics)
        try:
            self._run_in_time(whole, batch, ran, lambda work: self._perform(whole, work, work.arguments))
        except Exception as error:
            txn.abort()
            if len(batch) == 1 and isinstance(error, Refused):
                ran = Ran()
                ran.add(batch[0], self._refused(batch[0], error))
                return ran
            return None
        self._commit(txn, batch, ran, now)
        return ran

    def _run_apart(self, batch: Sequence[Work], now: int) -> Ran:
        """Each in a child transaction."""
        ran = Ran()
        txn = self._begin()
        whole = LmdbTransaction(txn, ran.topics)
        try:
            self._run_in_time(whole, batch, ran, lambda work: self._run_one(txn, work, ran.topics))
        except Exception:
            txn.abort()
            raise
        self._commit(txn, batch, ran, now)
        return ran

    def _run_in_time(
        self, whole: LmdbTransaction, batch: Sequence[Work], ran: Ran, run: Callable[[Work], Answer]
    ) -> None:
        """One after the other, but for what is remembered, until the time of a batch is over."""
        until = time.monotonic() + self._settings.batch_milliseconds / 1000
        for work in batch:
            if not self._recalled(whole, work, ran):
                ran.add(work, run(work))
            if time.monotonic() > until:
                break

    def _recalled(self, txn: LmdbTransaction, work: Work, ran: Ran) -> bool:
        """True when it was done before and its answer is remembered."""
        if not work.again or work.client is None:
            return False
        body = ran.kept.get(work.client, {}).get(work.sequence)  # in this very batch, for a connection since lost
        if body is None:
            body = writes.recall(txn, work.client, work.sequence)
        if body is not None:
            ran.answers.append(Answer(RESULT, work.sequence, body))
        return body is not None

    def _perform(self, txn: LmdbTransaction, work: Work, arguments: tuple[Any, ...]) -> Answer:
        result = work.operation.function(txn, *arguments)
        return Answer(RESULT, work.sequence, work.operation.encode_result(result))

    def _run_one(self, txn: Any, work: Work, topics: dict[str, None]) -> Answer:
        announced: dict[str, None] = {}
        child = self.environment.begin(write=True, parent=txn)
        try:
            arguments = work.arguments if work.encoded is None else work.operation.decode_arguments(work.encoded)
            answer = self._perform(LmdbTransaction(child, announced), work, arguments)
            child.commit()
        except Refused as refusal:
            child.abort()
            return self._refused(work, refusal)
        except TOO_LARGE as full:
            child.abort()  # this one is too large; others may fit
            log.error("store full", error=str(full), operation=work.operation.name)
            return Answer(self._why(full), work.sequence, str(full).encode())
        except Exception as error:
            child.abort()
            if isinstance(error, lmdb.Error) and not isinstance(error, lmdb.BadValsizeError):
                raise
            log.exception("operation failed", operation=work.operation.name)
            return Answer(FAILED, work.sequence, work.operation.name.encode())
        topics.update(announced)
        return answer

    def _refused(self, work: Work, refusal: Refused) -> Answer:
        try:
            return Answer(REFUSED, work.sequence, encode_refusal(refusal))
        except (TypeError, ValueError):
            log.exception("refusal that cannot travel", operation=work.operation.name)
            return Answer(FAILED, work.sequence, work.operation.name.encode())

    def _why(self, error: Exception) -> int:
        """The kind of answer to what could not be written."""
        code = error.code if isinstance(error, lmdb.Error) else None
        # of a write that found room for its beginning only LMDB says EIO
        cut_short = code == errno.EIO and not os.statvfs(self.directory).f_bavail
        return FULL if isinstance(error, lmdb.MapFullError) or code in NO_ROOM or cut_short else UNAVAILABLE

    def _commit(self, txn: Any, batch: Sequence[Work], ran: Ran, now: int) -> None:
        """Keep the answers beside the effects, drop those that the clients have, and make it all durable."""
        try:
            whole = LmdbTransaction(txn, {})
            for client, answers in ran.kept.items():
                writes.remember(whole, client, answers, now)
            # the last request of each client says most
            done = batch[: len(ran.answers)]
            answered = {work.client: work.answered for work in done if work.client is not None}
            answered = {client: end for client, end in answered.items() if end > self._answered.get(client, 0)}
            for client, end in answered.items():
                writes.forget(whole, client, self._answered.get(client, 0), end)
            txn.commit()
        except Exception:
            txn.abort()
            raise
        self._answered |= answered

    def _begin(self) -> Any:
        if self.environment is None:
            self._open()
        return self.environment.begin(write=True)

    def _open(self, *, create: bool = False) -> None:
        self.environment = lmdb.open(
            str(self.directory),
            map_size=self._settings.map_octets,
            max_readers=self._settings.readers,
            max_spare_txns=4,
            mode=0o600,
            create=create,  # what once was there and is gone must not come back empty
        )
        sync(self.directory)

    def _reopen(self) -> None:
        if self.environment is not None:
            self.environment.close()
            self.environment = None
        try:
            self._open()
        except (lmdb.Error, OSError) as error:
            log.error("store cannot be opened", error=str(error))


def make_directory(directory: Path) -> None:
    """Create it for us alone, durably."""
    if not directory.is_dir():
        directory.mkdir(mode=0o700, parents=True)
        sync(directory.parent)
