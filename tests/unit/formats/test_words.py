"""Encoded words and character sets: RFC 2047, and what senders write instead."""

from __future__ import annotations

import email.header
import encodings

import pytest
from hypothesis import given
from hypothesis import strategies as st

from posthouse.formats.mime.charsets import decode_text
from posthouse.formats.mime.headers import decode, read_fields, unfold
from posthouse.formats.mime.words import decode_words
from tests.effort import takes_time_by_size


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (b"plain text", "plain text"),
        # RFC 2047 8
        (b"(=?ISO-8859-1?Q?a?=)", "(a)"),
        (b"(=?ISO-8859-1?Q?a?= b)", "(a b)"),
        (b"(=?ISO-8859-1?Q?a?= =?ISO-8859-1?Q?b?=)", "(ab)"),
        (b"(=?ISO-8859-1?Q?a?=  \t =?ISO-8859-1?Q?b?=)", "(ab)"),
        (b"(=?ISO-8859-1?Q?a_b?=)", "(a b)"),
        (b"(=?ISO-8859-1?Q?a?= =?ISO-8859-2?Q?_b?=)", "(a b)"),
        (b"=?US-ASCII?Q?Keith_Moore?= <moore@cs.utk.edu>", "Keith Moore <moore@cs.utk.edu>"),
        (b"=?ISO-8859-1?B?SWYgeW91IGNhbiByZWFkIHRoaXMgeW8=?= =?ISO-8859-2?B?dSB1bmRlcnN0YW5kIHRoZSBleGFtcGxlLg==?=",
         "If you can read this you understand the example."),
        # RFC 2231 5
        (b"=?US-ASCII*EN?Q?Keith_Moore?=", "Keith Moore"),
        # a letter split between two words
        (b"=?utf-8?B?R3LD?= =?UTF-8?B?vMOf?=", "Grüß"),
        (b"=?utf-8?Q?Gr=C3?= =?utf-8?Q?=BC=C3=9F?=", "Grüß"),
        # words in the middle of others, blanks in them, broken base64, none at all
        (b"Re:=?utf-8?q?_a?=b", "Re: ab"),
        (b"=?utf-8?q?two words?=", "two words"),
        (b"=?utf-8?b?R3LDvA?=", "Grü"),
        (b"=?utf-8?b?R3L DvA=?=", "Grü"),
        (b"=?utf-8?q?=?=", "="),
        (b"=?utf-8?b??= x", "x"),
        (b"=?utf-8?q?100%=zz?=", "100%=zz"),
        (b"=?utf-8?x?what?=", "=?utf-8?x?what?="),
        (b"=?utf-8?q?unended", "=?utf-8?q?unended"),
        # sets by names that mean others
        (b"=?gb2312?B?1tDOxIHX?=", "中文佔"),
        (b"=?iso-8859-1?Q?=93quoted=94_=80?=", "“quoted” €"),
        (b"=?us-ascii?Q?gr=C3=BC=C3=9Fe?=", "grüße"),
        (b"=?unknown-8bit?Q?gr=FC=DFe?=", "grüße"),
        (b"=?x-nonsense?Q?gr=C3=BC=C3=9Fe?=", "grüße"),
        (b"=?ks_c_5601-1987?B?x9GxuQ==?=", "한국"),
        (b"=?iso-2022-jp?B?GyRCRnxLXBsoQg==?=", "日本"),
        (b"=?windows-1251?Q?=CF=F0=E8?=", "При"),
        (b"=?utf-7?Q?+AOQ-?=", "ä"),
        # raw 8-bit
        ("grüße".encode(), "grüße"),
        ("grüße".encode("cp1252"), "grüße"),
        # controls would break what shows it
        (b"a\x00b\x07c\rd", "a b c d"),
        (b"=?utf-8?q?a=0D=0ABcc:_b?=", "a Bcc: b"),
    ],
)  # fmt: skip
def test_words(value: bytes, text: str) -> None:
    assert decode_words(value) == text


@given(
    st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=80),
    st.sampled_from(["utf-8", "utf-16", "gb18030"]),
)
def test_what_the_standard_library_writes_is_read(text: str, charset: str) -> None:
    if charset == "utf-16":
        return  # it writes that set wrongly
    text = " ".join(text.split())
    value = email.header.Header(text, charset).encode(linesep="\r\n").encode()
    assert decode_words(unfold(value)) == text.replace("\x7f", " ").strip()


@given(
    st.binary()
    | st.lists(st.sampled_from([b"=?", b"utf-8", b"?q?", b"?B?", b"?=", b" ", b"=C3", b"x", b"*"])).map(b"".join)
)
def test_anything_is_taken(value: bytes) -> None:
    text = decode(value)
    text.encode()
    assert "\n" not in text
    assert "\x00" not in text


@given(st.binary(max_size=60), st.sampled_from(sorted(encodings.aliases.aliases)) | st.text(max_size=20))
def test_any_octets_in_any_set_are_text(octets: bytes, label: str) -> None:
    decode_text(octets, label.encode()).encode()


def test_labels_that_peers_send_are_not_remembered() -> None:
    before = len(encodings._cache)
    for number in range(100):
        decode_text(b"\xff", b"x-set-%d" % number)
    assert len(encodings._cache) == before


@pytest.mark.parametrize(
    "label", [b"hex", b"zip", b"rot13", b"idna", b"punycode", b"unicode_escape", b"undefined", b"mbcs", b"../x"]
)
def test_codecs_that_are_no_sets(label: bytes) -> None:
    assert decode_text(b"abc\\x41\xe4", label) == "abc\\x41ä"


@pytest.mark.parametrize("piece", [b"=?a?q?", b"=?a?q?b?=", b"=?", b"=?a?b?!?= ", b"=?utf-8?q?=C3?=\r\n "])
def test_hostile_words_take_bounded_time(piece: bytes) -> None:
    assert takes_time_by_size(lambda size: decode(piece * (size // len(piece))), 32_000)


def test_fields() -> None:
    block = (
        b"From ann Tue Nov 24\r\nSubject: one\r\n two\r\n\tthree \r\nX-Empty:\r\nno field\r\n"
        b"To : a@b\nSUBJECT:again\r\n \r\nBad name: x\r\nX-Last: y"
    )
    fields = read_fields(block)
    assert fields == {
        b"subject": [b" one\r\n two\r\n\tthree \r", b"again\r\n \r"],
        b"x-empty": [b"\r"],
        b"to": [b" a@b"],
        b"x-last": [b" y"],
    }
    assert [unfold(value) for value in fields[b"subject"]] == [b"one two\tthree", b"again"]
