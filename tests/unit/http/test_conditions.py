"""Conditions and ranges."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from posthouse.webdav.http.conditions import Conditions, Validators, Verdict, read_conditions
from posthouse.webdav.http.errors import HttpError
from posthouse.webdav.http.ranges import Placed, Span, content_range, placed, wanted_span
from tests.unit.http.test_answers import asked

HELD = Validators('"a"', 1_790_000_000_500)  # Mon, 21 Sep 2026 14:13:20 GMT
THEN, EARLIER = "Mon, 21 Sep 2026 14:13:20 GMT", "Mon, 21 Sep 2026 14:13:19 GMT"
GO, SAME, FAILED = Verdict.GO_ON, Verdict.NOT_MODIFIED, Verdict.FAILED


@pytest.mark.parametrize(
    ("fields", "reading", "writing", "nothing"),
    [
        ({}, GO, GO, GO),
        ({"if_match": '"a"'}, GO, GO, FAILED),
        ({"if_match": '"b", "a"'}, GO, GO, FAILED),
        ({"if_match": '"b"'}, FAILED, FAILED, FAILED),
        ({"if_match": 'W/"a"'}, FAILED, FAILED, FAILED),
        ({"if_match": "*"}, GO, GO, FAILED),
        ({"if_match": '\\"a\\"'}, GO, GO, FAILED),
        ({"if_none_match": '"a"'}, SAME, FAILED, GO),
        ({"if_none_match": 'W/"a"'}, SAME, FAILED, GO),
        ({"if_none_match": "*"}, SAME, FAILED, GO),
        ({"if_none_match": '"b"'}, GO, GO, GO),
        ({"if_unmodified_since": THEN}, GO, GO, GO),
        ({"if_unmodified_since": EARLIER}, FAILED, FAILED, GO),
        ({"if_modified_since": THEN}, SAME, GO, GO),
        ({"if_modified_since": EARLIER}, GO, GO, GO),
        ({"if_modified_since": "then"}, GO, GO, GO),
        ({"if_match": '"a"', "if_unmodified_since": EARLIER}, GO, GO, FAILED),
        ({"if_none_match": '"b"', "if_modified_since": THEN}, GO, GO, GO),
    ],
)
def test_what_conditions_say(fields: dict[str, str], reading: Verdict, writing: Verdict, nothing: Verdict) -> None:
    conditions = read_conditions(asked(**fields))
    assert conditions.of(HELD, reads=True) is reading
    assert conditions.of(HELD, reads=False) is writing
    assert conditions.of(None, reads=False) is nothing


@pytest.mark.parametrize("value", ["", "a", '"a', '"a" "b"', "*, *", '"a", b'])
def test_tags_that_are_none(value: str) -> None:
    with pytest.raises(HttpError):
        read_conditions(asked(if_match=value))


@given(st.text(max_size=50))
def test_any_field_is_read_or_refused(value: str) -> None:
    with contextlib.suppress(HttpError):
        assert isinstance(read_conditions(asked(if_none_match=value)), Conditions)


@pytest.mark.parametrize(
    ("field", "span"),
    [
        ("", None),
        ("bytes=0-9", Span(0, 10)),
        ("bytes=5-", Span(5, 100)),
        ("bytes=-7", Span(93, 100)),
        ("bytes=-700", Span(0, 100)),
        ("Bytes = 99-500", Span(99, 100)),
        ("bytes=9-0", None),
        ("bytes=0-1,5-6", None),
        ("bytes=-", None),
        ("lines=0-1", None),
    ],
)
def test_which_part(field: str, span: Span | None) -> None:
    assert wanted_span(asked(range=field), HELD, 100) == span


@pytest.mark.parametrize("field", ["bytes=100-", "bytes=100-200", "bytes=-0"])
def test_parts_that_are_not_there(field: str) -> None:
    with pytest.raises(HttpError) as refused:
        wanted_span(asked(range=field), HELD, 100)
    assert (refused.value.status, refused.value.fields) == (416, ((b"content-range", b"bytes */100"),))


def test_a_part_of_what_has_changed_is_all_of_it() -> None:
    for condition, span in (('"a"', Span(0, 10)), ('"b"', None), ('W/"a"', None), (THEN, None)):
        assert wanted_span(asked(range="bytes=0-9", if_range=condition), HELD, 100) == span


def test_where_an_upload_belongs() -> None:
    assert placed(asked()) is None
    assert placed(asked(content_range="bytes 5-9/20")) == Placed(Span(5, 10), 20)
    assert placed(asked(content_range="bytes 5-9/*")) == Placed(Span(5, 10), None)
    assert content_range(Span(5, 10), 20) == b"bytes 5-9/20"
    for field in ("", "bytes 9-5/20", "bytes 5-20/20", "bytes */20", "lines 1-2/3"):
        with pytest.raises(HttpError):
            placed(asked(content_range=field))
