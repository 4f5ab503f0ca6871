"""Dates: RFC 5322, its obsolete forms, and what else is seen."""

from __future__ import annotations

import calendar
import datetime
import email.utils

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from posthouse.formats.mime.dates import parse_date, parse_day
from tests.effort import takes_time_by_size


def ms(*when: int) -> int:
    return calendar.timegm((*when, *[0] * (6 - len(when)))) * 1000


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Fri, 21 Nov 1997 09:55:06 -0600", ms(1997, 11, 21, 15, 55, 6)),
        ("Tue, 1 Jul 2003 10:52:37 +0200", ms(2003, 7, 1, 8, 52, 37)),
        ("1 Jul 2003 10:52 +0530", ms(2003, 7, 1, 5, 22)),
        # RFC 5322 A.6.2, A.5, 4.3
        ("21 Nov 97 09:55:06 GMT", ms(1997, 11, 21, 9, 55, 6)),
        ("Thu,      13\t  Feb    1969  23:32    -0330 (Newfoundland Time)", ms(1969, 2, 14, 3, 2)),
        ("Wed, 17 Jul 1996 02:23:25 PDT", ms(1996, 7, 17, 9, 23, 25)),
        ("Wed, 17 Jul 102 02:23:25 EST", ms(2002, 7, 17, 7, 23, 25)),
        ("Wed, 17 Jul 49 02:23:25 Z", ms(2049, 7, 17, 2, 23, 25)),
        ("Wed, 17 Jul 96 02:23:25 K", ms(1996, 7, 17, 2, 23, 25)),
        # not the rules, but seen
        ("Tue, 24 Nov 2026 02:27:46", ms(2026, 11, 24, 2, 27, 46)),
        ("Tue, 24 Nov 2026 02:27:60 +0000", ms(2026, 11, 24, 2, 28, 0)),
        ("Tue, 24 November 2026 02:27:46 UTC", ms(2026, 11, 24, 2, 27, 46)),
        ("Tue, 24 Nov 2026 02:27:46 GMT+0100", ms(2026, 11, 24, 1, 27, 46)),
        ("Tue, 24 Nov 2026 02:27:46 +01:00", ms(2026, 11, 24, 1, 27, 46)),
        ("Tue, 24 Nov 2026 02:27:46.123 +0100", ms(2026, 11, 24, 1, 27, 46)),
        ("Tue, 24 Nov 2026 02:27:46 -9959", ms(2026, 11, 24, 2, 27, 46)),
        ("Tue, 24 Nov 2026 02.27.46 +0100", ms(2026, 11, 24, 1, 27, 46)),
        ("Tuesday, 24-Nov-26 02:27:46 GMT", ms(2026, 11, 24, 2, 27, 46)),
        ("Tue Nov 24 02:27:46 2026", ms(2026, 11, 24, 2, 27, 46)),
        ("Tue Nov  4 02:27:46 EST 2026", ms(2026, 11, 4, 7, 27, 46)),
        ("Tue Nov 24 02:27:46 2026 +0100", ms(2026, 11, 24, 1, 27, 46)),
        ("2026-11-24T02:27:46+01:00", ms(2026, 11, 24, 1, 27, 46)),
        ("2026-11-24 02:27:46", ms(2026, 11, 24, 2, 27, 46)),
        ("24 Nov 2026", ms(2026, 11, 24)),
        ("Mon, 01 Jan 0001 00:00:00 +0000", ms(1, 1, 1)),
    ],
)
def test_dates(text: str, expected: int) -> None:
    assert parse_date(text.encode()) == expected


@pytest.mark.parametrize(
    "text",
    ["", "now", "32 Nov 2026 02:27:46 +0000", "24 Foo 2026 02:27:46 +0000", "29 Feb 2026 00:00",
     "24 Nov 2026 25:00:00", "24 Nov 2026 10:61:00", "24 Nov 0000 10:00:00", "2026-13-01"],
)  # fmt: skip
def test_what_is_no_date(text: str) -> None:
    assert parse_date(text.encode()) is None


@pytest.mark.parametrize(
    "text",
    [
        "Mon, 7 Feb 1994 21:52:25 -0800", "7 Feb 94 21:52 PST", "Mon, 07-Feb-94 01:00:00 +1400",
        "Mon Feb  7 23:59:59 PST 1994", "1994-02-07T23:00:00-08:00", "7 Feb 1994",
    ],
)  # fmt: skip
def test_the_day_is_that_which_stands_there(text: str) -> None:
    assert parse_day(text.encode()) == datetime.date(1994, 2, 7)
    assert parse_day(b"32 Nov 2026 02:27:46 +0000") is None


@given(st.datetimes(min_value=datetime.datetime(1900, 1, 1), timezones=st.timezones()))
def test_what_the_standard_library_writes_is_read(when: datetime.datetime) -> None:
    offset = when.utcoffset()
    assume(offset is not None and offset.total_seconds() % 60 == 0)  # RFC 5322 3.3 has no others
    text = email.utils.format_datetime(when)
    assert parse_date(text.encode()) == int(email.utils.parsedate_to_datetime(text).timestamp()) * 1000


@given(st.binary() | st.text("0123456789 :,+-JanFebTueZGMT()/.", max_size=40).map(str.encode))
def test_anything_is_taken(value: bytes) -> None:
    parse_date(value)


@pytest.mark.parametrize("piece", [b"1", b" ", b"(", b"a", b"1 ", b"()", b"1-"])
def test_hostile_dates_take_bounded_time(piece: bytes) -> None:
    assert takes_time_by_size(lambda size: parse_date(piece * size), 12_000)
