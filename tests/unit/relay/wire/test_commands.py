"""Commands, what would break out of them, and what a server offers."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from posthouse.protocols.smtp.relay.wire.commands import Unsendable, bdat, command, original_recipient, path, xtext
from posthouse.protocols.smtp.relay.wire.extensions import Extensions, read_extensions
from posthouse.protocols.smtp.relay.wire.reply import Reply
from posthouse.protocols.smtp.wire.path import read_path


@given(st.text(max_size=40))
def test_a_path_is_read_as_it_was_meant_or_not_sent(address: str) -> None:
    try:
        line = command("MAIL", f"FROM:{path(address)}", "SIZE=1")
    except Unsendable:
        return
    assert line.count(b"\r\n") == 1
    inside = line.decode().removeprefix("MAIL FROM:").removesuffix(" SIZE=1\r\n")
    assert inside == f"<{address}>"


@pytest.mark.parametrize("address", ["", "ann@example.net", '"a b>c"@example.net', "grüße@example.net"])
def test_addresses_that_our_own_parser_reads_again(address: str) -> None:
    assert read_path(path(address) + " SIZE=1") == (address, "SIZE=1")


@pytest.mark.parametrize("address", ["a> SIZE=1 <b@c", "a@b\r\nRCPT TO:<c@d>", "a b@c", '"a@b', "a\n@b", "a\x00@b"])
def test_addresses_that_would_break_out(address: str) -> None:
    with pytest.raises(Unsendable):
        command("MAIL", f"FROM:{path(address)}")


@pytest.mark.parametrize(
    ("text", "encoded"), [("plain", "plain"), ("a+b=c", "a+2Bb+3Dc"), ("a b", "a+20b"), ("ü", "+C3+BC")]
)
def test_xtext(text: str, encoded: str) -> None:
    assert xtext(text) == encoded


@given(st.text())
def test_xtext_is_visible_ascii_and_gives_the_text_back(text: str) -> None:
    encoded = xtext(text)
    assert all(33 <= ord(character) <= 126 for character in encoded)
    octets = bytearray()
    at = 0
    while at < len(encoded):
        if encoded[at] == "+":
            octets.append(int(encoded[at + 1 : at + 3], 16))
            at += 3
        else:
            octets.append(ord(encoded[at]))
            at += 1
    assert octets.decode() == text


def test_original_recipients() -> None:
    assert original_recipient("rfc822;a+b@example.net") == "rfc822;a+2Bb@example.net"
    assert original_recipient("utf-8;grüße+x@example.net") == "utf-8;gr\\x{FC}\\x{DF}e\\x{2B}x@example.net"


def test_a_chunk() -> None:
    assert bdat(12) == b"BDAT 12 LAST\r\n"


def test_extensions() -> None:
    lines = (
        "mx.example.net at your service",
        "PIPELINING",
        "size 1000",
        "8bitmime",
        "SMTPUTF8",
        "CHUNKING",
        "BINARYMIME",
        "DSN",
        "STARTTLS",
        "REQUIRETLS",
        "AUTH PLAIN LOGIN",
        "AUTH=LOGIN",
        "DELIVERBY 60",
        "MT-PRIORITY MIXER",
        "LIMITS RCPTMAX=10 MAILMAX=3 RCPTDOMAINMAX=x",
        "",
    )
    assert read_extensions(Reply(250, "", lines)) == Extensions(
        pipelining=True,
        chunking=True,
        binary=True,
        eight_bit=True,
        utf8=True,
        dsn=True,
        starttls=True,
        require_tls=True,
        priority=True,
        has_size=True,
        size=1000,
        deliver_by=60,
        mechanisms=("PLAIN", "LOGIN"),
        most_recipients=10,
        most_messages=3,
    )


def test_the_name_of_a_server_is_no_extension() -> None:
    assert read_extensions(Reply(250, "", ("PIPELINING",))) == Extensions()


@given(st.lists(st.text(max_size=30), min_size=1, max_size=10))
def test_whatever_is_offered_is_read(lines: list[str]) -> None:
    found = read_extensions(Reply(250, "", tuple(lines)))
    assert found.size >= 0


def test_binary_without_chunking_cannot_be_used() -> None:
    assert not read_extensions(Reply(250, "", ("x", "BINARYMIME"))).binary
