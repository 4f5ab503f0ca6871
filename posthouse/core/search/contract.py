"""What protocols ask of full-text search. It answers for what is indexed; for the rest the caller looks itself."""

from __future__ import annotations

from typing import Protocol

import msgspec


class Candidates(msgspec.Struct, frozen=True):
    """The account's messages that may hold a text, None for all of them: true of those numbered up to `upto`."""

    upto: int
    messages: frozenset[int] | None


HOLDS_NOT, HOLDS, ASK_MESSAGE = 0, 1, 2  # answers of `holding`
NOTHING_KNOWN = Candidates(0, None)


class TextSearch(Protocol):
    """Search of one account's mail at a time; texts are casemapped."""

    async def candidates(self, account: int, text: str) -> Candidates:
        """Which messages may hold the text in header or body."""

    async def holding(self, account: int, text: str, in_header: bool, messages: list[int], seconds: float) -> bytes:
        """Which of these messages hold it in the body, or in the header too: an answer each.

        As many as came in so many seconds, at least one.
        """


class NoIndex(msgspec.Struct, frozen=True):
    """Search where there is no index."""

    async def candidates(self, account: int, text: str) -> Candidates:
        return NOTHING_KNOWN

    async def holding(self, account: int, text: str, in_header: bool, messages: list[int], seconds: float) -> bytes:
        return bytes([ASK_MESSAGE]) * len(messages)
