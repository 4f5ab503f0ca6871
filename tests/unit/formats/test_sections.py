"""Sections of a message: the tree of the RFC's own example, messages in messages, and any message at all."""

from __future__ import annotations

import pytest
from hypothesis import given, settings

from posthouse.formats.imap.parts import Kind, decode_parts, encode_parts, find_part, section
from posthouse.formats.mime.part import Part
from tests.unit.formats.messages import any_octets
from tests.unit.formats.test_scanner import lines, scan

# RFC 9051 6.4.5.1: HEADER, TEXT, 1 text/plain, 2 application/octet-stream, 3 message/rfc822 (3.1 text/plain,
# 3.2 application/octet-stream), 4 multipart/mixed (4.1 image/gif, 4.2 message/rfc822 (4.2.1 text/plain,
# 4.2.2 multipart/alternative (4.2.2.1 text/plain, 4.2.2.2 text/richtext)))
EXAMPLE = lines(
    "Subject: example", "Content-Type: multipart/mixed; boundary=a", "", "preamble",
    "--a", "X-Part: 1", "", "one",
    "--a", "Content-Type: application/octet-stream", "", "two",
    "--a", "Content-Type: message/rfc822", "X-Part: 3", "",
    "Subject: three", "Content-Type: multipart/mixed; boundary=c", "",
    "--c", "X-Part: 3.1", "", "three one",
    "--c", "Content-Type: application/octet-stream", "", "three two",
    "--c--",
    "--a", "Content-Type: multipart/mixed; boundary=d", "X-Part: 4", "",
    "--d", "Content-Type: image/gif", "", "four one",
    "--d", "Content-Type: message/rfc822", "X-Part: 4.2", "",
    "Subject: four two", "Content-Type: multipart/mixed; boundary=e", "",
    "--e", "", "four two one",
    "--e", "Content-Type: multipart/alternative; boundary=f", "X-Part: 4.2.2", "",
    "--f", "X-Part: 4.2.2.1", "", "four two two one",
    "--f", "Content-Type: text/richtext", "", "four two two two",
    "--f--", "--e--", "--d--", "--a--", "epilogue",
)  # fmt: skip

FORWARD = lines(
    "Subject: outer", "Content-Type: message/rfc822", "", "Subject: inner", "Content-Type: text/html", "", "<p>", "</p>"
)  # fmt: skip


def cut(message: bytes, name: str) -> bytes | None:
    path: list[int] = []
    kind = Kind.WHOLE
    for word in name.split(".") if name else ():
        if word.isdigit():
            path.append(int(word))
        else:
            kind = Kind[word]
    found = section(decode_parts(encode_parts(scan(message))), path, kind)
    return None if found is None else message[slice(*found)]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("HEADER", b"Subject: example\r\nContent-Type: multipart/mixed; boundary=a\r\n\r\n"),
        ("1", b"one"),
        ("1.MIME", b"X-Part: 1\r\n\r\n"),
        ("2", b"two"),
        ("3.MIME", b"Content-Type: message/rfc822\r\nX-Part: 3\r\n\r\n"),
        ("3.HEADER", b"Subject: three\r\nContent-Type: multipart/mixed; boundary=c\r\n\r\n"),
        ("3.1", b"three one"),
        ("3.1.MIME", b"X-Part: 3.1\r\n\r\n"),
        ("3.2", b"three two"),
        ("4.MIME", b"Content-Type: multipart/mixed; boundary=d\r\nX-Part: 4\r\n\r\n"),
        ("4.1", b"four one"),
        ("4.1.MIME", b"Content-Type: image/gif\r\n\r\n"),
        ("4.2.HEADER", b"Subject: four two\r\nContent-Type: multipart/mixed; boundary=e\r\n\r\n"),
        ("4.2.1", b"four two one"),
        ("4.2.1.MIME", b"\r\n"),
        ("4.2.2.MIME", b"Content-Type: multipart/alternative; boundary=f\r\nX-Part: 4.2.2\r\n\r\n"),
        ("4.2.2.1", b"four two two one"),
        ("4.2.2.2", b"four two two two"),
    ],
)
def test_the_example_of_the_rfc(name: str, expected: bytes) -> None:
    assert cut(EXAMPLE, name) == expected


def test_whole_texts() -> None:
    head = cut(EXAMPLE, "HEADER")
    text = cut(EXAMPLE, "TEXT")
    assert (head or b"") + (text or b"") == EXAMPLE == cut(EXAMPLE, "")
    assert cut(EXAMPLE, "3") == (cut(EXAMPLE, "3.HEADER") or b"") + (cut(EXAMPLE, "3.TEXT") or b"")
    assert (cut(EXAMPLE, "3.TEXT") or b"").endswith(b"--c--")
    assert (cut(EXAMPLE, "4.2.TEXT") or b"").startswith(b"--e\r\n\r\nfour two one")


@pytest.mark.parametrize(
    "name", ["0", "5", "1.1", "1.HEADER", "1.TEXT", "2.TEXT", "3.3", "4.HEADER", "4.3", "3.1.1", "MIME"]
)
def test_sections_that_are_not_there(name: str) -> None:
    assert cut(EXAMPLE, name) is None


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("1", FORWARD[48:]),
        ("1.MIME", FORWARD[:48]),
        ("1.HEADER", b"Subject: inner\r\nContent-Type: text/html\r\n\r\n"),
        ("1.TEXT", b"<p>\r\n</p>"),
        ("1.1", b"<p>\r\n</p>"),
        ("1.1.MIME", b"Subject: inner\r\nContent-Type: text/html\r\n\r\n"),
        ("1.1.1", None),
        ("1.2", None),
        ("2", None),
    ],
)
def test_a_message_that_is_nothing_but_another(name: str, expected: bytes | None) -> None:
    assert cut(FORWARD, name) == expected


def test_a_plain_message_has_one_part() -> None:
    message = lines("Subject: x", "", "text")
    assert cut(message, "1") == cut(message, "TEXT") == b"text"
    assert cut(message, "1.MIME") == cut(message, "HEADER")
    assert cut(message, "1.TEXT") is cut(message, "2") is cut(message, "1.1") is None


@settings(max_examples=200)
@given(any_octets)
def test_every_part_is_found_in_what_is_stored(message: bytes) -> None:
    part = scan(message)
    stored = decode_parts(encode_parts(part))
    assert find_part(stored, ()) is stored
    check(part, stored, (), stored)


def check(part: Part, stored: Part, path: tuple[int, ...], root: Part) -> None:
    """`part` is a message, whose parts are numbered behind `path`."""
    assert stored == Part(
        part.header_start, part.body_start, part.body_end, part.lines, part.type, part.subtype, stored.parameters,
        part.encoding, children=stored.children,
    )  # fmt: skip
    numbered = [(part, stored)]
    if part.is_multipart:
        numbered = list(zip(part.children, stored.children, strict=True))
    for number, (child, kept) in enumerate(numbered, 1):
        here = (*path, number)
        assert find_part(root, here) is kept
        assert section(root, here) == (child.body_start, child.body_end)
        assert section(root, here, Kind.MIME) == (child.header_start, child.body_start)
        if child.is_message:
            inner = child.children[0]
            assert section(root, here, Kind.HEADER) == (inner.header_start, inner.body_start)
            assert section(root, here, Kind.TEXT) == (inner.body_start, inner.body_end)
            check(inner, kept.children[0], here, root)
        elif child.is_multipart:
            check(child, kept, here, root)
    assert find_part(root, (*path, len(numbered) + 1)) is None
