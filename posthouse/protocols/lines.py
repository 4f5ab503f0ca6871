"""Lines of a dialogue, taken from octets as they come: bounded, and ended by CR and LF together."""

from __future__ import annotations

_CR = 13


class BadLine(Exception):
    """What came is no line that can be taken."""


class LineTooLong(BadLine):
    """It was dropped as it came."""


class BareLineEnd(BadLine):
    """It ends with an LF that no CR stands before."""


class Waiting:
    """Octets that came and are not used yet: in by `feed`, used from their beginning, moved only when more come."""

    __slots__ = ("_at", "_octets", "_searched")

    def __init__(self) -> None:
        self._octets = b""
        self._at = 0  # what of them is used up, never all
        self._searched = 0  # up to here there is no end of line

    @property
    def buffered(self) -> int:
        """How many wait."""
        return len(self._octets) - self._at

    def feed(self, octets: bytes) -> None:
        """More octets came. To bound what is held, the endpoint stops reading while `buffered` is large."""
        if self._octets:
            self._octets = self._octets[self._at :] + octets
            self._searched -= self._at
            self._at = 0
        else:
            self._octets = octets

    def _use(self, end: int) -> None:
        if end >= len(self._octets):
            self._octets = b""
            end = 0
        self._at = self._searched = end


class LineBuffer(Waiting):
    """Octets in by `feed`, lines out, or all that waits by `take`."""

    __slots__ = ("_limit", "_overlong")

    def __init__(self, limit: int) -> None:
        """A line has `limit` octets at most, with its end."""
        super().__init__()
        self._limit = limit
        self._overlong = False

    @property
    def has_new(self) -> bool:
        """True while octets wait that nobody has looked at."""
        return self._searched < len(self._octets)

    def take(self) -> bytes:
        """All that waits, which is no line."""
        octets = self._octets[self._at :]
        self._use(len(self._octets))
        return octets

    def discard(self) -> None:
        """Forget what came in plain text before TLS began."""
        self._use(len(self._octets))
        self._overlong = False

    def next_line(self) -> bytes | None:
        """The next line without its end, None when it is not whole; raises BadLine."""
        octets, start = self._octets, self._at
        end = octets.find(b"\n", self._searched)
        if end < 0:
            self._searched = len(octets)
            if len(octets) - start > self._limit:
                self._overlong = True  # its rest is dropped as it comes
                self._use(len(octets))
            return None
        self._use(end + 1)
        if self._overlong or end - start >= self._limit:
            self._overlong = False
            raise LineTooLong
        if end == start or octets[end - 1] != _CR:
            raise BareLineEnd
        return octets[start : end - 1]
