"""System flags of a message, as bits; RFC 9051 2.3.2. Keywords are bits over the mailbox's own table of names."""

from __future__ import annotations

from enum import IntFlag
from typing import Literal

import msgspec


class Flag(IntFlag):
    """The bits of `Item.flags`."""

    SEEN = 1
    ANSWERED = 2
    FLAGGED = 4
    DELETED = 8
    DRAFT = 16


SEEN, DELETED = int(Flag.SEEN), int(Flag.DELETED)


class FlagChange(msgspec.Struct, array_like=True, frozen=True):
    """What to do to the flags of some messages; keywords by name."""

    mode: Literal["add", "remove", "replace"]
    flags: int
    keywords: tuple[str, ...] = ()

    def apply(self, flags: int, keywords: int, named: int) -> tuple[int, int]:
        """(flags, keywords) after the change; `named` is `self.keywords` as bits of the mailbox's table."""
        if self.mode == "add":
            return flags | self.flags, keywords | named
        if self.mode == "remove":
            return flags & ~self.flags, keywords & ~named
        return self.flags, named
