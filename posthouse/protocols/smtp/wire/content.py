"""Mail data: its end found, dots taken away, line ends watched; RFC 5321 4.1.1.4, 4.5.2, 2.3.8, RFC 3030 (BDAT).

Only CR LF "." CR LF ends it. A CR or LF that stands alone is what smuggling a second message past another server is
made of, so it is told of, and the message will be refused.
"""

from __future__ import annotations

END = b"\r\n.\r\n"
_CR, _LF = b"\r\n"


class Content:
    """The data behind DATA on its way in; a piece in, a piece out, nothing kept but the last four octets."""

    __slots__ = ("_held", "_skip", "has_bare_line_end", "is_complete")

    def __init__(self) -> None:
        self._held = b"\r\n"  # the end of DATA's own line: a dot may come first
        self._skip = 2
        self.has_bare_line_end = False
        self.is_complete = False

    def take(self, octets: bytes) -> tuple[bytes, bytes]:
        """(octets of the message, the rest behind its end); the rest is empty until `is_complete`."""
        octets = self._held + octets
        end = octets.find(END)
        if end >= 0:
            self.is_complete = True
            return self._clean(octets[: end + 2]), octets[end + len(END) :]
        kept = next((length for length in (4, 3, 2, 1) if octets.endswith(END[:length])), 0)
        cut = len(octets) - kept
        self._held = octets[cut:]
        return self._clean(octets[:cut]), b""

    def _clean(self, octets: bytes) -> bytes:
        self.has_bare_line_end = self.has_bare_line_end or _has_bare_line_end(octets)
        if octets.find(b"\n.") >= 0:
            octets = octets.replace(b"\r\n.", b"\r\n")
        if self._skip and octets:
            octets = octets[self._skip :]
            self._skip = 0
        return octets


def _has_bare_line_end(octets: bytes) -> bool:
    rest = octets.replace(b"\r\n", b"")  # a quarter of the time that counting single octets takes
    return _LF in rest or _CR in rest


class Chunk:
    """The octets behind BDAT, as they are; `is_last` when they end the message."""

    __slots__ = ("_ends_in_cr", "_left", "has_bare_line_end", "is_last")

    def __init__(self, size: int, *, is_last: bool, before: Chunk | None) -> None:
        """`before` is the message's chunk before this one: a line end may be cut in two."""
        self._left = size
        self.is_last = is_last
        self._ends_in_cr: bool = before is not None and before._ends_in_cr
        self.has_bare_line_end: bool = before is not None and before.has_bare_line_end
        if is_last and not size:
            self._end()

    @property
    def is_complete(self) -> bool:
        """True when all its octets have come."""
        return not self._left

    def take(self, octets: bytes) -> tuple[bytes, bytes]:
        """(octets of the message, the rest behind its end)."""
        octets, rest = octets[: self._left], octets[self._left :]
        self._left -= len(octets)
        seen = b"\r" + octets if self._ends_in_cr else octets
        self._ends_in_cr = seen.endswith(b"\r")  # what comes next decides whether it stands alone
        self.has_bare_line_end |= _has_bare_line_end(seen[:-1] if self._ends_in_cr else seen)
        if self.is_last and not self._left:
            self._end()
        return octets, rest

    def _end(self) -> None:
        self.has_bare_line_end |= self._ends_in_cr
