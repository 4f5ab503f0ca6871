"""The header of a load balancer, whole, in pieces, and wrong."""

from __future__ import annotations

import contextlib
import ipaddress
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from posthouse.server.worker.proxy import NOBODY, SIGNATURE, BadHeader, Origin, read_header

FOUR = struct.pack(">4s4sHH", bytes((192, 0, 2, 7)), bytes((198, 51, 100, 1)), 5000, 25)
SIX = struct.pack(
    ">16s16sHH", ipaddress.ip_address("2001:db8::7").packed, ipaddress.ip_address("2001:db8::1").packed, 5000, 25
)


def block(command: int, family: int, body: bytes) -> bytes:
    return SIGNATURE + struct.pack(">BBH", command, family, len(body)) + body


HEADERS = [
    (b"PROXY TCP4 192.0.2.7 198.51.100.1 5000 25\r\n", Origin("192.0.2.7", 5000)),
    (b"PROXY TCP6 2001:db8::7 2001:db8::1 5000 25\r\n", Origin("2001:db8::7", 5000)),
    (b"PROXY UNKNOWN\r\n", NOBODY),
    (b"PROXY UNKNOWN ffff::1 ffff::2 65535 65535\r\n", NOBODY),
    (block(0x21, 0x11, FOUR), Origin("192.0.2.7", 5000)),
    (block(0x21, 0x11, FOUR + b"\x04\x00\x03abc"), Origin("192.0.2.7", 5000)),
    (block(0x21, 0x21, SIX), Origin("2001:db8::7", 5000)),
    (block(0x21, 0x31, b"x" * 216), NOBODY),
    (block(0x20, 0x00, b""), NOBODY),
    (block(0x20, 0x11, FOUR), NOBODY),
]


@pytest.mark.parametrize(("header", "origin"), HEADERS)
def test_headers(header: bytes, origin: Origin) -> None:
    for end in range(len(header)):
        assert read_header(header[:end]) is None
    assert read_header(header) == (origin, b"")
    assert read_header(header + b"EHLO x\r\n") == (origin, b"EHLO x\r\n")


@pytest.mark.parametrize(
    "octets",
    [
        b"EHLO client\r\n",
        b"proxy TCP4 192.0.2.7 198.51.100.1 5000 25\r\n",
        b"PROXY \r\n",
        b"PROXY TCP4\r\n",
        b"PROXY TCP4 192.0.2.7 198.51.100.1 5000\r\n",
        b"PROXY TCP4 2001:db8::7 198.51.100.1 5000 25\r\n",
        b"PROXY TCP4 192.0.2.7 198.51.100.1 70000 25\r\n",
        b"PROXY TCP4 192.0.2.7 198.51.100.1 -1 25\r\n",
        b"PROXY TCP4 a b c d\r\n",
        b"PROXY UDP4 192.0.2.7 198.51.100.1 5000 25\r\n",
        b"PROXY " + b"x" * 101,
        block(0x11, 0x11, FOUR),
        block(0x22, 0x11, FOUR),
        block(0x21, 0x11, FOUR[:-1]),
        SIGNATURE + b"\x21\x11\xff\xff",
    ],
)
def test_what_is_none(octets: bytes) -> None:
    with pytest.raises(BadHeader):
        read_header(octets)


@given(st.sampled_from([b"", SIGNATURE, SIGNATURE + b"\x21\x11", b"PROXY ", b"PROXY TCP4 "]), st.binary(max_size=120))
def test_anything_is_taken_or_refused(begin: bytes, octets: bytes) -> None:
    with contextlib.suppress(BadHeader):
        read_header(begin + octets)
