"""The MIME scanner against an oracle, the standard library's parser, and hand-made trouble."""

from __future__ import annotations

import email
import email.message
import tracemalloc

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from posthouse.formats.mime import scanner as scanner_module
from posthouse.formats.mime.part import Part
from posthouse.formats.mime.scanner import Scanner
from posthouse.formats.mime.settings import MimeLimits
from tests.effort import LARGER, takes_time_by_size
from tests.unit.formats.messages import any_octets, well_formed_messages, wild_messages
from tests.unit.formats.oracle import oracle_shape, shape


def scan(message: bytes, limits: MimeLimits | None = None) -> Part:
    scanner = Scanner(limits) if limits else Scanner()
    scanner.feed(message)
    return scanner.close()


def lines(*texts: str) -> bytes:
    return "\r\n".join(texts).encode()


def bodies(part: Part, message: bytes) -> list[bytes]:
    if not part.children:
        return [message[part.body_start : part.body_end]]
    return [body for child in part.children for body in bodies(child, message)]


@settings(max_examples=400)
@given(any_octets)
@example(b"Content-Type: multipart/y; boundary=b\n\n\n--b")  # ends in a delimiter line
def test_the_tree_is_the_oracles(message: bytes) -> None:
    assert shape(scan(message)) == oracle_shape(message)


@settings(max_examples=300)
@given(any_octets, st.lists(st.integers(1, 60), max_size=60), st.integers(1, 40))
def test_chunks_make_no_difference(message: bytes, sizes: list[int], batch: int) -> None:
    whole = scan(message)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(scanner_module, "_BATCH", batch)
        scanner = Scanner()
        at = 0
        for size in sizes:
            scanner.feed(message[at : at + size])
            at += size
        scanner.feed(message[at:])
        assert scanner.close() == whole


@given(wild_messages)
def test_octet_by_octet(message: bytes) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(scanner_module, "_BATCH", 1)
        scanner = Scanner()
        for octet in message:
            scanner.feed(bytes((octet,)))
        assert scanner.close() == scan(message)


TIGHT = MimeLimits(
    nesting_count=3, part_count=4, header_octets=1024, all_headers_octets=1100, header_line_count=10, parameter_count=2,
    boundary_octets=70, text_octets=10,
)  # fmt: skip


