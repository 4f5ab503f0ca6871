"""Bytes as they come, cut into commands and events; RFC 9051 2.2 and 4.3, RFC 7888 (literals).

Nothing is read ahead of need: each `next_event` takes one command or less from what has come, so that the session can
answer, change the rules or drop the rest (STARTTLS) in between. What is held is bounded: one line, one short literal,
one command; the octets of appended messages pass through.
"""

from __future__ import annotations

import enum
import re
from collections.abc import Callable

from posthouse.protocols.imap.wire.append_grammar import HEAD, Appending, pieces
from posthouse.protocols.imap.wire.commands.append import Append, Replace
from posthouse.protocols.imap.wire.events import (
    AppendEnd,
    AppendOctets,
    AppendStart,
    AppendText,
    Event,
    Malformed,
    NeedContinuation,
)
from posthouse.protocols.imap.wire.fetch_grammar import fetch_one
from posthouse.protocols.imap.wire.grammar import parse_command, tag_of
from posthouse.protocols.imap.wire.limits import WireLimits
from posthouse.protocols.imap.wire.reader import Expected, Incomplete, Reader
from posthouse.protocols.lines import Waiting

_LITERAL_AT_END = re.compile(rb"~?\{(\d{1,20})(\+?)\}\Z")
_OPENS = re.compile(rb"\S+ (?:SELECT|EXAMINE) ", re.IGNORECASE)
_EMPTY_LINES = re.compile(rb"(?:\r?\n)*+")
_LONGEST_LITERAL_HEADER = 25
_CR = 13
_CHECKED_EARLY = 8192  # octets of a command; each check reads it from its start


class _State(enum.IntEnum):
    """What the next octets are."""

    LINE = 0  # of a command, or of what follows one of its literals
    LITERAL = 1  # a short one, which is kept with its command
    MESSAGE = 2  # of APPEND, passed on
    REFUSED_OCTETS = 3  # of a literal that nobody wants
    REFUSED_LINE = 4  # the rest of a command that nobody wants


class _Again(enum.Enum):
    """A step has done its part, and the next state may go on with what has come."""

    AGAIN = enum.auto()


_AGAIN = _Again.AGAIN


