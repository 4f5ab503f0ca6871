"""Flags as commands carry them: system flags as bits, keywords by name; RFC 9051 2.3.2.

The bits are those of `core.mail.flags.Flag`, so nothing is translated between the wire and the store.
"""

from __future__ import annotations

import msgspec

SEEN, ANSWERED, FLAGGED, DELETED, DRAFT = 1, 2, 4, 8, 16

SYSTEM_FLAGS: tuple[tuple[int, str], ...] = (
    (ANSWERED, "\\Answered"),
    (FLAGGED, "\\Flagged"),
    (DELETED, "\\Deleted"),
    (SEEN, "\\Seen"),
    (DRAFT, "\\Draft"),
)

SYSTEM_FLAG_BITS: dict[bytes, int] = {name.upper().encode(): bit for bit, name in SYSTEM_FLAGS}


class Flags(msgspec.Struct, frozen=True, gc=False):
    """A flag list: `system` is an or of the bits above, `keywords` are as the peer wrote them, each once."""

    system: int = 0
    keywords: tuple[str, ...] = ()
