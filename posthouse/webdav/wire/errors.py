"""Refusals that name the condition that did not hold; RFC 4918 16."""

from __future__ import annotations

from posthouse.webdav.http.answer import Answer
from posthouse.webdav.http.errors import HttpError
from posthouse.webdav.wire.writing import DECLARATION, KIND, tags


class DavError(HttpError):
    """An HttpError whose body is DAV:error with `condition`, a name in Clark's notation; `inside` is XML in that."""

    def __init__(self, status: int, condition: str, text: str = "", inside: str = "") -> None:
        super().__init__(status, text)
        self.condition = condition
        self.inside = inside

    @property
    def answer(self) -> Answer:
        """What is sent."""
        return Answer(self.status, (KIND, *self.fields), f"{DECLARATION}{self.xml}".encode())

    @property
    def xml(self) -> str:
        """The element DAV:error."""
        start, end, empty = tags(self.condition)
        return f'<D:error xmlns:D="DAV:">{start + self.inside + end if self.inside else empty}</D:error>'
