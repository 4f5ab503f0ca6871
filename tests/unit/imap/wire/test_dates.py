"""Dates of the wire against the standard library."""

from __future__ import annotations

import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from posthouse.protocols.imap.wire.dates import date_time, parse_date, parse_date_time


def test_known() -> None:
    assert parse_date_time(b"17-Jul-1996 02:44:25 -0700") == 837596665000
    assert parse_date_time(b" 7-jul-1996 02:44:25 +0000") == parse_date_time(b"07-JUL-1996 02:44:25 +0000")
    assert parse_date_time(b"7-Jul-1996 02:44:25 +0000") == parse_date_time(b"07-Jul-1996 02:44:25 +0000")
    assert date_time(837596665999) == b'"17-Jul-1996 09:44:25 +0000"'
    assert date_time(0) == b'" 1-Jan-1970 00:00:00 +0000"'
    assert date_time(2**63) == b'"31-Dec-9999 23:59:59 +0000"'
    assert parse_date_time(b"01-Jan-1900 00:00:00 +0000") == 0
    assert parse_date(b"1-Feb-2024") == datetime.date(2024, 2, 1)


@given(
    st.datetimes(datetime.datetime(1970, 1, 2), datetime.datetime(9999, 12, 30)),
    st.integers(-23 * 60 - 59, 23 * 60 + 59),
)
def test_as_the_standard_library(moment: datetime.datetime, east: int) -> None:
    zone = datetime.timezone(datetime.timedelta(minutes=east))
    moment = moment.replace(microsecond=0, tzinfo=zone)
    months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
    text = moment.strftime(f"%d-{months[moment.month - 1]}-{moment.year:04} %H:%M:%S %z")
    ms = parse_date_time(text.encode())
    assert ms == int(moment.timestamp()) * 1000
    assert parse_date_time(date_time(ms)[1:-1]) == ms


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"17-Jul-1996",
        b"30-Feb-1996 00:00:00 +0000",
        b"17-Jul-0000 00:00:00 +0000",
        b"17-Jul-1996 24:00:00 +0000",
        b"17-Jul-1996 00:60:00 +0000",
        b"17-Jul-1996 00:00:61 +0000",
        b"17-Jul-1996 00:00:00 0000",
        b"17-Jul-1996 00:00:00 +0060",
        b"17-Jux-1996 00:00:00 +0000",
    ],
)
def test_refused(text: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        parse_date_time(text)
