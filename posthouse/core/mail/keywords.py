"""Keywords: flags that users name (RFC 9051 2.3.2). A mailbox has a table of them; its messages have bits over it."""

from __future__ import annotations

from posthouse.core.mail.errors import TooManyKeywords
from posthouse.storage.collections import CollectionRecord

MAX_KEYWORDS = 256


def keyword_bits(record: CollectionRecord, keywords: tuple[str, ...]) -> int:
    """Keywords as bits of the mailbox's table, which grows by those it did not know; raises TooManyKeywords.

    Keywords differ in more than case (RFC 9051 2.3.2); the first spelling stays.
    """
    bits = 0
    for keyword in keywords:
        known = [name.lower() for name in record.keywords]
        if keyword.lower() not in known:
            if len(known) >= MAX_KEYWORDS:
                raise TooManyKeywords(MAX_KEYWORDS)
            known.append(keyword.lower())
            record.keywords.append(keyword)
        bits |= 1 << known.index(keyword.lower())
    return bits


def named_by(names: list[str], bits: int) -> tuple[str, ...]:
    """The keywords that bits over a table of names stand for."""
    return tuple(name for at, name in enumerate(names) if bits >> at & 1)
