"""What comes from the client: command lines, lines of an AUTH exchange, mail data; as the session asks for them."""

from __future__ import annotations

import msgspec

from posthouse.protocols.smtp.wire.content import Chunk, Content
from posthouse.protocols.smtp.wire.reply import SmtpRefusal


class Octets(msgspec.Struct, frozen=True):
    """A piece of the mail data, its dots taken away."""

    octets: bytes


class End(msgspec.Struct, frozen=True):
    """The end of the mail data, or of one chunk of it when not `is_last`."""

    has_bare_line_end: bool
    is_last: bool = True


class Decoder:
    """Octets in by `feed`; lines and data out, one by one."""

    __slots__ = ("_buffer", "_chunk", "_content", "_line_octets", "_overlong", "_searched")

    def __init__(self, line_octets: int) -> None:
        self._line_octets = line_octets
        self._buffer = bytearray()
        self._searched = 0
        self._overlong = False
        self._content: Content | Chunk | None = None
        self._chunk: Chunk | None = None  # of the same message, before the next one

    @property
    def buffered(self) -> int:
        """Octets that wait."""
        return len(self._buffer)

    @property
    def in_content(self) -> bool:
        """True from `begin_content` until its end was given out."""
        return self._content is not None

    def feed(self, octets: bytes) -> None:
        """More octets came."""
        self._buffer += octets

    def forget_chunks(self) -> None:
        """The message whose chunks came is given up."""
        self._chunk = None

    def discard(self) -> None:
        """Forget what came in plain text before TLS began."""
        self._buffer.clear()
        self._searched = 0
        self._overlong = False

    def begin_content(self) -> None:
        """What comes now is mail data up to a dot."""
        self._content = Content()

    def begin_chunk(self, size: int, *, is_last: bool) -> None:
        """What comes now is so many octets of mail data."""
        self._content = Chunk(size, is_last=is_last, before=self._chunk)

    def next_line(self) -> bytes | None:
        """The next line without its end, None when it is not whole; raises SmtpRefusal for one that is none."""
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
            raise SmtpRefusal(500, "5.5.6", "The line is too long")
        if not line.endswith(b"\r\n"):
            raise SmtpRefusal(500, "5.5.2", "Lines end with CR and LF")  # RFC 5321 2.3.8
        return line[:-2]

    def next_content(self) -> Octets | End | None:
        """The next piece of the mail data, or its end; None when nothing has come."""
        content = self._content
        assert content is not None, "begin_content comes first"
        if content.is_complete:
            self._content = None
            if isinstance(content, Content):
                return End(content.has_bare_line_end)
            self._chunk = None if content.is_last else content
            return End(content.has_bare_line_end, content.is_last)
        if not self._buffer:
            return None
        octets, rest = content.take(bytes(self._buffer))
        self._buffer = bytearray(rest)
        if octets or content.is_complete:
            return Octets(octets)
        return None