@settings(max_examples=300)
@given(wild_messages, st.sampled_from([MimeLimits(), TIGHT]), st.integers(1, 1000))
@example(  # the last part that there is room for is a message's, and a boundary follows
    b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n--b\r\nContent-Type: message/rfc822\r\n--b\r\n", TIGHT, 1
)
@example(
    b"Content-Type: message/rfc822\n\nContent-Type: multipart/mixed; boundary=b\n\n--b\n\n--b\n",
    MimeLimits(part_count=2),
    1,
)
def test_offsets_are_in_range_and_nested(message: bytes, limits: MimeLimits, batch: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(scanner_module, "_BATCH", batch)
        scanner = Scanner(limits)
        for at in range(0, len(message), 7):
            scanner.feed(message[at : at + 7])
        root = scanner.close()
    assert (root.header_start, root.body_end) == (0, len(message))
    count = check_nesting(root, message, 1, limits)
    assert count <= limits.part_count
    assert root == scan(message, limits)


def check_nesting(part: Part, message: bytes, depth: int, limits: MimeLimits) -> int:
    assert depth <= limits.nesting_count
    assert part.header_start <= part.body_start <= part.body_end
    assert part.lines == message.count(b"\n", part.body_start, part.body_end)
    assert len(part.text) <= limits.text_octets
    assert message[part.body_start : part.body_end].startswith(part.text)
    if part.type == "multipart":
        assert part.children
    if part.type == "message" and part.subtype in ("rfc822", "global"):
        assert [(child.header_start, child.body_end) for child in part.children] == [(part.body_start, part.body_end)]
    at, count = part.body_start, 1
    for child in part.children:
        assert child.header_start >= at
        count += check_nesting(child, message, depth + 1, limits)
        at = child.body_end
    assert at <= part.body_end
    return count


@settings(max_examples=150)
@given(well_formed_messages())
def test_well_formed_messages_as_the_standard_library_reads_them(message: bytes) -> None:
    compare(scan(message), email.message_from_bytes(message), message)


def compare(part: Part, other: email.message.Message, message: bytes) -> None:
    assert f"{part.type}/{part.subtype}" == other.get_content_type()
    header = email.message_from_bytes(message[part.header_start : part.body_start])
    assert header.items() == other.items()
    payload = other.get_payload()
    if isinstance(payload, list):
        for child, inner in zip(part.children, payload, strict=True):
            compare(child, inner, message)
    else:
        assert message[part.body_start : part.body_end] == payload.encode("ascii")


def test_an_empty_message() -> None:
    assert shape(scan(b"")) == ("text/plain", 0, 0, 0, 0, ())


def test_a_plain_message() -> None:
    message = b"Subject: x\r\n\r\nhello\r\nworld"
    part = scan(message)
    assert (part.body_start, part.body_end, part.lines) == (14, 26, 1)
    assert part.header == b"Subject: x\r\n\r\n"
    assert part.text == b"hello\r\nworld"


def test_a_header_without_a_body() -> None:
    message = b"Subject: x\r\nFrom: y\r\n"
    part = scan(message)
    assert (part.body_start, part.body_end) == (len(message), len(message))
    assert part.header == message


def test_the_longest_boundary_that_fits_is_meant() -> None:
    message = lines(
        "Content-Type: multipart/mixed; boundary=abc", "", "--abc",
        "Content-Type: multipart/mixed; boundary=abcdef", "", "--abcdef", "", "inner", "--abcdef--",
        "--abc", "", "outer", "--abc--",
    )  # fmt: skip
    assert bodies(scan(message), message) == [b"inner", b"outer"]
    assert [len(child.children) for child in scan(message).children] == [1, 0]


def test_the_inner_boundary_may_be_the_beginning_of_the_outer() -> None:
    message = lines(
        "Content-Type: multipart/mixed; boundary=abcdef", "", "--abcdef",
        "Content-Type: multipart/mixed; boundary=abc", "", "--abc", "", "inner", "--abcdef", "", "outer", "--abcdef--",
    )  # fmt: skip
    assert bodies(scan(message), message) == [b"inner", b"outer"]


def test_the_same_boundary_inside_closes_the_inner_first() -> None:
    message = lines(
        "Content-Type: multipart/mixed; boundary=b", "", "--b",
        "Content-Type: multipart/mixed; boundary=b", "", "--b", "", "inner", "--b--", "",
        "--b", "", "outer", "--b--", "",
    )  # fmt: skip
    assert bodies(scan(message), message) == [b"inner", b"outer"]


def test_an_outer_boundary_ends_inner_parts_that_were_left_open() -> None:
    message = lines(
        "Content-Type: multipart/mixed; boundary=o", "", "--o",
        "Content-Type: multipart/mixed; boundary=i", "", "--i", "", "inner", "--o", "", "outer",
    )  # fmt: skip
    root = scan(message)
    assert bodies(root, message) == [b"inner", b"outer"]
    assert root.body_end == len(message)


def test_a_boundary_means_nothing_once_its_multipart_has_ended() -> None:
    message = lines(
        "Content-Type: multipart/mixed; boundary=o", "", "--o",
        "Content-Type: multipart/mixed; boundary=i", "", "--i", "", "inner", "--o", "", "outer", "--i", "still",
        "--o--", "--o",
    )  # fmt: skip
    assert bodies(scan(message), message) == [b"inner", b"outer\r\n--i\r\nstill"]


def test_preamble_and_epilogue_belong_to_no_part() -> None:
    message = lines(
        "Content-Type: multipart/mixed; boundary=b", "", "pre", "--b", "", "part", "--b--", "epi", "--b", "x"
    )
    assert bodies(scan(message), message) == [b"part"]


def test_a_multipart_without_boundary_is_text() -> None:
    part = scan(lines("Content-Type: multipart/mixed", "", "--b", "", "text"))
    assert (part.type, part.subtype, part.parameters) == ("text", "plain", ())
    assert part.text.startswith(b"--b")


def test_a_multipart_without_parts_is_text() -> None:
    part = scan(lines("Content-Type: multipart/mixed; boundary=b", "", "just text", ""))
    assert (part.type, part.subtype, part.children, part.lines) == ("text", "plain", [], 1)


def test_empty_parts() -> None:
    message = lines("Content-Type: multipart/mixed; boundary=b", "", "--b", "--b", "", "--b", "", "", "--b--")
    assert bodies(scan(message), message) == [b"", b"", b""]


def test_a_digest_holds_messages() -> None:
    message = lines(
        "Content-Type: multipart/digest; boundary=b", "", "--b", "", "Subject: one", "", "first", "--b",
        "Content-Type: text/plain", "", "second", "--b--",
    )  # fmt: skip
    first, second = scan(message).children
    assert (first.type, first.subtype, second.type) == ("message", "rfc822", "text")
    assert first.children[0].header == b"Subject: one\r\n\r\n"


def test_a_message_in_a_message_keeps_its_header_for_the_envelope() -> None:
    message = lines("Content-Type: message/rfc822", "", "Subject: in", "Content-Type: text/html", "", "<p>")
    part = scan(message)
    assert part.is_message
    assert part.children[0].header == b"Subject: in\r\nContent-Type: text/html\r\n\r\n"
    assert part.children[0].subtype == "html"
    assert part.children[0].text == b""  # a preview is of the message, not of one that it carries


def test_the_preview_text_is_that_of_the_first_text_that_says_something() -> None:
    message = lines(
        "Content-Type: multipart/mixed; boundary=b", "", "--b", "", " ", "", "--b",
        "Content-Type: text/plain", "Content-Disposition: attachment", "", "file",
        "--b", "Content-Type: text/html", "", "<p>hi", "--b", "", "later", "--b--",
    )  # fmt: skip
    assert [child.text for child in scan(message).children] == [b"", b"", b"<p>hi", b""]


def nested(depth: int) -> bytes:
    message = b"\r\ndeep"
    for number in range(depth):
        message = b"Content-Type: multipart/mixed; boundary=b%d.\r\n\r\n--b%d.\r\n%b\r\n--b%d.--" % (
            number,
            number,
            message,
            number,
        )
    return message


def test_parts_that_are_nested_too_deep_stay_whole() -> None:
    message = nested(10)
    part = scan(message, MimeLimits(nesting_count=4))
    for _ in range(3):
        part = part.children[0]
    assert (part.type, part.subtype, part.children) == ("application", "octet-stream", [])
    assert b"deep" in message[part.body_start : part.body_end]
    assert not message[part.body_start : part.body_end].endswith(b"--b8.--")


def test_messages_that_are_nested_too_deep_stay_whole() -> None:
    part = scan(b"Content-Type: message/rfc822\r\n\r\n" * 1000, MimeLimits(nesting_count=3))
    assert [part.type, part.children[0].type, part.children[0].children[0].subtype] == [
        "message",
        "message",
        "octet-stream",
    ]


def test_what_follows_the_last_part_that_is_counted_is_its_body() -> None:
    message = b"Content-Type: multipart/mixed; boundary=b\r\n\r\n" + b"--b\r\n\r\nx\r\n" * 100 + b"--b--"
    root = scan(message, MimeLimits(part_count=10))
    assert [child.type for child in root.children] == ["text"] * 8 + ["application"]
    assert root.children[-1].body_end == len(message)


def test_a_huge_header_is_read_in_part_and_its_body_is_found() -> None:
    message = b"Subject: x\r\n" + b"X-Long: y\r\n" * 10_000 + b"Content-Type: text/html\r\n\r\nbody"
    part = scan(message, MimeLimits(header_octets=2000))
    assert len(part.header) == 2000
    assert message[part.body_start :] == b"body"
    assert part.subtype == "plain"  # beyond what is read


def test_all_headers_together_are_bounded() -> None:
    header = b"--b\r\nX: " + b"y" * 900 + b"\r\nContent-Type: message/rfc822\r\n\r\nSubject: z\r\n\r\n"
    message = b"Content-Type: multipart/mixed; boundary=b\r\n\r\n" + header * 100
    root = scan(message, MimeLimits(all_headers_octets=2000))
    assert [child.type for child in root.children] == ["message", "message"] + ["text"] * 98


def a_large_message(octets: int) -> list[bytes]:
    head = lines("Content-Type: multipart/mixed; boundary=b", "", "--b", "", "hi", "--b", "Content-Type: a/b", "", "")
    line = b"QmFzZTY0IGlzIHdoYXQgYXR0YWNobWVudHMgYXJlIG1hZGUgb2YsIGxpbmUgYnkgbGluZSwg\r\n"
    chunk = line * 900
    return [head, *[chunk] * (octets // len(chunk)), b"\r\n--b--\r\n"]


def test_a_50_mb_message_costs_less_than_1_mb() -> None:
    chunks = a_large_message(50_000_000)
    tracemalloc.start()
    scanner = Scanner()
    for chunk in chunks:
        scanner.feed(chunk)
    root = scanner.close()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert root.body_end == sum(map(len, chunks))
    assert peak < 1_000_000


@pytest.mark.parametrize(
    ("beginning", "piece", "times"),
    [
        (nested(49) * 20, b"\r\n--", 300_000),
        (b"Content-Type: multipart/mixed; boundary=b\r\n\r\n", b"--b\r\n", 200_000),
        (b"Content-Type: multipart/mixed; boundary=b\n\n", b"--b\n\n", 200_000),
        (
            b"Content-Type: multipart/mixed; boundary=%b\r\n\r\n%b\r\n" % (b"-" * 200, b"-" * 199),
            b"\r\n--",
            250_000,
        ),
        (b"", b"Content-Type: message/rfc822\r\n\r\n", 30_000),
        (b"", b"content-", 100_000),
        (b"", b"\ncontent-type:", 70_000),
        (b"Content-Type: text/plain; ", b"a*0=b;", 150_000),
        (b"Content-Type: text/plain", b"(", 500_000),
        (b'Content-Type: text/plain; a="', b"\\", 500_000),
        (b"Content-Type: text/plain;", b" \r\n", 300_000),
    ],
)
def test_hostile_messages_take_time_by_their_size_only(beginning: bytes, piece: bytes, times: int) -> None:
    assert takes_time_by_size(lambda size: scan(beginning + piece * size), times // LARGER)
