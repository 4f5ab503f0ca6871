"""ENVELOPE: hand-checked ones of messages as programs write them, and that any header gives one that can be read."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from posthouse.formats.imap.envelope import envelope
from tests.unit.formats.lists import check_envelope, read_list
from tests.unit.formats.messages import wild_messages


def header(*texts: str | bytes) -> bytes:
    return b"\r\n".join(text.encode() if isinstance(text, str) else text for text in (*texts, "", ""))


def test_the_example_of_the_rfc() -> None:
    # RFC 3501 8
    block = header(
        "Date: Wed, 17 Jul 1996 02:23:25 -0700 (PDT)", "From: Terry Gray <gray@cac.washington.edu>",
        "Subject: IMAP4rev1 WG mtg summary and minutes", "To: imap@cac.washington.edu",
        "cc: minutes@CNRI.Reston.VA.US, John Klensin <KLENSIN@MIT.EDU>",
        "Message-Id: <B27397-0100000@cac.washington.edu>",
        "MIME-Version: 1.0", "Content-Type: TEXT/PLAIN; CHARSET=US-ASCII",
    )  # fmt: skip
    assert envelope(block) == (
        b'("Wed, 17 Jul 1996 02:23:25 -0700 (PDT)" "IMAP4rev1 WG mtg summary and minutes"'
        b' (("Terry Gray" NIL "gray" "cac.washington.edu")) (("Terry Gray" NIL "gray" "cac.washington.edu"))'
        b' (("Terry Gray" NIL "gray" "cac.washington.edu")) ((NIL NIL "imap" "cac.washington.edu"))'
        b' ((NIL NIL "minutes" "CNRI.Reston.VA.US")("John Klensin" NIL "KLENSIN" "MIT.EDU")) NIL NIL'
        b' "<B27397-0100000@cac.washington.edu>")'
    )


def test_an_empty_header() -> None:
    assert envelope(b"") == b"(NIL NIL NIL NIL NIL NIL NIL NIL NIL NIL)"


def test_empty_fields_are_empty_strings_and_empty_addresses_nil() -> None:
    block = header("Date:", "Subject: ", "From: a@b", "Sender:", "Reply-To: ", "To: ,", "In-Reply-To:", "Message-ID:")
    assert envelope(block) == (b'("" "" ((NIL NIL "a" "b")) ((NIL NIL "a" "b")) ((NIL NIL "a" "b")) NIL NIL NIL "" "")')


def test_sender_and_reply_to_of_their_own() -> None:
    block = header("From: a@b", "Sender: c@d", "Reply-To: e@f")
    assert envelope(block) == (
        b'(NIL NIL ((NIL NIL "a" "b")) ((NIL NIL "c" "d")) ((NIL NIL "e" "f")) NIL NIL NIL NIL NIL)'
    )


def test_groups() -> None:
    block = header(
        "To: friends: Ann <ann@example.org>, bob@example.org;, eve@example.net", "Cc: undisclosed-recipients:;"
    )
    assert envelope(block) == (
        b'(NIL NIL NIL NIL NIL ((NIL NIL "friends" NIL)("Ann" NIL "ann" "example.org")(NIL NIL "bob" "example.org")'
        b'(NIL NIL NIL NIL)(NIL NIL "eve" "example.net")) ((NIL NIL "undisclosed-recipients" NIL)(NIL NIL NIL NIL))'
        b" NIL NIL NIL)"
    )


def test_folds_are_undone_and_encoded_words_are_not() -> None:
    block = header("Subject: =?utf-8?Q?Gr=C3=BC=C3=9Fe?=", "\t=?utf-8?Q?_aus?=", " here ", 'From: "A. \\"B\\"" <a@b>')
    assert envelope(block).startswith(
        b'(NIL "=?utf-8?Q?Gr=C3=BC=C3=9Fe?=\t=?utf-8?Q?_aus?= here" (("A. \\"B\\"" NIL "a" "b"))'
    )


def test_what_no_quoted_string_carries_goes_as_a_literal_without_nul() -> None:
    block = header(b"Subject: gr\xc3\xbc\xc3\x9fe", b"Message-ID: <a\rb>", b"Date: a\x00b", b"From: J\xfcrgen <j@x>")
    assert envelope(block) == (
        b'("ab" {7}\r\ngr\xc3\xbc\xc3\x9fe (({6}\r\nJ\xfcrgen NIL "j" "x")) (({6}\r\nJ\xfcrgen NIL "j" "x"))'
        b' (({6}\r\nJ\xfcrgen NIL "j" "x")) NIL NIL NIL NIL {5}\r\n<a\rb>)'
    )


def test_long_text_goes_as_a_literal() -> None:
    assert envelope(header("Subject: " + "x" * 5000)).startswith(b"(NIL {5000}\r\nxxx")


def test_a_missing_domain_is_no_group() -> None:
    assert b'((NIL NIL "root" ""))' in envelope(header("To: root"))


def test_a_route_is_shown() -> None:
    assert b'(("Ann" "@a,@b" "ann" "c"))' in envelope(header("To: Ann <@a,@b:ann@c>"))


def test_fields_that_stand_there_twice() -> None:
    block = header("Subject: one", "Subject: two", "To: a@b", "To: c@d")
    assert envelope(block) == (b'(NIL "one" NIL NIL NIL ((NIL NIL "a" "b")(NIL NIL "c" "d")) NIL NIL NIL NIL)')


_FIELDS = st.sampled_from([b"From", b"to", b"CC", b"Subject", b"Date", b"Reply-To", b"Message-ID", b"In-Reply-To"])
_PIECES = st.sampled_from(
    [
        b"a@b",
        b"<",
        b">",
        b"(",
        b")",
        b":",
        b";",
        b",",
        b'"',
        b"\\",
        b"@",
        b" ",
        b"\r\n ",
        b"Ann",
        b"[",
        b"]",
        b"\x00",
        b"\xff",
        b".",
    ]
)
_HEADERS = st.lists(
    st.tuples(_FIELDS, st.just(b": "), st.lists(_PIECES, max_size=12).map(b"".join), st.just(b"\r\n")).map(b"".join),
    max_size=6,
).map(b"".join)


@given(_HEADERS | wild_messages | st.binary())
def test_any_header_gives_an_envelope_that_can_be_read(block: bytes) -> None:
    check_envelope(read_list(envelope(block)))
