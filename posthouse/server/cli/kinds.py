"""How arguments are read and values shown: sizes, limits, times."""

from __future__ import annotations

import re
import time
from datetime import datetime
from typing import Any

import click
from msgspec import UnsetType

from posthouse.admin.sizes import LARGEST, BadSize, octets_of, size_text
from posthouse.storage.clock import now_ms

Quota = int | UnsetType | None

_AGO = re.compile(r"(\d{1,6})\s*([mhd])", re.ASCII)
_UNIT_MS = {"m": 60_000, "h": 3_600_000, "d": 86_400_000}


class Size(click.ParamType[Quota]):
    """Octets, None for "none"; UNSET, the default of an option that was not given, stays."""

    name = "size"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Quota:
        if isinstance(value, UnsetType):
            return value
        try:
            return octets_of(str(value))
        except BadSize as error:
            self.fail(f"'{error.args[0]}': {error.args[1]}", param, ctx)


class Limit(click.ParamType[Quota]):
    """A number, None for "none", UNSET as above."""

    name = "number"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Quota:
        if isinstance(value, UnsetType):
            return value
        text = str(value).strip().lower()
        if text == "none":
            return None
        if not text.isdecimal() or len(text) > len(str(LARGEST)) or int(text) > LARGEST:
            self.fail(f'expected a number up to {LARGEST} or "none", not {value!r}', param, ctx)
        return int(text)


class Daily(Limit):
    """A number for each day, None for "default", 0 for "none", UNSET as above."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Quota:
        text = value if isinstance(value, UnsetType) else str(value).strip().lower()
        if text == "default":
            return None
        return 0 if text == "none" else super().convert(value, param, ctx)


class Moment(click.ParamType[int | None]):
    """A time in ms: local, `2026-11-26` or `2026-11-26 10:00`, or so long ago: `30m`, `3h`, `2d`."""

    name = "time"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        text = str(value).strip()
        ago = _AGO.fullmatch(text)
        try:
            if ago is not None:
                return now_ms() - int(ago[1]) * _UNIT_MS[ago[2]]
            return int(datetime.fromisoformat(text).timestamp() * 1000)
        except (ValueError, OverflowError, OSError):
            wanted = '"2026-11-26", "2026-11-26 10:00", or so long ago: "30m", "3h", "2d"'
            self.fail(f"expected {wanted}, not {value!r}", param, ctx)


def size_or_none(octets: int | None) -> str:
    """A size in a cell of a table; nothing without a limit."""
    return "" if octets is None else size_text(octets)


def daily(limit: int | None) -> str:
    """A limit for each day in a cell of a table."""
    return "default" if limit is None else str(limit or "none")


def moment(ms: int) -> str:
    """A time with its minute in a cell of a table."""
    return time.strftime("%Y-%m-%d %H:%M", time.localtime(ms / 1000))


def day(ms: int) -> str:
    """A time in a cell of a table."""
    return time.strftime("%Y-%m-%d", time.localtime(ms / 1000))
