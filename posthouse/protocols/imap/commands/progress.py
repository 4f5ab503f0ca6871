"""How far a long command has come; RFC 9585."""

from __future__ import annotations

import asyncio

from posthouse.protocols.imap.contracts import User
from posthouse.protocols.imap.wire import encoder


class Progress:
    """One command's; of a short one nothing is told."""

    __slots__ = ("_clock", "_dialect", "_done", "_goal", "_output", "_seconds", "_tag", "_told")

    def __init__(self, tag: str, goal: int, user: User, seconds: float) -> None:
        """`goal` messages are to be looked at; `seconds` pass before the first word and between two."""
        self._tag = tag
        self._goal = goal
        self._output = user.output
        self._dialect = user.dialect
        self._seconds = seconds
        self._clock = asyncio.get_running_loop().time
        self._done = 0
        self._told = self._clock()

    def passed(self, count: int = 1) -> None:
        """So many more messages were looked at."""
        self._done += count
        now = self._clock()
        if count and now - self._told >= self._seconds and self._done < self._goal:
            self._told = now
            code = encoder.in_progress(self._tag, self._done, self._goal)
            self._output.write(self._dialect.say("*", "OK", "Still working", code))
