"""BODYSTRUCTURE and BODY: hand-checked ones, and that any message gives one that can be read."""

from __future__ import annotations

from hypothesis import given, settings

from posthouse.formats.imap.bodystructure import structures
from tests.unit.formats.lists import check_body, read_list
from tests.unit.formats.messages import any_octets
from tests.unit.formats.test_scanner import lines, scan


def both(*texts: str) -> tuple[bytes, bytes]:
    part = scan(lines(*texts))
    return structures(part)


def test_a_message_without_mime() -> None:
    assert both("Subject: x", "", "one", "two", "") == (
        b'("text" "plain" ("charset" "us-ascii") NIL NIL "7bit" 10 2 NIL NIL NIL NIL)',
        b'("text" "plain" ("charset" "us-ascii") NIL NIL "7bit" 10 2)',
    )


def test_alternatives_with_an_attachment() -> None:
    full, short = both(
        "Content-Type: multipart/mixed;", '\tboundary="outer \\"b\\""', "Content-Language: en, de", "",
        "This is a multi-part message in MIME format.", '--outer "b"',
        'Content-Type: MULTIPART/ALTERNATIVE; boundary="inner"', "",
        "--inner", 'Content-Type: text/plain; charset="UTF-8"; format=flowed', "Content-Transfer-Encoding: 8BIT", "",
        "hello", "",
        "--inner", "Content-Type: text/html", "Content-Transfer-Encoding: quoted-printable",
        "Content-ID: <html@example.org>", "", "<p>hello=20</p>", "", "--inner--", "", '--outer "b"',
        'Content-Type: application/pdf; name="invoice 1.pdf"', "Content-Transfer-Encoding: base64",
        "Content-Disposition: attachment;", ' filename="invoice 1.pdf"; size=9', "Content-Description: The invoice",
        "Content-MD5: Q2hlY2sgSW50ZWdyaXR5IQ==", "Content-Location: http://example.org/", " invoice", "",
        "JVBERi0xLjQK", "",
        '--outer "b"--', "",
    )  # fmt: skip
    assert full == (
        b'((("text" "plain" ("charset" "UTF-8" "format" "flowed") NIL NIL "8bit" 7 1 NIL NIL NIL NIL)'
        b'("text" "html" ("charset" "us-ascii") "<html@example.org>" NIL "quoted-printable" 17 1 NIL NIL NIL NIL)'
        b' "alternative" ("boundary" "inner") NIL NIL NIL)'
        b'("application" "pdf" ("name" "invoice 1.pdf") NIL "The invoice" "base64" 14 "Q2hlY2sgSW50ZWdyaXR5IQ=="'
        b' ("attachment" ("filename" "invoice 1.pdf" "size" "9")) NIL "http://example.org/invoice")'
        b' "mixed" ("boundary" "outer \\"b\\"") NIL ("en" "de") NIL)'
    )
    assert short == (
        b'((("text" "plain" ("charset" "UTF-8" "format" "flowed") NIL NIL "8bit" 7 1)'
        b'("text" "html" ("charset" "us-ascii") "<html@example.org>" NIL "quoted-printable" 17 1) "alternative")'
        b'("application" "pdf" ("name" "invoice 1.pdf") NIL "The invoice" "base64" 14) "mixed")'
    )


def test_a_forwarded_message() -> None:
    full, short = both(
        "Content-Type: multipart/mixed; boundary=b", "", "--b", "Content-Type: message/rfc822", "",
        "Subject: inside", "From: Ann <ann@example.org>", "", "one", "two", "--b--",
    )  # fmt: skip
    inner = b'(NIL "inside" (("Ann" NIL "ann" "example.org")) (("Ann" NIL "ann" "example.org"))'
    inner += b' (("Ann" NIL "ann" "example.org")) NIL NIL NIL NIL NIL)'
    assert full == (
        b'(("message" "rfc822" NIL NIL NIL "7bit" 56 %b ("text" "plain" ("charset" "us-ascii") NIL NIL "7bit" 8 1'
        b' NIL NIL NIL NIL) 4 NIL NIL NIL NIL) "mixed" ("boundary" "b") NIL NIL NIL)' % inner
    )
    assert short == (
        b'(("message" "rfc822" NIL NIL NIL "7bit" 56 %b ("text" "plain" ("charset" "us-ascii") NIL NIL "7bit" 8 1) 4)'
        b' "mixed")' % inner
    )


def test_segments_of_parameters_are_joined() -> None:
    # RFC 2231 6: BODYSTRUCTURE has the values whole; those in a character set stay as they are
    full, _ = both(
        "Content-Type: application/x-stuff;", " title*0*=us-ascii'en'This%20is%20even%20more%20;",
        " title*1*=%2A%2A%2Afun%2A%2A%2A%20;", ' title*2="isn\'t it!"; url*1="b"; url*0="a"', "", "x",
    )  # fmt: skip
    assert full == (
        b'("application" "x-stuff" ("title*"'
        b" \"us-ascii'en'This%20is%20even%20more%20%2A%2A%2Afun%2A%2A%2A%20isn't it!\""
        b' "url" "ab") NIL NIL "7bit" 1 NIL NIL NIL NIL)'
    )


def test_raw_8_bit_goes_as_a_literal() -> None:
    full, _ = both('Content-Type: image/png; name="bücher.png"', "", "x")
    assert full == '("image" "png" ("name" {11}\r\nbücher.png) NIL NIL "7bit" 1 NIL NIL NIL NIL)'.encode()


def test_a_multipart_without_parts_is_text() -> None:
    assert both("Content-Type: multipart/mixed; boundary=b", "", "none")[1] == (
        b'("text" "plain" ("charset" "us-ascii") NIL NIL "7bit" 4 0)'
    )


def test_delivery_reports_and_messages_in_pieces_are_plain_parts() -> None:
    assert (
        both("Content-Type: message/delivery-status", "", "x")[1]
        == b'("message" "delivery-status" NIL NIL NIL "7bit" 1)'
    )


@settings(max_examples=200)
@given(any_octets)
def test_any_message_gives_one_that_can_be_read(message: bytes) -> None:
    part = scan(message)
    whole, body = structures(part)
    check_body(read_list(whole), extensible=True)
    check_body(read_list(body), extensible=False)
