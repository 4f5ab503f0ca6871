"""Parameters of MAIL and RCPT."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from posthouse.protocols.smtp.wire.commands import Mail, Rcpt
from posthouse.protocols.smtp.wire.grammar import read_command
from posthouse.protocols.smtp.wire.parameters import DeliverBy, read_xtext
from posthouse.protocols.smtp.wire.reply import SmtpRefusal

KEYWORDS = ["SIZE", "BODY", "SMTPUTF8", "AUTH", "RET", "ENVID", "REQUIRETLS", "HOLDFOR", "HOLDUNTIL", "BY",
            "MT-PRIORITY", "NOTIFY", "ORCPT"]  # fmt: skip


def xtext(text: str) -> str:
    """RFC 3461 4."""
    return "".join(c if "!" <= c <= "~" and c not in "+=" else f"+{ord(c):02X}" for c in text)


@pytest.mark.parametrize(
    ("parameters", "mail"),
    [
        ("RET=full", Mail("a@b.example", ret="FULL")),
        ("ENVID=a+2Bb", Mail("a@b.example", envelope_id="a+b")),
        ("BODY=binarymime", Mail("a@b.example", body="BINARYMIME")),
        ("HOLDFOR=120", Mail("a@b.example", hold_for=120)),
        ("HOLDUNTIL=2026-09-21T16:13:20.25+02:00", Mail("a@b.example", hold_until=1_790_000_000_250)),
        ("BY=-12;nt", Mail("a@b.example", deliver_by=DeliverBy(-12, "N", trace=True))),
        ("MT-PRIORITY=-4 REQUIRETLS", Mail("a@b.example", priority=-4, require_tls=True)),
    ],
)
def test_mail(parameters: str, mail: Mail) -> None:
    assert read_command(f"MAIL FROM:<a@b.example> {parameters}".encode()) == mail


@pytest.mark.parametrize(
    ("parameters", "rcpt"),
    [
        ("NOTIFY=never", Rcpt("a@b.example", ("never",))),
        ("NOTIFY=DELAY,SUCCESS,DELAY", Rcpt("a@b.example", ("success", "delay"))),
        ("ORCPT=RFC822;Ann+2Bx@b.example", Rcpt("a@b.example", original="rfc822;Ann+x@b.example")),
        (r"ORCPT=utf-8;J\x{F6}rg@b.example", Rcpt("a@b.example", original="utf-8;Jörg@b.example")),
        ("ORCPT=utf-8;Jörg@b.example", Rcpt("a@b.example", original="utf-8;Jörg@b.example")),
    ],
)
def test_rcpt(parameters: str, rcpt: Rcpt) -> None:
    assert read_command(f"RCPT TO:<a@b.example> {parameters}".encode()) == rcpt


@given(st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), max_size=33))
def test_xtext_comes_back(text: str) -> None:
    assert read_xtext(xtext(text), 100) == text


@given(
    st.sampled_from(["MAIL FROM:<a@b.example>", "RCPT TO:<a@b.example>"]),
    st.lists(
        st.tuples(
            st.sampled_from(KEYWORDS),
            st.text(st.sampled_from("0123456789+-;,:.=TZNRx{}\\aé\x7f"), max_size=30)
            | st.text(max_size=30)
            | st.sampled_from([r"utf-8;\x{110000}@a", "2026-02-30T00:00:00Z", "0000-01-01T00:00:00Z", "9" * 400]),
        ),
        max_size=4,
    ),
)
def test_nothing_but_refusals_and_nothing_that_breaks_a_line(begin: str, parameters: list[tuple[str, str]]) -> None:
    line = " ".join([begin, *(f"{keyword}={value}" for keyword, value in parameters)])
    with contextlib.suppress(SmtpRefusal):
        command = read_command(line.encode("utf-8", "surrogateescape"))
        assert isinstance(command, Mail | Rcpt)
        kept = command.envelope_id if isinstance(command, Mail) else command.original
        assert kept.isprintable()
