"""The access log of a busy site: the same lines as the rest of the log, made and written at a fraction of the cost."""

from __future__ import annotations

import sys
from collections.abc import Callable
from datetime import UTC, datetime
from typing import BinaryIO, cast

import msgspec

from posthouse.server.logs import LEVELS, TurnLines, Unfailing
from posthouse.server.settings import LogSettings
from posthouse.webdav.http.access import Access, log_access

_INFO = LEVELS["info"]


class _Line(msgspec.Struct):
    """A line as `server.logs` writes it."""

    timestamp: datetime
    level: str
    process: str
    event: str
    method: str
    target: str
    status: int
    octets: int | None
    milliseconds: float
    peer: str
    agent: str


def access_log(settings: LogSettings, process: str) -> Callable[[Access], None]:
    """What to tell of each request."""
    if settings.format == "console" or (settings.format == "auto" and sys.stderr.isatty()):
        return log_access
    if LEVELS[settings.level] > _INFO:
        return lambda _access: None
    return AccessLog(process, cast(BinaryIO, sys.stderr.buffer))


class AccessLog:
    """Writes JSON lines to a stream."""

    def __init__(self, process: str, stream: BinaryIO) -> None:
        self._process = process
        self._lines = TurnLines(Unfailing(stream))
        self._encoder = msgspec.json.Encoder()

    def __call__(self, access: Access) -> None:
        now = datetime.now(UTC)
        line = _Line(now, "info", self._process, "http", *msgspec.structs.astuple(access))
        self._lines.add(self._encoder.encode(line))
