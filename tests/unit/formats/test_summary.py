"""Summaries: decoded headers, previews, and what counts as an attachment."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given

from posthouse.formats.mime.attachments import filename, has_attachment
from posthouse.formats.mime.headers import read_fields
from posthouse.formats.mime.summary import Summary, summary
from posthouse.formats.mime.text import html_text, preview, shorten
from tests.effort import takes_time_by_size
from tests.unit.formats.messages import any_octets
from tests.unit.formats.test_scanner import lines, scan


def summary_of(octets: bytes) -> Summary:
    message = scan(octets)
    return summary(message, read_fields(message.header))


def test_a_summary() -> None:
    message = lines(
        "From: =?utf-8?Q?J=C3=BCrgen_M=2E?= <j@example.org>", "To: team: Ann <ann@example.org>;", "To: bob@example.org",
        "Cc: \"Bee, Zoë\" <z@example.org>", "Subject: =?iso-8859-1?Q?Gr=FC=DFe?=", " from the sea",
        "Date: Tue, 24 Nov 2026 02:27:46 +0100",
        "Message-ID:", " <a@example.org>", "", "Hello  there,\r\n\r\nit rains.",
    )  # fmt: skip
    assert summary_of(message) == Summary(
        sent=1_795_483_666_000,
        message_id="<a@example.org>",
        subject="Grüße from the sea",
        from_="Jürgen M. <j@example.org>",
        to="team: Ann <ann@example.org>;, bob@example.org",
        cc='"Bee, Zoë" <z@example.org>',
        preview="Hello there, it rains.",
        has_attachment=False,
    )


def test_the_summary_of_nothing() -> None:
    assert summary_of(b"") == Summary(None, "", "", "", "", "", "", False)


@given(any_octets)
def test_any_message_has_one(message: bytes) -> None:
    found = summary_of(message)
    assert len(found.preview) <= 200
    for text in (found.subject, found.from_, found.to, found.cc, found.preview, found.message_id):
        text.encode()
        assert "\n" not in text


def encoded(kind: str, encoding: str, text: bytes) -> bytes:
    return f"Content-Type: {kind}\r\nContent-Transfer-Encoding: {encoding}\r\n\r\n".encode() + text


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        (encoded("text/plain; charset=utf-8", "8bit", "Grüße\r\n aus".encode()), "Grüße aus"),
        (encoded("text/plain; charset=iso-8859-1", "quoted-printable", b"Gr=FC=\r\n=DFe"), "Grüße"),
        (encoded("text/plain; charset=utf-8", "BASE64", base64.encodebytes("Grüße".encode())), "Grüße"),
        (encoded("text/plain", "x-unknown", b"as it is"), "as it is"),
        (encoded("text/html", "7bit", b"<html><head><title>T</title><style>p {a: b}</style></head>"
                                      b"<body><p>One &amp; t<b>w</b><span class=x>o</span>"
                                      b"<!-- <p> no --><script>alert('<b>')</script><br>three &euro;"),
         "One & two three €"),
        (encoded("text/html", "7bit", b"<style>never ended <p>x"), ""),
        (encoded("text/html", "7bit", b"a < b <p"), "a < b"),
        (encoded("application/pdf", "7bit", b"%PDF"), ""),
    ],
)  # fmt: skip
def test_previews(message: bytes, expected: str) -> None:
    assert preview(scan(message)) == expected


def test_long_previews_are_cut_behind_a_word() -> None:
    assert shorten("word " * 100) == "word " * 39 + "word"
    assert shorten("x" * 1000) == "x" * 200
    assert shorten("pre\u034f\u200c \xad\u2007\ufeffheader\x00 end") == "pre header end"
    assert shorten("pre" + "\u034f\u200c" * 5000 + "header " * 100).startswith("pre header header")


def test_a_preview_reads_only_the_beginning() -> None:
    message = encoded("text/html", "7bit", b"<p>" * 10_000_000 + b"too late")
    assert preview(scan(message)) == ""


@pytest.mark.parametrize("piece", ["<", "<style", "<!--", "&", "&#x", "<a", "</style><style>", "&lt"])
def test_hostile_html_takes_bounded_time(piece: str) -> None:
    assert takes_time_by_size(lambda size: html_text(piece * (size // len(piece))), 1024)  # no more is read than 8192


def part(*fields: str, text: str = "x") -> str:
    return "\r\n".join([*fields, "", text])


def mixed(subtype: str, *parts: str) -> bytes:
    inside = "".join(f"--b\r\n{one}\r\n" for one in parts)
    return f"Content-Type: multipart/{subtype}; boundary=b\r\n\r\n{inside}--b--\r\n".encode()


PDF = part("Content-Type: application/pdf")
IMAGE = part("Content-Type: image/png; name=a.png", "Content-ID: <i@x>", "Content-Disposition: inline")


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        (b"\r\ntext", False),
        (part("Content-Type: application/pdf").encode(), True),
        (mixed("mixed", part(), PDF), True),
        (mixed("alternative", part(), part("Content-Type: text/html")), False),
        (mixed("alternative", part(), part("Content-Type: text/calendar; method=REQUEST")), False),
        (mixed("mixed", part(), part("Content-Disposition: attachment")), True),
        (mixed("mixed", part(), part("Content-Type: text/plain; name=notes.txt")), True),
        (mixed("mixed", part(), part("Content-Disposition: inline; filename=notes.txt")), True),
        (mixed("mixed", part(), part("Content-Disposition: inline")), False),
        (mixed("related", part("Content-Type: text/html"), IMAGE), False),
        (mixed("mixed", part("Content-Type: text/html"), IMAGE), False),
        (mixed("mixed", part(), part("Content-Type: image/png")), True),
        (mixed("related", part(), part("Content-Type: application/pdf; name=x.pdf")), True),
        (mixed("signed", part(), part("Content-Type: application/pkcs7-signature; name=smime.p7s",
                                      "Content-Disposition: attachment; filename=smime.p7s")), False),
        (mixed("mixed", part(), part("Content-Type: message/rfc822", text="Subject: x\r\n\r\ny")), True),
        (mixed("report", part(), part("Content-Type: message/delivery-status"),
               part("Content-Type: message/rfc822", text="Subject: x\r\n\r\ny")), False),
        (mixed("report", part(), part("Content-Type: message/delivery-status"),
               part("Content-Type: text/rfc822-headers")), False),
    ],
)  # fmt: skip
def test_attachments(message: bytes, expected: bool) -> None:
    assert has_attachment(scan(message)) is expected


def test_names_of_files() -> None:
    message = part(
        "Content-Type: a/b; name=one.txt", "Content-Disposition: attachment; filename*=utf-8''zw%C3%B6lf.txt"
    )
    assert filename(scan(message.encode())) == "zwölf.txt"
    assert filename(scan(part("Content-Type: a/b; name=one.txt").encode())) == "one.txt"
    assert filename(scan(b"")) is None
