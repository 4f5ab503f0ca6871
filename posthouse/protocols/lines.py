"""Lines of a dialogue, taken from octets as they come: bounded, and ended by CR and LF together."""

from __future__ import annotations


class BadLine(Exception):
    """What came is no line that can be taken."""


class LineTooLong(BadLine):
    """It was dropped as it came."""


class BareLineEnd(BadLine):
    """It ends with an LF that no CR stands before."""


class LineBuffer:
    """Octets in by `feed`, lines out; `octets` is what waits, `searched` of them hold no line end."""

    __slots__ = ("_limit", "_overlong", "octets", "searched")

    def __init__(self, limit: int) -> None:
        """A line has `limit` octets at most, with its end."""
        self.octets = bytearray()
        self._limit = limit
        self.searched = 0
        self._overlong = False

    def feed(self, octets: bytes) -> None:
        """More octets came."""
        self.octets += octets

    def discard(self) -> None:
        """Forget what came in plain text before TLS began."""
        self.octets.clear()
        self.searched = 0
        self._overlong = False

    def next_line(self) -> bytes | None:
        """The next line without its end, None when it is not whole; raises BadLine."""
        at = self.octets.find(b"\n", self.searched)
        if at < 0:
            self.searched = len(self.octets)
            if self.searched > self._limit:
                self._overlong = True  # its rest is dropped as it comes
                self.octets.clear()
                self.searched = 0
            return None
        line = bytes(self.octets[:at])
        del self.octets[: at + 1]
        self.searched = 0
        if self._overlong or at >= self._limit:
            self._overlong = False
            raise LineTooLong
        if line[-1:] != b"\r":
            raise BareLineEnd
        return line[:-1]
