"""Logs: one JSON object a line, no secrets, Twisted's and asyncio's complaints too."""

from __future__ import annotations

import asyncio
import errno
import io
import json
import subprocess
import sys
from typing import Any

import structlog

from posthouse.server.logs import TurnLogger, Unfailing

SCRIPT = """
import asyncio, logging, structlog
from twisted.internet.defer import fail
from twisted.logger import Logger
from posthouse.server.logs import capture_libraries, start_logging
from posthouse.server.settings import LogSettings
capture_libraries()
start_logging(LogSettings(format={format!r}, level="info"), "worker 0")
log = structlog.get_logger()
log.debug("too quiet")
log.info("login", peer="192.0.2.1", account=7, password="hunter2", raw=b"\\xff")
logging.getLogger("asyncio").error("task lost")
Logger().info("twisted chatter")
try:
    1 / 0
except ZeroDivisionError:
    log.exception("broken")
    Logger().failure("twisted {{x}}", x=1)
"""


def lines(form: str) -> list[str]:
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT.format(format=form)], capture_output=True, text=True, check=True
    )
    assert done.stdout == ""
    return done.stderr.splitlines()


def test_json() -> None:
    events: list[dict[str, Any]] = [json.loads(line) for line in lines("json")]
    assert [event["event"] for event in events] == ["login", "task lost", "broken", "twisted 1"]
    login = events[0]
    assert list(login)[:4] == ["timestamp", "level", "process", "event"]
    assert (login["process"], login["peer"], login["account"]) == ("worker 0", "192.0.2.1", 7)
    assert login["password"] == "(hidden)"
    assert events[1]["source"] == "asyncio"
    assert "ZeroDivisionError" in events[2]["exception"]
    assert "ZeroDivisionError" in events[3]["exception"]


def test_for_people() -> None:
    text = "\n".join(lines("console"))
    assert "login" in text
    assert "hunter2" not in text
    assert "ZeroDivisionError" in text
    assert "too quiet" not in text


class FullDisk(io.RawIOBase):
    """A log file that has no room."""

    def write(self, _octets: object) -> int:
        raise OSError(errno.ENOSPC, "no space left on device")

    def flush(self) -> None:
        raise OSError(errno.ENOSPC, "no space left on device")


def test_a_log_on_a_full_disk_ends_nothing() -> None:
    logger = structlog.BytesLogger(Unfailing(FullDisk()))
    logger.msg(b"mail stored")


class Writes(io.RawIOBase):
    """Remembers each write."""

    def __init__(self) -> None:
        self.made: list[bytes] = []

    def write(self, octets: Any) -> int:
        self.made.append(bytes(octets))
        return len(octets)


async def test_lines_of_one_turn_go_out_in_one_write() -> None:
    stream = Writes()
    logger = TurnLogger(Unfailing(stream))
    logger.info(b"one")
    logger.warning(b"two")
    assert stream.made == []
    await asyncio.sleep(0)
    logger.info(b"three")
    await asyncio.sleep(0)
    assert stream.made == [b"one\ntwo\n", b"three\n"]


async def test_an_error_waits_for_nothing() -> None:
    stream = Writes()
    logger = TurnLogger(Unfailing(stream))
    logger.info(b"one")
    logger.error(b"two")
    assert stream.made == [b"one\ntwo\n"]
    logger.info(b"three")
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert b"".join(stream.made) == b"one\ntwo\nthree\n"


def test_without_an_event_loop_a_line_waits_for_nothing() -> None:
    stream = Writes()
    TurnLogger(Unfailing(stream)).info(b"one")
    assert stream.made == [b"one\n"]
