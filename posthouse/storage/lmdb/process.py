"""The store process: one thread that does all writing for all workers.

What came in since the last commit becomes one batch with one synced commit for all; then the answers go out and every
client hears what was announced.
"""

from __future__ import annotations

import asyncio
import os
import signal
from collections import deque
from contextlib import suppress
from pathlib import Path
from typing import cast

import structlog
import uvloop

from posthouse.storage.clock import now_ms
from posthouse.storage.contract import find_operation
from posthouse.storage.lmdb.crowding import Crowding
from posthouse.storage.lmdb.engine import Engine, Work
from posthouse.storage.settings import StoreSettings
from posthouse.storage.wire import ENCODER, FAILED, NOTICE, REQUEST, Answer, Frames, FrameTooLong, frame

log = structlog.get_logger()

HOUSEKEEPING_SECONDS = 10.0
BEATS = 20  # in the time that the process may be silent
FEW = 2  # operations in the commits before, up to which the next one does not wait


class Writer:
    """Gathers the requests of all clients and runs them batch by batch."""

    def __init__(self, engine: Engine, settings: StoreSettings) -> None:
        self._engine = engine
        self._settings = settings
        self._pending: deque[tuple[Client, Work, int]] = deque()
        self._next: asyncio.Handle | None = None
        self._taken = (0, 0)  # operations in the last two commits
        self._crowding = Crowding()
        self.clients: dict[int, Client] = {}

    def submit(self, client: Client, work: Work, octets: int) -> None:
        """Have it run in the next batch."""
        self._pending.append((client, work, octets))
        most = max(self._taken)
        if self._next is None:
            loop = asyncio.get_running_loop()
            if most > FEW and self._crowding:
                # more is on its way: what is done once for all of them leaves processors to others
                self._next = loop.call_later(self._settings.gather_milliseconds / 1000, self._run)
            else:
                self._next = loop.call_soon(self._run)
        elif len(self._pending) == most:
            # as many as there lately were: who asks only after an answer would be waited for in vain
            self._next.cancel()
            self._next = asyncio.get_running_loop().call_soon(self._run)

    def settle(self) -> None:
        """Run all that is pending now."""
        while self._pending:
            self._run()

    def housekeeping(self) -> None:
        """What is due now and then: dead readers' slots, answers that nobody will ask for."""
        self._engine.check_readers()
        # never shorter than a worker may go on asking
        seconds = max(self._settings.remember_seconds, 2 * self._settings.answer_seconds)
        self._engine.forget_old(now_ms() - int(seconds * 1000))

    def _run(self) -> None:
        batch: list[tuple[Client, Work, int]] = []
        octets = 0
        while self._pending and len(batch) < self._settings.batch_operations and octets < self._settings.batch_octets:
            batch.append(self._pending.popleft())
            octets += batch[-1][2]
        answers, topics = self._engine.run([work for _, work, _ in batch], now_ms())
        self._taken = (self._taken[1], len(answers))
        self._pending.extendleft(reversed(batch[len(answers) :]))
        self._next = asyncio.get_running_loop().call_soon(self._run) if self._pending else None
        outgoing: dict[Client, list[bytes]] = {}
        for (client, _, _), answer in zip(batch, answers, strict=False):
            outgoing.setdefault(client, []).append(frame(ENCODER.encode(answer)))
        if topics:
            notice = frame(ENCODER.encode(Answer(NOTICE, 0, ENCODER.encode(topics))))
            for client in self.clients.values():
                outgoing.setdefault(client, []).append(notice)
        for client, frames in outgoing.items():
            client.send(b"".join(frames))


