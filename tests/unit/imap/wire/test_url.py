"""IMAP URLs: the forms of RFC 5092 that name a message here, and what is none."""

from __future__ import annotations

from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from posthouse.protocols.imap.wire.fetch import Part
from posthouse.protocols.imap.wire.limits import WireLimits
from posthouse.protocols.imap.wire.url import MessageUrl, parse_url
from tests.unit.imap.wire.speller import NAMES, NUMBERS


def parse(text: str) -> MessageUrl:
    return parse_url(text.encode(), WireLimits())


def test_all_of_it() -> None:
    found = parse("/a%20b/c;UIDVALIDITY=5/;uid=20/;Section=1.2.MIME/;PARTIAL=7.9")
    assert (found.mailbox, found.uid_validity, found.uid) == ("a b/c", 5, 20)
    assert (found.section.path, found.section.part, found.section.partial) == ((1, 2), Part.MIME, (7, 9))


def test_less_of_it() -> None:
    assert parse("/inbox/;UID=1").mailbox == "INBOX"
    assert parse("/INBOX/;UID=1/;PARTIAL=7").section.partial == (7, 2**63 - 1)
    assert parse(";UID=3").mailbox is None
    assert parse("/;UID=3/;SECTION=TEXT").section.part is Part.TEXT
    fields = parse("/x/;UID=3/;SECTION=1.HEADER.FIELDS.NOT%20(To%20%22Cc%22)").section
    assert (fields.part, fields.fields) == (Part.HEADER_FIELDS_NOT, ("To", "Cc"))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "/",
        "/INBOX",
        "/INBOX/;UID=",
        "/INBOX/;UID=0",
        "/INBOX/;UID=4294967296",
        "/INBOX;UID=1",
        "/INBOX/;UID=1:2",
        "/INBOX;UIDVALIDITY=4294967296/;UID=1",
        "/INBOX;UIDVALIDITY=0/;UID=1",
        "/INBOX;UIDVALIDITY=x/;UID=1",
        "//host/INBOX/;UID=1",
        "imap://host/INBOX/;UID=1",
        "/INBOX/;UID=1/;SECTION=MIME",
        "/INBOX/;UID=1/;SECTION=1]",
        "/INBOX/;UID=1/;SECTION=1%5D%20x",
        "/INBOX/;UID=1/;PARTIAL=1.0",
        "/INBOX/;UID=1/;PARTIAL=9999999999999999999",
        "/INBOX/;UID=1;URLAUTH=anonymous:internal:0123",
        "/INBOX/;UID=1 ",
        "/%/;UID=1",
        "/%FF/;UID=1",
        "/ä/;UID=1",
    ],
)
def test_none_of_ours(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        parse(text)


@given(NAMES.filter(bool).filter(lambda name: not name.startswith("/")), NUMBERS, NUMBERS)
def test_any_name(name: str, validity: int, uid: int) -> None:
    found = parse(f"/{quote(name, safe='/')};UIDVALIDITY={validity}/;UID={uid}")
    assert (found.mailbox, found.uid_validity, found.uid) == (name, validity, uid)


@given(st.text(st.sampled_from("/;=UIDuid10:%2FSECTION.[]x"), max_size=60))
def test_whatever_comes(text: str) -> None:
    try:
        parse(text)
    except ValueError:
        return


def test_long_ones_take_no_time() -> None:
    for text in ("/" * 8000, "/a" * 4000 + ";UID=1", "/x/;UID=1/;SECTION=" + "/a" * 4000 + ";"):
        with pytest.raises(ValueError, match="URL"):
            parse(text)
