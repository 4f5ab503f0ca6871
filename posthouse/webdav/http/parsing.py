"""A connection's octets as requests: heads, bodies of a length, bodies in chunks. Pure; RFC 9112 2 to 7.

What two readers could take in two ways is refused, since one of them may stand between the peer and us: two lengths,
two ends, bare line feeds, blanks before a colon, folded lines (RFC 9112 5.2 lets a server choose).
"""

from __future__ import annotations

import re
from enum import Enum
from functools import lru_cache

import msgspec

HEAD_OCTETS = 16_384  # request line and fields
MOST_FIELDS = 500
CHUNK_LINE_OCTETS = 1_024
TRAILER_OCTETS = 65_536
LENGTH_DIGITS = 18
_VERSIONS = frozenset({b"HTTP/1.1", b"HTTP/1.0"})
_TOKEN = re.compile(rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_CHUNK = re.compile(rb"([0-9A-Fa-f]{1,15})(?:;[^\x00\r\n]*)?")


class BadRequest(Exception):
    """What came is no request, and what comes after it cannot be known."""


class Head(msgspec.Struct, frozen=True):
    """A request's line and fields: names in small letters, several values joined by commas (RFC 9110 5.3).

    `hosts` counts the Host fields; `length` is the body's in octets, None for chunks.
    """

    method: bytes
    target: bytes
    version: bytes
    fields: dict[str, str]
    hosts: int
    length: int | None


UNREAD = Head(b"", b"", b"", {}, 0, 0)  # in the place of one that could not be read


class End(Enum):
    """The body is whole."""

    OF_BODY = 0


class _At(Enum):
    """What comes next."""

    HEAD = 0
    BODY = 1
    CHUNK_LINE = 2
    CHUNK = 3
    CHUNK_END = 4
    TRAILER = 5


class Parser:
    """One connection's requests, one after the other."""

    __slots__ = ("_at", "_buffer", "_left", "_passed_over", "_position", "_seen", "_trailer")

    def __init__(self) -> None:
        self._buffer = b""
        self._position = 0  # in it, before which all was told
        self._at = _At.HEAD
        self._left = 0  # octets of the body, or of the chunk
        self._seen = 0  # where the end of the head was looked for already
        self._passed_over = False  # an empty line
        self._trailer = 0

    @property
    def waiting(self) -> int:
        """Octets that came and were not told yet."""
        return len(self._buffer) - self._position

    def receive(self, octets: bytes) -> None:
        """The next octets have come."""
        self._buffer = self._buffer[self._position :] + octets if self._buffer else octets
        self._seen = max(0, self._seen - self._position)
        self._position = 0

    def next(self) -> Head | bytes | End | None:
        """A head, then its body's octets and their end; None when more must come. Raises BadRequest."""
        if self._at is _At.HEAD:
            return self._head()
        if self._at is _At.BODY:
            return self._piece() if self._left else self._end()
        return self._next_of_chunks()

    def _head(self) -> Head | None:
        buffer, start = self._buffer, self._position
        if not buffer:
            return None
        if not self._passed_over and buffer.startswith(b"\r\n", start):  # RFC 9112 2.2
            self._passed_over = True
            self._position = start = start + 2
        end = buffer.find(b"\r\n\r\n", max(start, self._seen - 3))
        if end < 0:
            self._seen = len(buffer)
            line = buffer.find(b"\r\n", start)
            if line >= 0 and line > start:
                _request_line(buffer[start:line])  # who speaks something else need not be waited for
            if self.waiting > HEAD_OCTETS:
                raise BadRequest
            return None
        if end - start > HEAD_OCTETS:
            raise BadRequest
        head = read_head(buffer[start:end])
        self._move(end + 4)
        self._passed_over = False
        if head.length is None:
            self._at, self._trailer = _At.CHUNK_LINE, 0
        elif head.length:
            self._at, self._left = _At.BODY, head.length
        return head

    def _next_of_chunks(self) -> bytes | End | None:
        while True:
            if self._at is not _At.CHUNK:
                if (line := self._line()) is None:
                    return None
                if self._chunked(line):
                    return self._end()
            elif self._left:
                return self._piece()
            else:
                self._at = _At.CHUNK_END

    def _piece(self) -> bytes | None:
        """What is there of what is left."""
        start = self._position
        stop = min(len(self._buffer), start + self._left)
        if start == stop:
            return None
        piece = self._buffer[start:stop]
        self._left -= len(piece)
        self._move(stop)
        return piece

    def _chunked(self, line: bytes) -> bool:
        """A line between chunks or behind them; True when it was the last; RFC 9112 7.1."""
        if self._at is _At.CHUNK_LINE:
            match = _CHUNK.fullmatch(line)
            if match is None:
                raise BadRequest
            self._left = int(match[1], 16)
            self._at = _At.CHUNK if self._left else _At.TRAILER
        elif self._at is _At.CHUNK_END:
            if line:
                raise BadRequest
            self._at = _At.CHUNK_LINE
        else:
            self._trailer += len(line) + 2
            if self._trailer > TRAILER_OCTETS:
                raise BadRequest
            return not line
        return False

    def _line(self) -> bytes | None:
        most = TRAILER_OCTETS if self._at is _At.TRAILER else 2 if self._at is _At.CHUNK_END else CHUNK_LINE_OCTETS
        end = self._buffer.find(b"\r\n", self._position)
        if end - self._position > most or (end < 0 and self.waiting > most):
            raise BadRequest
        if end < 0:
            return None
        line = self._buffer[self._position : end]
        self._move(end + 2)
        return line

    def _end(self) -> End:
        self._at = _At.HEAD
        return End.OF_BODY

    def _move(self, position: int) -> None:
        if position == len(self._buffer):
            self._buffer, position = b"", 0
        self._position = position
        self._seen = 0


def read_head(octets: bytes) -> Head:
    """A request's head without the empty line at its end; raises BadRequest."""
    lines = octets.split(b"\r\n")
    breaks = len(lines) - 1
    if breaks > MOST_FIELDS or octets.count(b"\n") != breaks or octets.count(b"\r") != breaks or b"\x00" in octets:
        raise BadRequest
    method, target, version = _request_line(lines[0])
    fields: dict[str, str] = {}
    hosts = 0
    for line in lines[1:]:
        name, colon, value = line.partition(b":")
        if not colon:
            raise BadRequest
        key, text = _small(name), value.strip(b" \t").decode("latin-1")
        if key in fields:
            text = f"{fields[key]}, {text}"
        fields[key] = text
        if key == "host":
            hosts += 1  # several of them could mean several sites (RFC 9112 3.2)
    return Head(method, target, version, fields, hosts, _length(version, fields))


def _request_line(line: bytes) -> tuple[bytes, bytes, bytes]:
    parts = line.split(b" ")
    if len(parts) != 3 or parts[2] not in _VERSIONS or not parts[1] or _TOKEN.fullmatch(parts[0]) is None:
        raise BadRequest
    return parts[0], parts[1], parts[2]


def _length(version: bytes, fields: dict[str, str]) -> int | None:
    """RFC 9112 6.3: chunked, and nothing else, or one length."""
    length, coding = fields.get("content-length"), fields.get("transfer-encoding")
    if coding is not None:
        if length is not None or coding.lower() != "chunked" or version != b"HTTP/1.1":
            raise BadRequest
        return None
    if length is None:
        return 0
    if not (length.isascii() and length.isdecimal() and len(length) <= LENGTH_DIGITS):
        raise BadRequest
    return int(length)


@lru_cache(512)
def _small(name: bytes) -> str:
    """A field's name; RFC 9112 5.1: nothing stands between it and its colon."""
    if _TOKEN.fullmatch(name) is None:
        raise BadRequest
    return name.lower().decode("ascii")
