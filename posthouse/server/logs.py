"""Structured logs on standard error: one JSON object a line for programs, plain lines for people.

A worker says something of every letter, so its lines are made in one step, and those of one turn of its event loop go
out in one write: all but errors, which wait for nothing.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import sys
from collections.abc import MutableMapping
from datetime import UTC, datetime
from typing import Any, BinaryIO, cast

import msgspec
import structlog
from twisted.logger import ILogObserver, LogLevel, formatEvent, globalLogBeginner
from zope.interface import provider

from posthouse.server.settings import LogSettings

SECRET_NAMES = frozenset({"password", "secret", "token", "credentials", "authorization"})

TEXT_LENGTH = 500  # of what Twisted says

LEVELS = {"debug": 10, "info": 20, "warning": 30, "error": 40}


def start_logging(settings: LogSettings, process: str, *, in_turns: bool = False) -> None:
    """Send what is logged in this process to standard error; `in_turns` once each turn of its event loop."""
    level = LEVELS[settings.level]
    for_people = settings.format == "console" or (settings.format == "auto" and sys.stderr.isatty())
    stream = Unfailing(cast(BinaryIO, sys.stderr.buffer))
    structlog.configure(
        processors=_for_people(process) if for_people else [_Line(process)],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=TurnLoggerFactory(stream) if in_turns else structlog.BytesLoggerFactory(cast(BinaryIO, stream)),
        cache_logger_on_first_use=process != "supervisor",  # a reload may change its level; the others are new then
    )


def capture_libraries() -> None:
    """Take over what Twisted and the standard library log; once an interpreter, forked children keep it."""
    logging.basicConfig(handlers=[_FromLogging()], level=logging.WARNING, force=True)
    globalLogBeginner.beginLoggingTo([_from_twisted], redirectStandardIO=False, discardBuffer=True)


class Unfailing:
    """Standard error, which may be a file on a disk that is full: what cannot be logged must end no session."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream

    def write(self, octets: bytes) -> None:
        with contextlib.suppress(OSError):
            self._stream.write(octets)

    def flush(self) -> None:
        with contextlib.suppress(OSError):
            self._stream.flush()


class TurnLines:
    """Lines for a stream; those of one turn of the event loop go out in one write."""

    def __init__(self, stream: Unfailing) -> None:
        self._stream = stream
        self._lines: list[bytes] = []

    def add(self, line: bytes) -> None:
        """Write it with what else is said in this turn."""
        if not self._lines:
            asyncio.get_running_loop().call_soon(self.write)
        self._lines.append(line)

    def write(self) -> None:
        """Write now what has been added."""
        lines, self._lines = self._lines, []
        if lines:
            self.write_alone(b"\n".join(lines))

    def write_alone(self, line: bytes) -> None:
        """Write this one now, whatever waits."""
        self._stream.write(line + b"\n")
        self._stream.flush()


class TurnLoggerFactory:
    """Gives everybody the one logger of the process."""

    def __init__(self, stream: Unfailing) -> None:
        self._logger = TurnLogger(stream)

    def __call__(self, *_names: Any) -> TurnLogger:
        return self._logger


class TurnLogger:
    """Writes lines that are octets already, with structlog's names for how grave they are."""

    def __init__(self, stream: Unfailing) -> None:
        self._lines = TurnLines(stream)

    def info(self, line: bytes) -> None:
        """Write it with what else is said in this turn."""
        if _has_turns():
            self._lines.add(line)
        else:
            self._lines.write_alone(line)

    def error(self, line: bytes) -> None:
        """Write it now, behind what was said before."""
        self.info(line)
        if _has_turns():
            self._lines.write()

    debug = warning = info
    critical = error


def _has_turns() -> bool:
    """False in a thread, and in a process that has no event loop."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True


class _Line:
    """Makes a JSON object of what is logged; what all have in common stands first."""

    def __init__(self, process: str) -> None:
        self._process = process
        self._encoder = msgspec.json.Encoder(enc_hook=repr)

    def __call__(self, logger: Any, method: str, event: MutableMapping[str, Any]) -> bytes:
        event = _hide_secrets(logger, method, event)
        if "exc_info" in event:
            event = structlog.processors.format_exc_info(logger, method, event)
        first = {"timestamp": datetime.now(UTC), "level": method, "process": self._process, "event": event.pop("event")}
        return self._encoder.encode({**first, **event})


def _hide_secrets(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """A last net: nobody should log these."""
    for name in SECRET_NAMES & event.keys():
        event[name] = "(hidden)"
    return event


def _for_people(process: str) -> list[Any]:
    colours = sys.stderr.isatty()

    def name_process(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        event["process"] = process
        return event

    return [
        name_process,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso"),
        _hide_secrets,
        structlog.processors.format_exc_info,
        structlog.dev.ConsoleRenderer(colors=colours, exception_formatter=structlog.dev.plain_traceback),
        lambda _logger, _method, line: line.encode("utf-8", "backslashreplace"),
    ]


class _FromLogging(logging.Handler):
    """What libraries log by the standard library."""

    def emit(self, record: logging.LogRecord) -> None:
        log = structlog.get_logger()
        log.log(record.levelno, record.getMessage(), source=record.name, exc_info=record.exc_info)


@provider(ILogObserver)  # type: ignore[untyped-decorator]  # zope has no types
def _from_twisted(event: dict[str, Any]) -> None:
    """Twisted's own complaints; what it says of factories and ports is of no use here."""
    if event["log_level"] < LogLevel.warn:
        return
    failure = event.get("log_failure")
    log = structlog.get_logger()
    text = formatEvent(event)[:TEXT_LENGTH] or "twisted"
    if failure is None:
        log.warning(text, source=event.get("log_namespace"))
    else:
        error = failure.value.with_traceback(failure.getTracebackObject())
        log.error(text, source=event.get("log_namespace"), exc_info=error)