class Client(asyncio.Protocol):
    """One worker's connection."""

    def __init__(self, writer: Writer, limit: int) -> None:
        self._writer = writer
        self._frames = Frames(limit)
        self._number: int | None = None
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's are no subclass

    def data_received(self, data: bytes) -> None:
        if self._transport is None:
            return
        try:
            for body in self._frames.feed(data):
                if self._number is None:
                    self._introduce(int.from_bytes(body, "big"))
                else:
                    self._request(self._number, body)
        except (FrameTooLong, ValueError) as error:
            log.error("bad frame on the store's socket", error=str(error))
            self.drop()

    def connection_lost(self, exc: Exception | None) -> None:
        self.drop()

    def send(self, octets: bytes) -> None:
        """Send frames, unless the client has gone."""
        if self._transport is not None:
            self._transport.write(octets)

    def finish(self) -> None:
        """Close when the answers have gone out."""
        if self._transport is not None:
            self._transport.close()

    def drop(self) -> None:
        """Take nothing more from this connection."""
        if self._transport is not None:
            self._transport.abort()
            self._transport = None
        if self._number is not None and self._writer.clients.get(self._number) is self:
            del self._writer.clients[self._number]

    def _introduce(self, number: int) -> None:
        # What the client's lost connection still holds unread must not run: it will be asked again on this one
        before = self._writer.clients.get(number)
        if before is not None:
            before.drop()
        self._number = number
        self._writer.clients[number] = self

    def _request(self, number: int, body: bytes) -> None:
        request = REQUEST.decode(body)
        try:
            operation = find_operation(request.operation)
            arguments = operation.decode_arguments(request.arguments)
        except (LookupError, ImportError, ValueError):
            log.exception("request that cannot be run", operation=request.operation)
            answer = Answer(FAILED, request.sequence, request.operation.encode())
            self.send(frame(ENCODER.encode(answer)))
            return
        work = Work(operation, arguments, request.arguments, request.sequence, number, request.answered, request.again)
        self._writer.submit(self, work, len(body))


def run(directory: Path, socket_path: Path, settings: StoreSettings, pulse_fd: int, lifeline_fd: int) -> None:
    """Serve the store until SIGTERM or the end of the lifeline; waits while another process writes to it.

    Writes an octet to `pulse_fd` when clients may connect, and others for as long as it gets round to it.
    """
    engine = Engine(directory, settings, wait=True)
    socket_path.unlink(missing_ok=True)
    try:
        uvloop.run(_serve(engine, socket_path, settings, pulse_fd, lifeline_fd))
    finally:
        engine.close()


async def _serve(engine: Engine, socket_path: Path, settings: StoreSettings, pulse_fd: int, lifeline_fd: int) -> None:
    loop = asyncio.get_running_loop()
    over = asyncio.Event()
    loop.add_signal_handler(signal.SIGTERM, over.set)
    loop.add_signal_handler(signal.SIGINT, lambda: None)  # of a terminal, meant for the supervisor
    loop.add_reader(lifeline_fd, over.set)
    writer = Writer(engine, settings)
    before = os.umask(0o177)
    try:
        server = await loop.create_unix_server(
            lambda: Client(writer, settings.frame_octets), str(socket_path), backlog=1024
        )
    finally:
        os.umask(before)
    beating = loop.create_task(_beat(pulse_fd, settings.silent_seconds / BEATS))
    keeping = loop.create_task(_keep_house(writer))
    await over.wait()
    loop.remove_reader(lifeline_fd)
    keeping.cancel()
    beating.cancel()
    server.close()
    writer.settle()
    for client in list(writer.clients.values()):
        client.finish()
    await asyncio.sleep(0)


async def _beat(pulse_fd: int, pause: float) -> None:
    """Show that the loop turns, to whom it may concern."""
    os.set_blocking(pulse_fd, False)
    try:
        while True:
            with suppress(BlockingIOError):  # nobody has looked for a very long time
                os.write(pulse_fd, b"1")
            if not pause:
                return
            await asyncio.sleep(pause)
    except BrokenPipeError:
        pass  # whoever started us only asked whether we serve
    finally:
        os.close(pulse_fd)


async def _keep_house(writer: Writer) -> None:
    while True:
        try:
            writer.housekeeping()
        except Exception:
            log.exception("housekeeping failed")
        await asyncio.sleep(HOUSEKEEPING_SECONDS)
