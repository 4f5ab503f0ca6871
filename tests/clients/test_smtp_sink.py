"""The relay client against smtp-sink: many messages on one connection, refusals and disconnects."""

from __future__ import annotations

import os
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from posthouse.core.queue.contracts import Hop, Outcome, TlsPolicy
from posthouse.protocols.smtp.relay.endpoint import SmtpRelay
from posthouse.protocols.smtp.relay.settings import RelaySettings
from posthouse.server.worker.outgoing import LoopConnector
from tests.unit.relay.remote import Octets, message

LETTER = b"Subject: hello\r\n\r\n.a dot\r\n" + b"x" * 76 * 50 + b"\r\n"


class Sink:
    """One smtp-sink that dumps each message to a file of its own."""

    def __init__(self, directory: Path, *flags: str) -> None:
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        self._directory = directory
        user = ["-u", "root"] if os.geteuid() == 0 else []
        command = ["smtp-sink", *user, *flags, "-d", f"{directory}/letter.", f"127.0.0.1:{self.port}", "100"]
        self._process = subprocess.Popen(command)
        ends = time.monotonic() + 10
        while not self._listens():
            assert self._process.poll() is None, "smtp-sink has ended"
            assert time.monotonic() < ends, "smtp-sink does not listen"
            time.sleep(0.02)

    def _listens(self) -> bool:
        try:
            socket.create_connection(("127.0.0.1", self.port), 1).close()
        except OSError:
            return False
        return True

    def letters(self) -> list[bytes]:
        """What came."""
        return [path.read_bytes() for path in self._directory.glob("letter.*")]

    def stop(self) -> None:
        self._process.terminate()
        self._process.wait(10)


@pytest.fixture
def sinks(tmp_path: Path) -> Iterator[Callable[..., Sink]]:
    """Starts a smtp-sink with these flags."""
    started: list[Sink] = []

    def start(*flags: str) -> Sink:
        started.append(Sink(tmp_path, *flags))
        return started[-1]

    yield start
    for sink in started:
        sink.stop()


async def outcomes_of(sink: Sink, count: int = 1) -> list[list[Outcome]]:
    """What becomes of so many messages on one connection."""
    relay = SmtpRelay(LoopConnector(10), "client.example.net", RelaySettings())
    session = await relay.connect(Hop("localhost", "127.0.0.1", sink.port, TlsPolicy("opportunistic")))
    envelope = message("bob@example.net", "carol@example.net", size=len(LETTER))
    found = []
    for _ in range(count):
        assert session.is_usable
        found.append(await session.carry(envelope, Octets(LETTER, 1000)))
    await session.quit()
    return found


@pytest.mark.parametrize("flags", [(), ("-p",), ("-e",), ("-8", "-E")], ids=["all", "steps", "HELO", "bare"])
async def test_many_messages_on_one_connection(sinks: Callable[..., Sink], flags: tuple[str, ...]) -> None:
    sink = sinks(*flags)
    outcomes = await outcomes_of(sink, 50)
    assert {outcome.result for each in outcomes for outcome in each} == {"taken"}
    letters = sink.letters()
    assert len(letters) == 50
    for letter in letters:
        assert letter.replace(b"\r\n", b"\n").rstrip().endswith(LETTER.replace(b"\r\n", b"\n").rstrip())


@pytest.mark.parametrize(
    ("flags", "result", "code"),
    [
        (("-r", "RCPT"), "later", 450),
        (("-f", "RCPT"), "refused", 500),
        (("-r", "MAIL"), "later", 450),
        (("-f", "DATA"), "refused", 500),
        (("-r", "."), "later", 450),
        (("-q", "RCPT"), "later", 0),
        (("-q", "."), "later", 0),
    ],
)
async def test_refusals_and_disconnects(
    sinks: Callable[..., Sink], flags: tuple[str, ...], result: str, code: int
) -> None:
    (outcomes,) = await outcomes_of(sinks(*flags))
    assert [(outcome.result, outcome.code) for outcome in outcomes] == [(result, code)] * 2
