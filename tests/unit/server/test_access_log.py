"""The access log: lines like all others, one write for those of a turn, none where nobody wants them."""

from __future__ import annotations

import asyncio
import io
import json

from posthouse.server.access_log import AccessLog, access_log
from posthouse.server.settings import LogSettings
from posthouse.webdav.http.access import Access, log_access

ASKED = Access("GET", '/a"b', 200, None, 1.5, "192.0.2.7", "curl")


class Counting(io.BytesIO):
    writes = 0

    def write(self, octets: object) -> int:
        self.writes += 1
        return super().write(octets)  # type: ignore[arg-type]  # it only passes by


async def test_lines_of_one_turn_are_one_write() -> None:
    stream = Counting()
    tell = AccessLog("worker 3", stream)
    tell(ASKED)
    tell(ASKED)
    assert stream.writes == 0
    await asyncio.sleep(0)
    assert stream.writes == 1
    first, second = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert list(first)[:4] == ["timestamp", "level", "process", "event"]
    assert first["timestamp"].endswith("Z")
    del first["timestamp"], second["timestamp"]
    assert first == second == {
        "level": "info", "process": "worker 3", "event": "http", "method": "GET", "target": '/a"b', "status": 200,
        "octets": None, "milliseconds": 1.5, "peer": "192.0.2.7", "agent": "curl",
    }  # fmt: skip
    tell(ASKED)
    await asyncio.sleep(0)
    assert stream.writes == 2


async def test_by_the_settings_of_the_log() -> None:
    assert isinstance(access_log(LogSettings(format="json"), "worker 0"), AccessLog)
    assert access_log(LogSettings(format="console"), "worker 0") is log_access
    quiet = access_log(LogSettings(format="json", level="warning"), "worker 0")
    assert not isinstance(quiet, AccessLog)
    quiet(ASKED)
