"""Signing a message on its way out."""

from __future__ import annotations

from posthouse.core.dkim.records import DkimKey
from posthouse.formats.dkim.keys import load
from posthouse.formats.dkim.signature import sign


def signatures(header: bytes, body_hash: bytes, keys: list[DkimKey], now: int) -> bytes:
    """The DKIM-Signature fields to put on top of a message, one a key; `header` is its header block, `now` in ms.

    `body_hash` is BodyHash.digest() of the rest.
    """
    return b"".join(sign(header, body_hash, load(key.private), key.domain, key.selector, now) for key in keys)
