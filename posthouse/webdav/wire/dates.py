"""Times as HTTP and DAV write them; RFC 9110 5.6.7, RFC 3339."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from functools import lru_cache

_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_LAST = 253_402_300_799  # the last second of the year 9999, beyond which neither form goes


def http_date(at: int) -> str:
    """Ms since the epoch, as in Last-Modified."""
    return _http_date(at // 1000)


def iso_date(at: int) -> str:
    """Ms since the epoch, as in creationdate."""
    return _iso_date(at // 1000)


def read_date(text: str) -> int:
    """Seconds since the epoch of a time as in creationdate, in UTC where it names no zone; raises ValueError."""
    when = datetime.fromisoformat(text)
    return int((when if when.tzinfo is not None else when.replace(tzinfo=UTC)).timestamp())


@lru_cache(4096)
def _http_date(seconds: int) -> str:
    when = time.gmtime(min(max(seconds, 0), _LAST))
    day, month = _DAYS[when.tm_wday], _MONTHS[when.tm_mon - 1]
    return f"{day}, {when.tm_mday:02} {month} {when.tm_year} {when.tm_hour:02}:{when.tm_min:02}:{when.tm_sec:02} GMT"


@lru_cache(4096)
def _iso_date(seconds: int) -> str:
    when = time.gmtime(min(max(seconds, 0), _LAST))
    return f"{when.tm_year}-{when.tm_mon:02}-{when.tm_mday:02}T{when.tm_hour:02}:{when.tm_min:02}:{when.tm_sec:02}Z"
