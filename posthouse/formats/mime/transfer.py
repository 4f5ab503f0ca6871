"""Content transfer encodings undone; RFC 2045 6.7, 6.8. Never fails: what is no encoding is passed over."""

from __future__ import annotations

import binascii
import re

_NOT_BASE64 = re.compile(rb"[^A-Za-z0-9+/]+")


def decode_transfer(octets: bytes, encoding: str) -> bytes:
    """The octets that `encoding` (lower case) stands for; unknown encodings stand for themselves."""
    if encoding == "base64":
        return decode_base64(octets)
    if encoding == "quoted-printable":
        return binascii.a2b_qp(octets)
    return octets


def decode_base64(octets: bytes) -> bytes:
    """Base64 with whatever else among it; a last group that is not whole gives what octets it has."""
    coded = _NOT_BASE64.sub(b"", octets)
    if len(coded) % 4 == 1:
        coded = coded[:-1]
    return binascii.a2b_base64(coded + b"=" * (-len(coded) % 4))
