"""What comes from the client: lines, of commands and of an AUTH exchange."""

from __future__ import annotations

from posthouse.protocols.pop3.errors import Senseless


class Decoder:
    """Octets in by `feed`; lines out, one by one."""

    __slots__ = ("_buffer", "_line_octets", "_overlong", "_searched")

    def __init__(self, line_octets: int) -> None:
        self._line_octets = line_octets
        self._buffer = bytearray()
        self._searched = 0
        self._overlong = False

    @property
    def buffered(self) -> int:
        """Octets that wait."""
        return len(self._buffer)

    def feed(self, octets: bytes) -> None:
        """More octets came."""
        self._buffer += octets

    def discard(self) -> None:
        """Forget what came in plain text before TLS began."""
        self._buffer.clear()
        self._searched = 0
        self._overlong = False

    def next_line(self) -> bytes | None:
        """The next line without its end, None when it is not whole; raises Senseless for one that is none."""
        at = self._buffer.find(b"\n", self._searched)
        if at < 0:
            self._searched = len(self._buffer)
            if self._searched > self._line_octets:
                self._overlong = True  # its rest is dropped as it comes
                self._buffer.clear()
                self._searched = 0
            return None
        line = bytes(self._buffer[: at + 1])
        del self._buffer[: at + 1]
        self._searched = 0
        if self._overlong or len(line) > self._line_octets:
            self._overlong = False
            raise Senseless("The line is too long")
        if not line.endswith(b"\r\n"):
            raise Senseless("Lines end with CR and LF")
        return line[:-2]
