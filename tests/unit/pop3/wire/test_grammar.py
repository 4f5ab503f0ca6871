"""Command lines: whatever comes, a command or a refusal."""

from __future__ import annotations

import base64
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from posthouse.protocols.pop3.errors import Senseless
from posthouse.protocols.pop3.wire import commands
from posthouse.protocols.pop3.wire.grammar import READERS, read_command, read_response

NUMBERS = st.integers(0, 9_999_999_999)
PRINTABLE = st.text(st.characters(min_codepoint=0x21, exclude_categories=["C", "Z"]), min_size=1, max_size=30)
PASSWORDS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=40)


@st.composite
def lines(draw: st.DrawFn) -> tuple[str, commands.Command]:
    """A valid line, and the command that it is."""
    number, other = draw(NUMBERS), draw(NUMBERS)
    name, password = draw(PRINTABLE), draw(PASSWORDS)
    response = draw(st.binary(min_size=1, max_size=40))
    encoded = base64.b64encode(response).decode()
    return draw(
        st.sampled_from(
            [
                ("CAPA", commands.Capa()),
                ("QUIT", commands.Quit()),
                ("NOOP", commands.Noop()),
                ("STLS", commands.Stls()),
                ("UTF8", commands.Utf8()),
                ("STAT", commands.Stat()),
                ("RSET", commands.Rset()),
                ("LANG", commands.Lang(None)),
                ("LANG de-CH", commands.Lang("de-ch")),
                ("LANG *", commands.Lang("*")),
                (f"USER {name}", commands.User(name)),
                (f"PASS {password}", commands.Pass(password)),
                ("APOP a b", commands.Apop()),
                ("AUTH", commands.Auth(None)),
                ("AUTH plain", commands.Auth("PLAIN")),
                ("AUTH PLAIN =", commands.Auth("PLAIN", b"")),
                (f"AUTH SCRAM-SHA-256 {encoded}", commands.Auth("SCRAM-SHA-256", response)),
                ("LIST", commands.List(None)),
                (f"LIST {number}", commands.List(number)),
                ("UIDL", commands.Uidl(None)),
                (f"UIDL {number}", commands.Uidl(number)),
                (f"RETR {number}", commands.Retr(number)),
                (f"DELE {number}", commands.Dele(number)),
                (f"TOP {number} {other}", commands.Top(number, other)),
            ]
        )
    )


def _spoken(verb: str, rest: bytes) -> bytes:
    return verb.encode() + b" " + rest


@given(lines(), st.booleans())
def test_what_is_valid(line: tuple[str, commands.Command], lower: bool) -> None:
    text, command = line
    verb, blank, rest = text.partition(" ")
    said = (verb.lower() if lower else verb) + blank + rest
    assert read_command(said.encode()) == command


@given(st.one_of(st.binary(max_size=80), st.builds(_spoken, st.sampled_from([*READERS]), st.binary(max_size=40))))
def test_whatever_comes(line: bytes) -> None:
    try:
        command = read_command(line)
    except Senseless:
        return
    assert isinstance(command, commands.Command)


@given(lines(), st.data())
def test_a_broken_line_is_a_command_or_refused(line: tuple[str, commands.Command], data: st.DataObject) -> None:
    octets = bytearray(line[0].encode())
    at = data.draw(st.integers(0, len(octets) - 1))
    octets[at] = data.draw(st.integers(0, 255))
    with suppress(Senseless):
        read_command(bytes(octets))


@pytest.mark.parametrize(
    "line",
    [
        "", " ", "QUIT 1", "NOOP x", "RETR", "RETR -1", "RETR 1 2", "RETR ²", "LIST 1 2", "TOP 1", "TOP 1 2 3",
        "DELE one", "USER", "USER  ", "USER a\0b", "PASS", "AUTH PLAIN not", "AUTH PLAIN *", "AUTH a b c",
        "LANG x_y",
    ],
)  # fmt: skip
def test_refused(line: str) -> None:
    with pytest.raises(Senseless):
        read_command(line.encode())


def test_a_password_keeps_its_blanks() -> None:
    assert read_command(b"PASS  two  blanks ") == commands.Pass(" two  blanks ")
    assert "blanks" not in repr(commands.Pass("two blanks"))
    assert "secret" not in repr(commands.Auth("PLAIN", b"\0a\0secret"))


def test_responses() -> None:
    assert read_response(b"YQ==") == b"a"
    assert read_response(b"*") is None
    with pytest.raises(Senseless):
        read_response(b"%")
