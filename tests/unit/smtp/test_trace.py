"""Trace fields; RFC 5321 4.4, RFC 3848."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from posthouse.formats.mime.dates import date_time
from posthouse.protocols.smtp.roles import LMTP, MX, SUBMISSION, Role
from posthouse.protocols.smtp.trace import HopCount, Passage, address_literal, protocol_name, trace_fields

NOW = 1_790_000_000_000
PASSAGE = Passage(
    MX, "client.example.net", "192.0.2.7", "mail.example.org", True, False, False, False, 1_790_000_000_000
)


@pytest.mark.parametrize(
    ("role", "changes", "name"),
    [
        (MX, {"extended": False}, "SMTP"),
        (MX, {}, "ESMTP"),
        (MX, {"tls": True}, "ESMTPS"),
        (SUBMISSION, {"authenticated": True}, "ESMTPA"),
        (SUBMISSION, {"tls": True, "authenticated": True}, "ESMTPSA"),
        (LMTP, {}, "LMTP"),
        (LMTP, {"tls": True}, "LMTPS"),
        (MX, {"utf8": True, "tls": True}, "UTF8SMTPS"),
        (LMTP, {"utf8": True}, "UTF8LMTP"),
    ],
)
def test_what_it_came_by(role: Role, changes: dict[str, bool], name: str) -> None:
    assert protocol_name(msgspec.structs.replace(PASSAGE, role=role, **changes)) == name


def test_fields() -> None:
    assert trace_fields(PASSAGE, "ann@example.net", ["bob@example.org"], "abc").decode() == (
        "Return-Path: <ann@example.net>\r\n"
        "Received: from client.example.net ([192.0.2.7])\r\n"
        "\tby mail.example.org (Posthouse) with ESMTP id abc\r\n"
        "\tfor <bob@example.org>;\r\n"
        "\tMon, 21 Sep 2026 14:13:20 +0000\r\n"
    )
    named = msgspec.structs.replace(PASSAGE, name="mx.example.net", priority=-4)
    fields = trace_fields(named, "", ["bob@example.org"], "abc")
    assert b" from client.example.net (mx.example.net [192.0.2.7])\r\n" in fields
    assert b"\tfor <bob@example.org>\r\n\tPRIORITY -4;\r\n" in fields
    assert b"bob" not in trace_fields(PASSAGE, "", ["bob@example.org", "carol@example.org"], "abc")


def test_addresses_and_times() -> None:
    assert address_literal("2001:db8::1") == "[IPv6:2001:db8::1]"
    assert address_literal("::ffff:192.0.2.1") == "[192.0.2.1]"
    assert address_literal("fe80::1%eth0") == "[IPv6:fe80::1]"
    assert address_literal("") == "[127.0.0.1]"
    assert date_time(0) == "Thu, 1 Jan 1970 00:00:00 +0000"


@given(st.integers(0, 30), st.integers(1, 100))
def test_hops_however_they_are_cut(hops: int, piece: int) -> None:
    octets = (
        b"received: a\r\n" * (hops % 2) + b"Subject: Received: not\r\n" + b"RECEIVED: x\r\n\tReceived: y\r\n" * hops
    )
    octets += b"\r\nReceived: in the body\r\n"
    count = HopCount()
    for at in range(0, len(octets), piece):
        count.feed(octets[at : at + piece])
    assert count.hops == hops + hops % 2
