"""System flags of a message, as bits; RFC 9051 2.3.2. Keywords are bits over the mailbox's own table of names."""

from __future__ import annotations

from enum import IntFlag
from typing import Literal

import msgspec

from posthouse.core.sharing.rights import Right


class Flag(IntFlag):
    """The bits of `Item.flags`."""

    SEEN = 1
    ANSWERED = 2
    FLAGGED = 4
    DELETED = 8
    DRAFT = 16


ALL_FLAGS = sum(Flag)
SEEN, DELETED = int(Flag.SEEN), int(Flag.DELETED)


def flags_allowed(rights: Right) -> int:
    """The system flags that one may change by one's rights; RFC 4314 2.1."""
    allowed = ALL_FLAGS & ~(SEEN | DELETED) if rights & Right.WRITE else 0
    allowed |= SEEN if rights & Right.SEEN else 0
    return allowed | (DELETED if rights & Right.DELETE else 0)


class FlagChange(msgspec.Struct, array_like=True, frozen=True):
    """What to do to the flags of some messages; keywords by name.

    Of the system flags those of `allowed` are changed, keywords only when `keywords_allowed`.
    """

    mode: Literal["add", "remove", "replace"]
    flags: int
    keywords: tuple[str, ...] = ()
    allowed: int = ALL_FLAGS
    keywords_allowed: bool = True

    def apply(self, flags: int, keywords: int, named: int) -> tuple[int, int]:
        """(flags, keywords) after the change; `named` is `self.keywords` as bits of the mailbox's table."""
        if self.mode == "add":
            return flags | self.flags, keywords | named
        if self.mode == "remove":
            return flags & ~self.flags, keywords & ~named
        kept = flags & ~self.allowed
        return kept | self.flags & self.allowed, named if self.keywords_allowed else keywords

    def within(self, rights: Right) -> FlagChange | None:
        """As much of it as one's rights allow; None when that is nothing of what was asked (RFC 4314 4)."""
        allowed, keywords_allowed = flags_allowed(rights), bool(rights & Right.WRITE)
        flags = self.flags & allowed
        keywords = self.keywords if keywords_allowed else ()
        if not (allowed if self.mode == "replace" else flags or keywords or not (self.flags or self.keywords)):
            return None
        return FlagChange(self.mode, flags, keywords, allowed, keywords_allowed)
