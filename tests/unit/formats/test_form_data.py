"""Forms with files: whole, in pieces, and what is none."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from posthouse.formats.form_data import LONGEST_HEADER, BadForm, FormReader, Part, PartEnd, boundary_of

BOUNDARY = b"----b0"


def form(*parts: tuple[str, bytes], end: bytes = b"--\r\n") -> bytes:
    made = [b"------b0\r\n%b\r\n\r\n%b\r\n" % (header.encode(), octets) for header, octets in parts]
    return b"".join(made) + b"------b0" + end


def read(*pieces: bytes) -> list[tuple[str, str | None, bytes]]:
    reader = FormReader(BOUNDARY)
    found: list[tuple[str, str | None, bytes]] = []
    part, octets, ended = None, b"", True
    for piece in pieces:
        for event in reader.feed(piece):
            if isinstance(event, Part):
                assert ended
                part, octets, ended = event, b"", False
            elif isinstance(event, PartEnd):
                assert part is not None
                found.append((part.name, part.file, octets))
                ended = True
            else:
                octets += event
    reader.end()
    return found


FILE = 'Content-Disposition: form-data; name="files"; filename="a b%22.txt"\r\nContent-Type: text/plain'
FIELD = 'content-disposition: form-data; name="note"'


def test_fields_and_files() -> None:
    octets = form((FILE, b"one\r\n--two"), (FIELD, b""))
    assert read(octets) == [("files", 'a b".txt', b"one\r\n--two"), ("note", None, b"")]


@given(st.lists(st.binary(max_size=80), max_size=3), st.integers(1, 40))
def test_however_it_is_cut(contents: list[bytes], size: int) -> None:
    kept = [each for each in contents if BOUNDARY not in each]
    octets = form(*[(FILE, each) for each in kept])
    pieces = [octets[at : at + size] for at in range(0, len(octets), size)]
    assert [each for _, _, each in read(*pieces)] == kept


@pytest.mark.parametrize(
    "octets",
    [
        b"",
        form((FILE, b"x"), end=b""),
        form((FILE, b"x"), end=b"\r\n"),
        form((FILE, b"x"))[:-20],
        form(("Content-Type: text/plain", b"x")),
        form(('Content-Disposition: attachment; filename="x"', b"x")),
        form(("A: " + "b" * LONGEST_HEADER, b"x")),
        b"x" * (LONGEST_HEADER + 100),
        b"------b0 nonsense\r\n\r\nx\r\n------b0--",
        form(*[(FIELD, b"")] * 1001),
    ],
)
def test_what_is_no_form(octets: bytes) -> None:
    with pytest.raises(BadForm):
        read(octets)


@given(st.binary(max_size=300), st.integers(1, 50))
def test_whatever_comes_is_read_or_refused(octets: bytes, size: int) -> None:
    with contextlib.suppress(BadForm):
        read(b"------b0\r\n" + octets, *[octets[at : at + size] for at in range(0, len(octets), size)])


def test_boundaries() -> None:
    assert boundary_of("multipart/form-data; boundary=----b0") == BOUNDARY
    assert boundary_of('Multipart/Form-Data; charset=x; boundary="a b"') == b"a b"
    for bad in ("", "text/plain", "multipart/form-data", "multipart/form-data; boundary=" + "a" * 80):
        with pytest.raises(BadForm):
            boundary_of(bad)
