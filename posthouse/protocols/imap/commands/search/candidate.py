"""A message as search tests see it."""

from __future__ import annotations

from collections.abc import Callable

from posthouse.core.mail.messages import Row
from posthouse.protocols.imap.commands.search.content import Content

_NO_ROW = Row(0, 0, 0, 0, 0, 0, 0, 0)


class Candidate:
    """One message, filled only as far as the search needs: `row` from Level.ROW on, `content` at the last."""

    __slots__ = ("content", "flags", "keywords", "position", "row", "uid")

    def __init__(self, position: int, uid: int, flags: int = 0, keywords: int = 0, row: Row = _NO_ROW) -> None:
        self.position = position
        self.uid = uid
        self.flags = flags
        self.keywords = keywords
        self.row = row
        self.content: Content | None = None


# True, False, or None while the message's content would have to be read to know
Test = Callable[[Candidate], bool | None]