class Decoder(Waiting):
    """One connection's incoming side.

    `utf8`: mailbox names come in UTF-8 from now on (after ENABLE IMAP4rev2 or UTF8=ACCEPT); settable at any time.
    """

    __slots__ = (
        "_appending",
        "_left",
        "_limits",
        "_longest_line",
        "_offered",
        "_state",
        "_text",
        "_waiting",
        "utf8",
    )

    def __init__(self, limits: WireLimits, *, utf8: bool = False) -> None:
        super().__init__()
        self.utf8 = utf8
        self._limits = limits
        self._longest_line = limits.line_octets + 1  # with CR
        self._text = bytearray()  # the command so far, with its literals
        self._state = _State.LINE
        self._left = 0  # octets of the literal that are to come
        self._appending: Appending | None = None
        self._offered = False  # a synchronising literal of it was announced, and the session has not gone on yet
        self._waiting: list[Event] = []  # of one line of it, from the last to the next

    # What the session uses

    def next_event(self) -> Event | None:
        """The next event, None when more octets are needed for one. Never raises."""
        if self._waiting:
            return self._waiting.pop()
        if not self._octets and self._state is _State.LINE:
            return None
        while True:
            event = _STEPS[self._state](self)
            if event is not _AGAIN:
                return event

    def next_line(self) -> bytes | Malformed | None:
        """The next line without its end, for DONE and for responses to AUTHENTICATE; None when it has not come yet."""
        while self._state is not _State.LINE:
            if _STEPS[self._state](self) is not _AGAIN:
                return None
        return self._take_line()

    def refuse(self) -> None:
        """Do not take the APPEND or REPLACE of which the last event was; events go on behind it.

        RFC 9051 4.3, RFC 7888 4: a peer that waits for "+ " sends nothing more of a refused command; else what it
        has sent is thrown away.
        """
        if self._appending is None:
            self._waiting = []  # it is whole already
            return
        left = self._left
        state = _State.REFUSED_LINE if self._state is _State.LINE else _State.REFUSED_OCTETS
        offered = self._offered
        self._reset()
        if not offered:
            self._left = left
            self._state = state

    def discard(self) -> None:
        """Forget all that came: plain text before TLS is not to be trusted behind it (RFC 9051 6.2.1)."""
        self._use(len(self._octets))
        self._reset()

    # Steps, one a state

    def _line(self) -> Event | _Again | None:
        line = self._take_line()
        if not isinstance(line, bytes):
            return line
        if not self._text and self._appending is None:
            try:
                asked = fetch_one(line, self._limits)
            except Expected as error:
                return self._malformed(error, line)
            if asked is not None:
                return asked
        literal = _LITERAL_AT_END.search(line) if line.endswith(b"}") else None
        if self._text or literal is not None:
            if len(self._text) + len(line) > self._limits.command_octets:
                return self._refuse_text(self._too_large(self._limits.command_octets), literal, line)
            self._text += line
            if literal is None:
                line = bytes(self._text)
                self._text = bytearray()
            else:
                self._text += b"\r\n"
        if self._appending is not None:
            return self._append_line(self._appending, 0, line, literal)
        head = HEAD.match(line if literal is None else self._text)
        if head is not None:
            return self._append_line(Appending(head), head.end(), line, literal)
        if literal is None:
            return self._whole(line)
        return self._literal_header(literal)

    def _literal(self) -> Event | _Again | None:
        end = self._at + self._left
        if len(self._octets) < end:
            return None
        self._text += self._octets[self._at : end]
        self._use(end)
        self._left = 0
        self._offered = False
        self._state = _State.LINE
        return _AGAIN

    def _message(self) -> Event | _Again | None:
        self._offered = False
        if not self._left:
            self._state = _State.LINE
            assert self._appending is not None
            return AppendEnd() if self._appending.parts < 0 else _AGAIN
        octets = self._take(self._left)
        self._left -= len(octets)
        return AppendOctets(octets) if octets else None

    def _refused_octets(self) -> Event | _Again | None:
        self._left -= len(self._take(self._left))
        if self._left:
            return None
        self._state = _State.REFUSED_LINE
        return _AGAIN

    def _refused_line(self) -> Event | _Again | None:
        end = self._octets.find(b"\n", self._searched)
        if end < 0:
            # a literal's header may end this line: as much as that can be stays
            self._octets = self._octets[max(self._at, len(self._octets) - _LONGEST_LITERAL_HEADER) :]
            self._at, self._searched = 0, len(self._octets)
            return None
        tail = self._octets[max(self._at, end - _LONGEST_LITERAL_HEADER) : end].removesuffix(b"\r")
        self._use(end + 1)
        self._reset()
        self._skip_literal(_LITERAL_AT_END.search(tail))
        return _AGAIN

    # What a line leads to

    def _whole(self, text: bytes) -> Event | _Again:
        """The command ends here."""
        if not text:
            # an empty line: some clients send one behind a literal; others are a flood, which costs no more than one
            self._use(_EMPTY_LINES.match(self._octets, self._at).end())  # type: ignore[union-attr]  # it matches nothing, too
            return _AGAIN
        try:
            return parse_command(text, self._limits, utf8=self.utf8)
        except (Expected, Incomplete) as error:
            return self._malformed(error, text)

    def _literal_header(self, literal: re.Match[bytes]) -> Event | _Again:
        """A literal of some command but APPEND and REPLACE follows."""
        if not literal[2] and int(literal[1]) <= self._room() and len(self._text) <= _CHECKED_EARLY:
            # what is wrong already is answered now, so that the peer need not send the literal (RFC 9051 4.3)
            try:
                parse_command(bytes(self._text), self._limits, utf8=self.utf8, partial=True)
            except Incomplete:
                pass
            except Expected as error:
                return self._refuse_text(error, literal)
        return self._keep_literal(literal)

    def _keep_literal(self, literal: re.Match[bytes]) -> NeedContinuation | Malformed | _Again:
        """A literal follows that is kept."""
        size, room = int(literal[1]), self._room()
        if size > room:
            return self._refuse_text(self._too_large(room), literal)
        self._left = size
        self._state = _State.LITERAL
        return _AGAIN if literal[2] else NeedContinuation()

    def _room(self) -> int:
        return min(self._limits.literal_octets, self._limits.command_octets - len(self._text))

    def _append_line(
        self, appending: Appending, start: int, line: bytes, literal: re.Match[bytes] | None
    ) -> Event | _Again:
        """A line of APPEND or REPLACE: what it says is given out piece by piece, and its last literal is to come."""
        text = line if literal is None else bytes(self._text)
        reader = Reader(text, self._limits, utf8=self.utf8, at=start, partial=literal is not None)
        found: list[Event] = []
        try:
            for piece in pieces(reader, appending):
                found.append(piece)
        except Incomplete as error:
            if literal is None:
                return self._malformed(error, text)
            # a name or a URL is a literal, which is kept until it is whole
            self._text = bytearray(text[appending.at :])
            if appending.at:
                self._appending = appending
            asked = self._keep_literal(literal)
            if isinstance(asked, Malformed):
                return asked
            if asked is not _AGAIN:
                self._offered = True
                found.append(asked)
        except Expected as error:
            return self._refuse_text(error, literal, text)
        else:
            self._text = bytearray()
            last = found[-1]
            if isinstance(last, Append | Replace):
                self._appending = None
            else:
                self._appending = appending
                assert isinstance(last, AppendStart | AppendText)
                self._left = last.message.size if isinstance(last, AppendStart) else last.size
                self._offered = last.synchronising
                self._state = _State.MESSAGE
        self._waiting = found[::-1]
        return self._waiting.pop() if self._waiting else _AGAIN

    # Refusals

    def _refuse_text(self, error: Expected, literal: re.Match[bytes] | None, line: bytes = b"") -> Malformed:
        """Give up the command so far, and the literal that its last line announces."""
        malformed = self._malformed(error, bytes(self._text) or line)
        self._reset()
        self._skip_literal(literal)
        return malformed

    def _skip_literal(self, literal: re.Match[bytes] | None) -> None:
        """Octets of a literal that does not wait come whatever is answered, and are no commands; RFC 7888 3."""
        if literal is not None and literal[2]:
            self._left = int(literal[1])
            self._state = _State.REFUSED_OCTETS

    def _malformed(self, error: Expected | Incomplete, text: bytes) -> Malformed:
        tag = tag_of(text) if self._appending is None else self._appending.tag
        self._appending = None
        if isinstance(error, Incomplete):
            return Malformed(tag, "expected the octets of a literal")
        refused = error.code is not None
        return Malformed(tag, error.what, error.code, refused and error.unsaves, refused and bool(_OPENS.match(text)))

    def _too_large(self, octets: int) -> Expected:
        return Expected(f"the command or its literal is too large, {max(0, octets)} octets are taken", "TOOBIG")

    # The buffer

    def _take_line(self) -> bytes | Malformed | None:
        """The next line; None when there is none yet, Malformed when it is too long and to be thrown away."""
        buffer = self._octets
        start = self._at
        end = buffer.find(b"\n", self._searched)
        if (len(buffer) if end < 0 else end) - start > self._longest_line:
            return self._refuse_line(max(self._searched, end))
        if end < 0:
            self._searched = len(buffer)
            return None
        line = buffer[start : end - 1 if end > start and buffer[end - 1] == _CR else end]
        self._use(end + 1)
        return line

    def _refuse_line(self, scanned: int) -> Malformed:
        """It is too long; there is no end of line before `scanned`."""
        malformed = self._malformed(
            Expected(f"the line is longer than {self._limits.line_octets} octets"),
            bytes(self._text) or self._octets[self._at : self._at + 1000],
        )
        self._reset()
        self._searched = scanned
        self._state = _State.REFUSED_LINE
        return malformed

    def _take(self, most: int) -> bytes:
        """Up to so many octets."""
        if not self._at and len(self._octets) <= most:
            octets, self._octets = self._octets, b""
            self._searched = 0
            return octets
        octets = self._octets[self._at : self._at + most]
        self._use(self._at + len(octets))
        return octets

    def _reset(self) -> None:
        """Be at the start of a command."""
        self._waiting = []
        self._text = bytearray()
        self._state = _State.LINE
        self._left = 0
        self._appending = None
        self._offered = False


_STEPS: tuple[Callable[[Decoder], Event | _Again | None], ...] = (
    Decoder._line,
    Decoder._literal,
    Decoder._message,
    Decoder._refused_octets,
    Decoder._refused_line,
)
