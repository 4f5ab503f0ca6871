"""What a check finds."""

from __future__ import annotations

import msgspec

REBUILD = "posthouse rebuild"
RESTORE = "a backup"


class Fault(msgspec.Struct, array_like=True, frozen=True):
    """Something that does not fit: where, what, and what mends it ("" for nothing that we know)."""

    where: str
    what: str
    mend: str


def strange_text(error: Exception) -> str:
    """Why a record cannot be read."""
    return f"its record cannot be read: {error}"
