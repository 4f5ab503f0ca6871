"""Dates of the wire and milliseconds since the epoch; RFC 9051 9 (date, date-time)."""

from __future__ import annotations

import datetime
import functools
import re

MONTHS = (b"Jan", b"Feb", b"Mar", b"Apr", b"May", b"Jun", b"Jul", b"Aug", b"Sep", b"Oct", b"Nov", b"Dec")
_MONTH_NUMBERS = {name.upper(): number for number, name in enumerate(MONTHS, 1)}
_EPOCH_DAY = datetime.date(1970, 1, 1).toordinal()
_LAST_MS = (datetime.date(9999, 12, 31).toordinal() - _EPOCH_DAY + 1) * 86_400_000 - 1

_DATE = re.compile(rb"(\d{1,2})-([A-Za-z]{3})-(\d{4})")
_DATE_TIME = re.compile(rb" ?(\d{1,2}-[A-Za-z]{3}-\d{4}) (\d\d):(\d\d):(\d\d) ([+-])(\d\d)(\d\d)")


def parse_date(text: bytes) -> datetime.date:
    """`17-Jul-1996`; raises ValueError."""
    match = _DATE.fullmatch(text)
    month = _MONTH_NUMBERS.get(match[2].upper()) if match else None
    if match is None or month is None:
        raise ValueError("a date such as 17-Jul-1996")
    return datetime.date(int(match[3]), month, int(match[1]))


def parse_date_time(text: bytes) -> int:
    """`17-Jul-1996 02:44:25 -0700` as ms since the epoch; raises ValueError.

    The day may have one digit without the space before it, as some clients write it. The store knows no time before
    the epoch: an earlier one becomes 0.
    """
    match = _DATE_TIME.fullmatch(text)
    if match is None:
        raise ValueError("a date-time such as 17-Jul-1996 02:44:25 -0700")
    hour, minute, second, zone_hours, zone_minutes = (int(match[group]) for group in (2, 3, 4, 6, 7))
    if hour > 23 or minute > 59 or second > 60 or zone_minutes > 59:
        raise ValueError("a time from 00:00:00 to 23:59:60")
    day = parse_date(match[1]).toordinal() - _EPOCH_DAY
    east = (zone_hours * 60 + zone_minutes) * (1 if match[5] == b"+" else -1)
    return max(0, (((day * 24 + hour) * 60 + minute - east) * 60 + second) * 1000)


def date_time(ms: int) -> bytes:
    """Ms since the epoch as `"17-Jul-1996 09:44:25 +0000"`, with its quotes; always in UTC.

    Times after the year 9999 are given as its last second.
    """
    days, second = divmod(min(ms, _LAST_MS) // 1000, 86400)
    return b'"%b %02d:%02d:%02d +0000"' % (_day(days), second // 3600, second // 60 % 60, second % 60)


@functools.lru_cache(1024)  # a mailbox is listed day after day
def _day(days: int) -> bytes:
    day = datetime.date.fromordinal(_EPOCH_DAY + days)
    return b"%2d-%b-%04d" % (day.day, MONTHS[day.month - 1], day.year)
