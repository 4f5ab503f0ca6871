"""LIST's patterns; RFC 9051 6.3.9: `*` stands for anything, `%` for anything within one level.

Matched by stepping through all states at once, so that no pattern takes long, however it is made.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from posthouse.core.mail.mailboxes import INBOX, SEPARATOR


class Patterns:
    """Some patterns behind one reference."""

    __slots__ = ("_patterns",)

    def __init__(self, reference: str, patterns: Iterable[str]) -> None:
        self._patterns = [_Pattern(reference + pattern) for pattern in patterns if pattern]

    def matches(self, name: str) -> bool:
        """True when one of them matches the whole name."""
        return any(pattern.matches(name) for pattern in self._patterns)


class _Pattern:
    """One pattern. Bit n of a state: its first n characters are matched."""

    __slots__ = ("_any", "_any_in_level", "_characters", "_end")

    def __init__(self, text: str) -> None:
        # wildcards beside each other mean what the widest means
        text = re.sub(r"[*%]*\*[*%]*", "*", re.sub("%+", "%", text))
        self._characters: dict[str, int] = {}
        for at, character in enumerate(text):
            self._characters[character] = self._characters.get(character, 0) | 1 << at
        self._any = self._characters.pop("*", 0)
        self._any_in_level = self._characters.pop("%", 0)
        self._end = 1 << len(text)

    def matches(self, name: str) -> bool:
        wildcards = self._any | self._any_in_level
        state = 1 | (1 & wildcards) << 1
        any_case = len(INBOX) if name.partition(SEPARATOR)[0] == INBOX else 0  # RFC 9051 5.1
        for at, character in enumerate(name):
            staying = self._any if character == SEPARATOR else wildcards
            meant = self._characters.get(character, 0)
            if at < any_case:
                meant |= self._characters.get(character.lower(), 0)
            state = (state & meant) << 1 | state & staying
            state |= (state & wildcards) << 1
            if not state:
                return False
        return bool(state & self._end)
