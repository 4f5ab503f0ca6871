"""What a handler raises to answer with a status of refusal; RFC 9110 15."""

from __future__ import annotations

from collections.abc import Sequence


class HttpError(Exception):
    """An answer that is no success; `text` is for people, `fields` are more header fields."""

    def __init__(self, status: int, text: str = "", fields: Sequence[tuple[bytes, bytes]] = ()) -> None:
        super().__init__(text)
        self.status = status
        self.text = text
        self.fields = tuple(fields)
