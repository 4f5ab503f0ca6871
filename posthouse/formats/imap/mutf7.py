"""Modified UTF-7, the encoding of mailbox names in IMAP4rev1; RFC 3501 5.1.3."""

from __future__ import annotations

import binascii
import re

_SHIFTED = re.compile(r"&|[^\x20-\x7e]+")
_ENCODED = re.compile(rb"&([A-Za-z0-9+,]*)-")


def encode(text: str) -> bytes:
    """`text` in modified UTF-7; raises ValueError (UnicodeEncodeError) on a lone surrogate."""
    if text.isascii() and text.isprintable() and "&" not in text:
        return text.encode("ascii")
    return _SHIFTED.sub(_shift, text).encode("ascii")


def decode(octets: bytes) -> str:
    """The text of a mailbox name; raises ValueError on anything that `encode` would not have written.

    So there is one spelling of each name: no printable ASCII in base64, no superfluous shifts, no loose bits.
    """
    try:
        text = octets.decode("ascii")
        if "&" in text:
            text = _ENCODED.sub(_unshift, octets).decode("utf-8")
        if encode(text) == octets:
            return text
    except (UnicodeError, binascii.Error):
        pass
    raise ValueError("not a mailbox name in modified UTF-7")


def _shift(run: re.Match[str]) -> str:
    if run[0] == "&":
        return "&-"
    coded = binascii.b2a_base64(run[0].encode("utf-16-be"), newline=False)
    return "&" + coded.rstrip(b"=").replace(b"/", b",").decode("ascii") + "-"


def _unshift(run: re.Match[bytes]) -> bytes:
    coded = run[1]
    if not coded:
        return b"&"
    octets = binascii.a2b_base64(coded.replace(b",", b"/") + b"=" * (-len(coded) % 4))
    return octets.decode("utf-16-be").encode("utf-8")
