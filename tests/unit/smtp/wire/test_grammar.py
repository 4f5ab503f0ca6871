"""Command lines."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from posthouse.protocols.smtp.wire.commands import Auth, Command, Ehlo, Lhlo, Mail, Noop, Rcpt, Xclient
from posthouse.protocols.smtp.wire.grammar import READERS, read_command, read_response
from posthouse.protocols.smtp.wire.reply import SmtpRefusal


@pytest.mark.parametrize(
    ("line", "command"),
    [
        ("EHLO client.example.net", Ehlo("client.example.net", extended=True)),
        ("helo my_pc", Ehlo("my_pc", extended=False)),
        ("EHLO [192.0.2.1] ", Ehlo("[192.0.2.1]", extended=True)),
        ("lhlo x", Lhlo("x")),
        ("MAIL FROM:<>", Mail("")),
        ("MAIL FROM:<a@b.example>", Mail("a@b.example")),
        ("mail from:   <a@b.example>  ", Mail("a@b.example")),
        ("MAIL FROM:<a@[192.0.2.1]>", Mail("a@[192.0.2.1]")),
        ("MAIL FROM:<@x.example,@y.example:a@b.example>", Mail("a@b.example")),
        ('MAIL FROM:<"a b> c"@b.example> size=12', Mail('"a b> c"@b.example', 12)),
        (r'MAIL FROM:<"a\" b"@b.example>', Mail(r'"a\" b"@b.example')),
        ("MAIL FROM:<a@b.example> BODY=8BITMIME SMTPUTF8", Mail("a@b.example", 0, "8BITMIME", True)),
        ("MAIL FROM:<a@b.example> AUTH=e+3Dmc2@example.com", Mail("a@b.example")),
        ("RCPT TO:<Postmaster>", Rcpt("Postmaster")),
        ("RCPT TO: <a+b=c@d.example>", Rcpt("a+b=c@d.example")),
        ("NOOP and more", Noop()),
        ("auth plain", Auth("PLAIN")),
        (
            "XCLIENT ADDR=IPV6:::ffff:192.0.2.7",
            Xclient(address="192.0.2.7"),
        ),
        (
            "XCLIENT NAME=[UNAVAILABLE] addr=IPV6:2001:DB8::1 PORT=25 PROTO=esmtp HELO=a.example LOGIN=a+40b.example",
            Xclient(None, "2001:db8::1", 25, "ESMTP", "a.example", "a@b.example"),
        ),
        ("AUTH PLAIN =", Auth("PLAIN", b"")),
        ("AUTH PLAIN AGEAYg==", Auth("PLAIN", b"\0a\0b")),
    ],
)
def test_commands(line: str, command: Command) -> None:
    assert read_command(line.encode()) == command


@pytest.mark.parametrize(
    ("line", "code", "status"),
    [
        (b"", 500, "5.5.1"),
        (b"MAILFROM:<a@b.example>", 500, "5.5.1"),
        (b"NOOP\0", 500, "5.5.2"),
        (b"NOOP \xff", 500, "5.5.2"),
        (b"MAIL", 501, "5.5.4"),
        (b"MAIL TO:<a@b.example>", 501, "5.5.4"),
        (b"MAIL FROM:a@b.example", 501, "5.1.7"),
        (b"MAIL FROM:<a@b.example", 501, "5.1.7"),
        (b"MAIL FROM:<a b@c.example>", 501, "5.1.7"),
        (b"MAIL FROM:<a@b@c.example>", 501, "5.1.7"),
        (b"MAIL FROM:<a@>", 501, "5.1.7"),
        (b"MAIL FROM:<a@b.example>SIZE=1", 501, "5.1.7"),
        (b"MAIL FROM:<" + b"a" * 300 + b"@b.example>", 501, "5.1.7"),
        (b"MAIL FROM:<a@b.example> SIZE=", 501, "5.5.4"),
        (b"MAIL FROM:<a@b.example> SIZE=1e3", 501, "5.5.4"),
        (b"MAIL FROM:<a@b.example> SIZE=123456789012345678901", 501, "5.5.4"),
        (b"MAIL FROM:<a@b.example> BODY", 501, "5.5.4"),
        (b"MAIL FROM:<a@b.example> RETURN=FULL", 555, "5.5.4"),
        (b"MAIL FROM:<a@b.example> " + b"A" * 12_000, 501, "5.5.4"),
        (b"XCLIENT", 501, "5.5.4"),
        (b"XCLIENT ADDR=here", 501, "5.5.4"),
        (b"XCLIENT ADDR", 501, "5.5.4"),
        (b"XCLIENT PORT=70000", 501, "5.5.4"),
        (b"XCLIENT HELO=a+0D+0Ab", 501, "5.5.4"),
        (b"XCLIENT PROTO=HTTP", 501, "5.5.4"),
        (b"XCLIENT COLOUR=red", 501, "5.5.4"),
        (b"XCLIENT NAME=[192.0.2.1]", 501, "5.5.4"),
        (b"RCPT TO:<>", 501, "5.1.3"),
        (b"DATA now", 501, "5.5.4"),
        (b"AUTH", 501, "5.5.4"),
        (b"AUTH PLAIN !", 501, "5.5.2"),
        (b"EHLO a b", 501, "5.5.4"),
        (b"EHLO x\"'", 501, "5.5.4"),
    ],
)
def test_refusals(line: bytes, code: int, status: str) -> None:
    with pytest.raises(SmtpRefusal) as refused:
        read_command(line)
    assert (refused.value.reply.code, refused.value.reply.status) == (code, status)


@given(st.sampled_from(sorted(READERS)), st.binary(max_size=80) | st.text(max_size=80).map(str.encode))
def test_nothing_else_is_raised(verb: str, rest: bytes) -> None:
    with contextlib.suppress(SmtpRefusal):
        read_command(verb.encode() + b" " + rest)


def test_a_response() -> None:
    assert read_response(b"AGEAYg==") == b"\0a\0b"
    assert read_response(b"") == b""
    assert read_response(b"*") is None
    with pytest.raises(SmtpRefusal):
        read_response(b"AGEAYg")
