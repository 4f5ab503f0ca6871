"""What goes to the client: status lines, and messages and lists up to a dot; RFC 1939 3, RFC 2449 8."""

from __future__ import annotations

import re
from collections.abc import Iterable

END = b".\r\n"
_BARE = re.compile(rb"(?<!\r)\n")
_EMPTY = (b"\n", b"\r\n")


def ok(text: str) -> bytes:
    """A command that was done."""
    return f"+OK {text}\r\n".encode()


def refused(text: str, code: str | None) -> bytes:
    """One that was not."""
    return f"-ERR [{code}] {text}\r\n".encode() if code else f"-ERR {text}\r\n".encode()


def challenge(encoded: str) -> bytes:
    """What the client shall answer; RFC 5034 4."""
    return f"+ {encoded}\r\n".encode()


def several(text: str, lines: Iterable[str]) -> bytes:
    """A short answer of several lines, none of which begins with a dot."""
    return ok(text) + "".join([f"{line}\r\n" for line in lines]).encode() + END


class Dots:
    """A message's octets as they are sent, piece by piece.

    A line that begins with a dot gets another; lines that end with LF alone are given their CR, so that no client takes
    a dot in one for the end.
    """

    __slots__ = ("_last",)

    def __init__(self) -> None:
        self._last = b"\n"  # the octet before the next piece

    def encode(self, piece: bytes) -> bytes:
        """The next piece as it is sent."""
        if not piece:
            return b""
        before, self._last = self._last, piece[-1:]
        begins_line = before == b"\n"
        if piece.count(b"\n") != piece.count(b"\r\n"):
            # an LF at the very start belongs to a CR that has gone out already, if there was one
            skip = 1 if before == b"\r" and piece[0] == 0x0A else 0
            piece = piece[:skip] + _BARE.sub(b"\r\n", piece[skip:])
        piece = piece.replace(b"\n.", b"\n..")
        return b"." + piece if begins_line and piece.startswith(b".") else piece

    def end(self) -> bytes:
        """What ends the message."""
        return END if self._last == b"\n" else b"\r\n" + END


class Top:
    """The beginning of a message: its header, the blank line, and so many lines of its body."""

    __slots__ = ("_in_header", "_left", "_line", "is_complete")

    def __init__(self, lines: int) -> None:
        self._left = lines
        self._in_header = True
        self._line = b""  # how the line that is not whole yet begins, as far as it matters
        self.is_complete = False

    def take(self, piece: bytes) -> bytes:
        """What of the next piece belongs to it; not behind `is_complete`."""
        at = 0
        while not self.is_complete:
            end = piece.find(b"\n", at)
            if end < 0:
                self._line = (self._line + piece[at:])[:2]
                return piece
            line = self._line + piece[at : min(end + 1, at + 3)]
            self._line = b""
            at = end + 1
            if not self._in_header:
                self._left -= 1
            elif line in _EMPTY:
                self._in_header = False
            self.is_complete = not self._in_header and self._left <= 0
        return piece[:at]
