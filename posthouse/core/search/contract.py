"""What protocols ask of full-text search. It answers for what is indexed; for the rest the caller looks itself."""

from __future__ import annotations

from enum import Enum
from typing import Protocol

import msgspec


class Candidates(msgspec.Struct, frozen=True):
    """The account's messages that may hold a text, None for all of them: true of those numbered up to `upto`."""

    upto: int
    messages: frozenset[int] | None


class Field(Enum):
    """Where words are looked for; `files` are names and texts of attached files."""

    SUBJECT = "subject"
    FROM = "from"
    TO = "to"  # and Cc
    BODY = "body"
    FILES = "files"


class Ranking(msgspec.Struct, frozen=True):
    """Messages with words like those asked for, and how well they fit: up to 1. True of those up to number `upto`."""

    upto: int
    points: dict[int, float]


HOLDS_NOT, HOLDS, ASK_MESSAGE = 0, 1, 2  # answers of `holding`
NOTHING_KNOWN = Candidates(0, None)
NOTHING_RANKED = Ranking(0, {})


class TextSearch(Protocol):
    """Search of one account's mail at a time; texts are casemapped."""

    async def candidates(self, account: int, text: str) -> Candidates:
        """Which messages may hold the text in header or body."""

    async def holding(self, account: int, text: str, in_header: bool, messages: list[int], seconds: float) -> bytes:
        """Which of these messages hold it in the body, or in the header too: an answer each.

        As many as came in so many seconds, at least one.
        """

    async def ranking(self, account: int, fields: tuple[Field, ...], text: str) -> Ranking:
        """Which messages have all the words of the text, or words like them, in any of the fields; the best of many."""


class NoIndex(msgspec.Struct, frozen=True):
    """Search where there is no index."""

    async def candidates(self, account: int, text: str) -> Candidates:
        return NOTHING_KNOWN

    async def holding(self, account: int, text: str, in_header: bool, messages: list[int], seconds: float) -> bytes:
        return bytes([ASK_MESSAGE]) * len(messages)

    async def ranking(self, account: int, fields: tuple[Field, ...], text: str) -> Ranking:
        return NOTHING_RANKED
