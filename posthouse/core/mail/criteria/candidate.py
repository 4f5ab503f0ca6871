"""A message as search tests see it."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from posthouse.core.mail.criteria.content import Content
from posthouse.core.mail.messages import Row

NO_ROW = Row(0, 0, b"", 0, 0, 0, 0, 0)


class Candidate(msgspec.Struct, gc=False):
    """One message, filled only as far as the search needs: `row` from Level.ROW on, `content` at the last."""

    position: int
    uid: int
    row: Row
    flags: int = 0
    keywords: int = 0
    content: Content | None = None


# True, False, or None while the message's content would have to be read to know
Test = Callable[[Candidate], bool | None]
