"""What all commands have."""

from __future__ import annotations

import msgspec


class Command(msgspec.Struct, frozen=True, gc=False):
    """What all have: the tag that the answer carries."""

    tag: str
