"""Structured logs on standard error: one JSON object a line for programs, plain lines for people."""

from __future__ import annotations

import contextlib
import logging
import sys
from collections.abc import MutableMapping
from typing import Any, BinaryIO, cast

import msgspec
import structlog
from twisted.logger import ILogObserver, LogLevel, formatEvent, globalLogBeginner
from zope.interface import provider

from posthouse.server.settings import LogSettings

SECRET_NAMES = frozenset({"password", "secret", "token", "credentials", "authorization"})

TEXT_LENGTH = 500  # of what Twisted says

LEVELS = {"debug": 10, "info": 20, "warning": 30, "error": 40}


def start_logging(settings: LogSettings, process: str) -> None:
    """Send what is logged in this process to standard error."""
    level = LEVELS[settings.level]
    for_people = settings.format == "console" or (settings.format == "auto" and sys.stderr.isatty())
    structlog.configure(
        processors=[
            _Origin(process),
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso"),
            _hide_secrets,
            structlog.processors.format_exc_info,
            *_rendering(for_people),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.BytesLoggerFactory(cast(BinaryIO, Unfailing(sys.stderr.buffer))),
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


class _Origin:
    """Names the process that speaks."""

    def __init__(self, process: str) -> None:
        self._process = process

    def __call__(self, _logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        event["process"] = self._process
        return event


def _hide_secrets(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """A last net: nobody should log these."""
    for name in SECRET_NAMES & event.keys():
        event[name] = "(hidden)"
    return event


def _rendering(for_people: bool) -> list[Any]:
    if for_people:
        colours = sys.stderr.isatty()
        return [
            structlog.dev.ConsoleRenderer(colors=colours, exception_formatter=structlog.dev.plain_traceback),
            lambda _logger, _method, line: line.encode("utf-8", "backslashreplace"),
        ]
    return [_to_json]


def _to_json(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> bytes:
    first = {name: event.pop(name) for name in ("timestamp", "level", "process", "event") if name in event}
    return msgspec.json.encode({**first, **event}, enc_hook=repr)


class _FromLogging(logging.Handler):
    """What libraries log by the standard library."""

    def emit(self, record: logging.LogRecord) -> None:
        log = structlog.get_logger()
        log.log(record.levelno, record.getMessage(), source=record.name, exc_info=record.exc_info)


@provider(ILogObserver)  # type: ignore[untyped-decorator]
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
