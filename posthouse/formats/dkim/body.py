"""The hash of a body in relaxed canonical form, made while the body streams by; RFC 6376 3.4.4."""

from __future__ import annotations

import hashlib
import re

_TABS = bytes.maketrans(b"\t", b" ")
_LINE_ENDS_BACKWARDS = re.compile(rb"(?:\n\r)*")


class BodyHash:
    """SHA-256 of a body whose lines end in CRLF; holds no more of it than two octets, however it is cut in chunks."""

    __slots__ = ("_hash", "_tail", "_whole")

    def __init__(self) -> None:
        self._hash = hashlib.sha256()
        # the state behind the last line with text in it, None within a line: empty lines at the end do not count
        self._whole: hashlib._Hash | None = self._hash.copy()
        self._tail = b""  # blanks and a CR, that a line end may follow

    def feed(self, chunk: bytes) -> None:
        """Take the next octets of the body."""
        octets = (self._tail + chunk).translate(_TABS)
        while b"  " in octets:
            octets = octets.replace(b"  ", b" ")
        octets = octets.replace(b" \r\n", b"\r\n")
        stop = len(octets) - octets.endswith(b"\r")
        stop -= octets.endswith(b" ", 0, stop)
        self._tail = octets[stop:]
        text = octets[:stop].rstrip(b"\r\n")
        ends = _LINE_ENDS_BACKWARDS.match(octets[len(text) : stop][::-1])
        assert ends is not None, "it matches nothing, too"
        self._add(octets[: stop - ends.end()], octets[stop - ends.end() : stop])

    def digest(self) -> bytes:
        """The body has ended: its hash. One without a line end at its end is hashed as with one."""
        if self._tail.endswith(b"\r"):  # no line end: text like any other
            self._add(self._tail, b"")
        if self._whole is not None:
            return self._whole.digest()
        self._hash.update(b"\r\n")
        return self._hash.digest()

    def _add(self, text: bytes, line_ends: bytes) -> None:
        if text:
            self._hash.update(text)
            self._whole = None
        if line_ends and self._whole is None:
            self._hash.update(b"\r\n")
            self._whole = self._hash.copy()
            line_ends = line_ends[2:]
        self._hash.update(line_ends)
