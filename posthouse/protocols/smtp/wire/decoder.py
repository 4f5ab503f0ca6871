"""What comes from the client: command lines, lines of an AUTH exchange, mail data; as the session asks for them."""

from __future__ import annotations

import msgspec

from posthouse.protocols.lines import BareLineEnd, LineBuffer, LineTooLong
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

    __slots__ = ("_chunk", "_content", "_lines")

    def __init__(self, line_octets: int) -> None:
        self._lines = LineBuffer(line_octets)
        self._content: Content | Chunk | None = None
        self._chunk: Chunk | None = None  # of the same message, before the next one

    @property
    def buffered(self) -> int:
        """Octets that wait."""
        return self._lines.buffered

    @property
    def is_ready(self) -> bool:
        """True when something is to be asked for: octets that nobody has looked at, or the end of the mail data."""
        return self._lines.has_new or (self._content is not None and self._content.is_complete)

    @property
    def in_content(self) -> bool:
        """True from `begin_content` until its end was given out."""
        return self._content is not None

    def feed(self, octets: bytes) -> None:
        """More octets came."""
        self._lines.feed(octets)

    def forget_chunks(self) -> None:
        """The message whose chunks came is given up."""
        self._chunk = None

    def discard(self) -> None:
        """Forget what came in plain text before TLS began."""
        self._lines.discard()

    def begin_content(self) -> None:
        """What comes now is mail data up to a dot."""
        self._content = Content()

    def begin_chunk(self, size: int, *, is_last: bool) -> None:
        """What comes now is so many octets of mail data."""
        self._content = Chunk(size, is_last=is_last, before=self._chunk)

    def next_line(self) -> bytes | None:
        """The next line without its end, None when it is not whole; raises SmtpRefusal for one that is none."""
        try:
            return self._lines.next_line()
        except LineTooLong:
            raise SmtpRefusal(500, "5.5.6", "The line is too long") from None
        except BareLineEnd:
            raise SmtpRefusal(500, "5.5.2", "Lines end with CR and LF") from None  # RFC 5321 2.3.8

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
        if not self._lines.buffered:
            return None
        octets, rest = content.take(self._lines.take())
        if rest:
            self._lines.feed(rest)
        if octets or content.is_complete:
            return Octets(octets)
        return None
