"""Replies of a server; RFC 5321 4.2, RFC 2034, RFC 3463. Bounded, whatever the peer sends."""

from __future__ import annotations

import re

from msgspec import Struct

_LINE = re.compile(rb"(?P<code>[2-5][0-9]{2})(?:(?P<more>[ -])(?P<text>.*))?", re.DOTALL)
_STATUS = re.compile(r"([245])\.([0-9]{1,3})\.([0-9]{1,3})(?:[ ]+|$)")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
_WORDS = 1000  # characters of a reply that are kept: they stand in the queue and in reports


class BadReply(Exception):
    """What came is no reply; says why."""


class Reply(Struct, frozen=True):
    """One reply; `status` is its enhanced status code, "" without one, which `lines` do not repeat."""

    code: int
    status: str = ""
    lines: tuple[str, ...] = ("",)

    @property
    def is_positive(self) -> bool:
        """2xx: done."""
        return 200 <= self.code < 300

    @property
    def is_intermediate(self) -> bool:
        """3xx: go on."""
        return 300 <= self.code < 400

    @property
    def is_transient(self) -> bool:
        """4xx: try later."""
        return 400 <= self.code < 500

    @property
    def is_permanent(self) -> bool:
        """5xx: never."""
        return self.code >= 500

    @property
    def words(self) -> str:
        """What it says, in one line."""
        return " ".join(line for line in self.lines if line)[:_WORDS]

    @property
    def status_or_class(self) -> str:
        """The enhanced status code, or what RFC 3463 has for the code's class alone."""
        return self.status or f"{self.code // 100}.0.0"


class ReplyReader:
    """Octets in by `feed`, replies out; a line may end with LF alone, as some servers do."""

    __slots__ = ("_buffer", "_code", "_line_octets", "_lines", "_most_lines", "_octets", "_reply_octets")

    def __init__(self, line_octets: int, reply_lines: int, reply_octets: int) -> None:
        self._line_octets = line_octets
        self._most_lines = reply_lines
        self._reply_octets = reply_octets
        self._buffer = bytearray()
        self._lines: list[bytes] = []
        self._code = b""
        self._octets = 0

    @property
    def is_empty(self) -> bool:
        """True when nothing waits, not even half a reply."""
        return not self._buffer and not self._lines

    def feed(self, octets: bytes) -> None:
        """More octets came."""
        self._buffer += octets

    def discard(self) -> None:
        """Forget what came in plain text before TLS began (RFC 3207 4.2)."""
        self._buffer.clear()
        self._forget()

    def next(self) -> Reply | None:
        """The next reply, None when it is not whole; raises BadReply, after which nothing sensible follows."""
        while True:
            at = self._buffer.find(b"\n", 0, self._line_octets + 1)
            if at < 0:
                if len(self._buffer) > self._line_octets:
                    raise BadReply(f"a line has more than {self._line_octets} octets")
                return None
            line = bytes(self._buffer[:at])
            del self._buffer[: at + 1]
            if self._take(line.removesuffix(b"\r")):
                reply = self._whole()
                self._forget()
                return reply

    def _take(self, line: bytes) -> bool:
        """Take one line; True when it is the reply's last."""
        found = _LINE.fullmatch(line)
        if found is None:
            raise BadReply(f"expected a reply, came {_text(line[:80])!r}")
        if self._lines and found["code"] != self._code:
            raise BadReply(f"the lines of a reply begin with {_text(self._code)} and {_text(found['code'])}")
        self._code = found["code"]
        self._octets += len(line)
        self._lines.append(found["text"] or b"")
        if len(self._lines) > self._most_lines:
            raise BadReply(f"a reply has more than {self._most_lines} lines")
        if self._octets > self._reply_octets:
            raise BadReply(f"a reply has more than {self._reply_octets} octets")
        return bool(found["more"] != b"-")

    def _whole(self) -> Reply:
        lines = [_text(line) for line in self._lines]
        found = _STATUS.match(lines[0])
        # a status of another class than the code's says nothing that can be relied on
        if found is None or ord(found[1]) != self._code[0]:
            return Reply(int(self._code), "", tuple(lines))
        status = f"{int(found[1])}.{int(found[2])}.{int(found[3])}"
        return Reply(int(self._code), status, tuple(_without_status(line) for line in lines))

    def _forget(self) -> None:
        self._lines = []
        self._code = b""
        self._octets = 0


def _without_status(line: str) -> str:
    found = _STATUS.match(line)
    return line if found is None else line[found.end() :]


def _text(octets: bytes) -> str:
    return _CONTROL.sub(" ", octets.decode(errors="replace")).strip()
