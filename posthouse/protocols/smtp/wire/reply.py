"""Replies; RFC 5321 4.2, with enhanced status codes (RFC 2034, RFC 3463)."""

from __future__ import annotations

from functools import lru_cache

import msgspec


class Reply(msgspec.Struct, frozen=True):
    """A reply of one line, or of several: `text` and what follows in `more`.

    `status` is the enhanced status code, None where none belongs (RFC 2034 4: greeting, EHLO, 3xx).
    """

    code: int
    status: str | None
    text: str
    more: tuple[str, ...] = ()

    @property
    def is_refusal(self) -> bool:
        """True for 4xx and 5xx."""
        return self.code >= 400

    def encode(self) -> bytes:
        """As it is sent."""
        begin = "" if self.status is None else f"{self.status} "
        if not self.more:
            return f"{self.code} {begin}{self.text}\r\n".encode()
        lines = (self.text, *self.more)
        last = len(lines) - 1
        return "".join(
            f"{self.code}{' ' if number == last else '-'}{begin}{line}\r\n" for number, line in enumerate(lines)
        ).encode()


@lru_cache(maxsize=256)
def encoded(reply: Reply) -> bytes:
    """The same for replies that are said again and again."""
    return reply.encode()


class SmtpRefusal(Exception):
    """A command that is answered with `reply`, a refusal."""

    def __init__(self, code: int, status: str | None, text: str) -> None:
        super().__init__(text)
        self.reply = Reply(code, status, text)
