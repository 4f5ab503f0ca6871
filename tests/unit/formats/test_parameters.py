"""Values with parameters."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from posthouse.formats.mime.parameters import decoded_parameter, parse_value
from tests.effort import takes_time_by_size


@pytest.mark.parametrize(
    ("value", "word", "parameters"),
    [
        (b"text/plain", b"text/plain", ()),
        (b"Text/Plain; Charset=UTF-8", b"text/plain", ((b"charset", b"UTF-8"),)),
        (b'text/plain;charset="utf-8";format=flowed;', b"text/plain", ((b"charset", b"utf-8"), (b"format", b"flowed"))),
        (b'a/b; name="a \\"b\\" \\\\c; d=e"', b"a/b", ((b"name", b'a "b" \\c; d=e'),)),
        (b"text/plain (a (nested) comment); charset=us-ascii (so)", b"text/plain", ((b"charset", b"us-ascii"),)),
        (b'a/b; name="x (1).pdf"', b"a/b", ((b"name", b"x (1).pdf"),)),
        # seen
        (b"a/b; name=my file (1).pdf; x=y", b"a/b", ((b"name", b"my file (1).pdf"), (b"x", b"y"))),
        (b"a/b; name = x ; y = z", b"a/b", ((b"name", b"x"), (b"y", b"z"))),
        (b'a/b; name="unended', b"a/b", ((b"name", b"unended"),)),
        (b'a/b; name="x" junk; y=z', b"a/b", ((b"name", b"x"), (b"y", b"z"))),
        (b"a/b;; ; x=y", b"a/b", ((b"x", b"y"),)),
        (b"a/b; flag; x=y", b"a/b", ((b"x", b"y"),)),
        (b"a/b; =x; y=z", b"a/b", ((b"y", b"z"),)),
        (b"a/b; x=", b"a/b", ((b"x", b""),)),
        (b"a/b; x=a=b", b"a/b", ((b"x", b"a=b"),)),
        (b"", b"", ()),
        (b"; charset=x", b"", ((b"charset", b"x"),)),
        # RFC 2231 3 and 4
        (b'a/b; url*0="ftp://"; url*1="x/y"', b"a/b", ((b"url", b"ftp://x/y"),)),
        (b"a/b; t*=us-ascii'en'x%20y", b"a/b", ((b"t*", b"us-ascii'en'x%20y"),)),
        (b"a/b; t*1=%b; t*0*=utf-8''a%20; z=1", b"a/b", ((b"t*", b"utf-8''a%20%25b"), (b"z", b"1"))),
        (b"a/b; t*0=a; t*1=b; t*1=c; t*3=d", b"a/b", ((b"t", b"abd"),)),
    ],
)
def test_values(value: bytes, word: bytes, parameters: tuple[tuple[bytes, bytes], ...]) -> None:
    assert parse_value(value) == (word, parameters)


@pytest.mark.parametrize(
    ("value", "name"),
    [
        (b"attachment; filename=x.pdf", "x.pdf"),
        (b"attachment; filename=\"=?utf-8?Q?b=C3=BCcher.pdf?=\"", "bücher.pdf"),
        (b"attachment; filename*=utf-8''b%C3%BCcher.pdf", "bücher.pdf"),
        (b"attachment; filename=x; filename*=iso-8859-1'de'b%FCcher.pdf", "bücher.pdf"),
        (b"attachment; filename*0*=utf-8''b%C3; filename*1*=%BCcher; filename*2=.pdf", "bücher.pdf"),
        (b"attachment; filename*=b%C3%BCcher.pdf", "bücher.pdf"),
        ("attachment; filename=\"bücher.pdf\"".encode(), "bücher.pdf"),
        (b"attachment; filename=\"b\xfccher.pdf\"", "bücher.pdf"),
        (b"attachment", None),
    ],
)  # fmt: skip
def test_names_of_files(value: bytes, name: str | None) -> None:
    assert decoded_parameter(parse_value(value)[1], b"filename") == name


def test_no_more_parameters_than_asked_for() -> None:
    assert len(parse_value(b"a/b" + b";x=y" * 50, 10)[1]) == 10


_PIECES = st.sampled_from(
    [b"a", b"/", b";", b"=", b'"', b"\\", b"(", b")", b" ", b"*", b"0", b"'", b"%e4", b"\xff", b"\x00"]
)


@given(st.binary() | st.lists(_PIECES, max_size=40).map(b"".join))
def test_anything_is_taken(value: bytes) -> None:
    for name, _ in parse_value(value)[1]:
        decoded_parameter(((name, value),), name.rstrip(b"*"))


@pytest.mark.parametrize(
    "piece", [b";", b";a", b";a=", b';a="', b";a*0=", b"(", b"()", b" ", b'";', b"\\", b";a*1*=%41"]
)
def test_hostile_values_take_bounded_time(piece: bytes) -> None:
    assert takes_time_by_size(lambda size: parse_value(b"a/b;" + piece * (size // len(piece))), 32_000)
