"""Date fields as milliseconds since the epoch; RFC 5322 3.3, its obsolete forms (4.3), and what is seen in the field.

Reading never fails: an unreadable date is None.
"""

from __future__ import annotations

import datetime
import re
import time as clock
from functools import lru_cache

_MONTHS = {
    b"jan": 1, b"feb": 2, b"mar": 3, b"apr": 4, b"may": 5, b"jun": 6,
    b"jul": 7, b"aug": 8, b"sep": 9, b"oct": 10, b"nov": 11, b"dec": 12,
}  # fmt: skip
_ZONES = {
    b"EST": -300, b"EDT": -240, b"CST": -360, b"CDT": -300, b"MST": -420, b"MDT": -360, b"PST": -480, b"PDT": -420,
}  # fmt: skip
_EPOCH = datetime.date(1970, 1, 1).toordinal()

_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTH_NAMES = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")

_OPEN = ord("(")
_COMMENT = re.compile(rb"\([^()]*\)")
_ZONE = rb"[ \t]*(?:(?:GMT|UTC?)?([+-]\d{1,2}):?(\d{2})\b|([A-Za-z]{1,5})\b)?"
_TIME = rb"(\d{1,2})[:.](\d{1,2})(?:[:.](\d{1,2})(?:[.,]\d+)?)?"
# Tue, 24 Nov 2026 02:27:46 +0100
_USUAL = re.compile(
    rb"(?:[A-Za-z]+\.?,?)?[ \t]*(\d{1,2})[ \t-]*([A-Za-z]{3})[a-z]*\.?,?[ \t-]*(\d{2,4})\b(?:,?[ \t]+%b%b)?"
    % (_TIME, _ZONE)
)
# Tue Nov 24 02:27:46 [CET] 2026 [+0100], as ctime writes
_CTIME = re.compile(
    rb"(?:[A-Za-z]+,?)?[ \t]*([A-Za-z]{3})[a-z]*[ \t]+(\d{1,2}),?[ \t]+%b[ \t]+(?:([A-Z]{1,5})[ \t]+)?(\d{4})\b%b"
    % (_TIME, _ZONE)
)
# 2026-11-24T02:27:46+01:00
_ISO = re.compile(rb"(\d{4})[-/](\d{1,2})[-/](\d{1,2})(?:[Tt \t]+%b%b)?" % (_TIME, _ZONE))


def parse_date(value: bytes) -> int | None:
    """The time that an unfolded date names; None when none can be read. A missing zone is taken for UTC."""
    read = _read(value[:200])
    return None if read is None else read[0]


def parse_day(value: bytes) -> datetime.date | None:
    """The day that stands in an unfolded date, whatever its zone; None when none can be read."""
    read = _read(value[:200])
    return None if read is None else datetime.date.fromordinal(read[1])


@lru_cache(maxsize=64)  # letters of one sender often are of one second
def _read(value: bytes) -> tuple[int, int] | None:
    """(the time, the number of the day that is written)."""
    if _OPEN in value:
        value = _COMMENT.sub(b" ", value)
    value = value.strip()
    match = _USUAL.match(value)
    if match is not None:
        day, month, year, *time, east, minutes, name = match.groups()
        return _moment(year, _MONTHS.get(month.lower()), day, time, _offset(east, minutes, name))
    match = _CTIME.match(value)
    if match is not None:
        month, day, hour, minute, second, inner, year, east, minutes, name = match.groups()
        offset = _offset(east, minutes, name or inner)
        return _moment(year, _MONTHS.get(month.lower()), day, [hour, minute, second], offset)
    match = _ISO.match(value)
    if match is not None:
        year, month, day, *time, east, minutes, name = match.groups()
        return _moment(year, int(month), day, time, _offset(east, minutes, name))
    return None


def date_time(at: int) -> str:
    """Ms since the epoch as RFC 5322 3.3 writes it, in UTC."""
    return _written(at // 1000)


@lru_cache(maxsize=16)  # many letters come in one second
def _written(second: int) -> str:
    when = clock.gmtime(second)
    return (
        f"{_DAYS[when.tm_wday]}, {when.tm_mday} {_MONTH_NAMES[when.tm_mon - 1]} {when.tm_year} "
        f"{when.tm_hour:02}:{when.tm_min:02}:{when.tm_sec:02} +0000"
    )


def _offset(east: bytes | None, minutes: bytes | None, name: bytes | None) -> int:
    """Minutes east of UTC; RFC 5322 4.3: zones by other names than these say nothing, nor do such as -9959."""
    if east is None or minutes is None:
        return _ZONES.get((name or b"").upper(), 0)
    offset = abs(int(east)) * 60 + int(minutes)
    if offset > 24 * 60:
        return 0  # RFC 5256 2.2: a zone that is none is taken for UTC
    return -offset if east[:1] == b"-" else offset


def _moment(
    year_text: bytes, month: int | None, day: bytes, time: list[bytes | None], offset: int
) -> tuple[int, int] | None:
    year = int(year_text)
    if len(year_text) == 2:
        year += 2000 if year < 50 else 1900  # RFC 5322 4.3
    elif len(year_text) == 3:
        year += 1900
    hour, minute, second = [int(number or 0) for number in time]
    if month is None or hour > 24 or minute > 59 or second > 60:
        return None
    try:
        number = datetime.date(year, month, int(day)).toordinal()
    except ValueError:
        return None
    return ((((number - _EPOCH) * 24 + hour) * 60 + minute - offset) * 60 + second) * 1000, number
