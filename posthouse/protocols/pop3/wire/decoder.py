"""What comes from the client: lines, of commands and of an AUTH exchange."""

from __future__ import annotations

from posthouse.protocols.lines import BareLineEnd, LineBuffer, LineTooLong
from posthouse.protocols.pop3.errors import Senseless


class Decoder:
    """Octets in by `feed`; lines out, one by one."""

    __slots__ = ("_lines",)

    def __init__(self, line_octets: int) -> None:
        self._lines = LineBuffer(line_octets)

    @property
    def buffered(self) -> int:
        """Octets that wait."""
        return self._lines.buffered

    def feed(self, octets: bytes) -> None:
        """More octets came."""
        self._lines.feed(octets)

    def discard(self) -> None:
        """Forget what came in plain text before TLS began."""
        self._lines.discard()

    def next_line(self) -> bytes | None:
        """The next line without its end, None when it is not whole; raises Senseless for one that is none."""
        try:
            return self._lines.next_line()
        except LineTooLong:
            raise Senseless("The line is too long") from None
        except BareLineEnd:
            raise Senseless("Lines end with CR and LF") from None
