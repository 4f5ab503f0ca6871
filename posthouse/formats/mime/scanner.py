"""Incremental MIME scanner: a message goes by in chunks of any size, its part tree comes out; RFC 2045, RFC 2046.

It takes any octets and never fails; what chunks they came in makes no difference. Bodies are not kept, only searched:
of a message of any size it holds the headers (bounded), the first octets of one text and the last few of the stream.

Lines end in LF, with or without a CR before it. A bare CR is text.
"""

from __future__ import annotations

import sys

from posthouse.formats.mime.content import read_content
from posthouse.formats.mime.parameters import parameter
from posthouse.formats.mime.part import MESSAGE_SUBTYPES, Part
from posthouse.formats.mime.settings import MimeLimits

_BATCH = 32_768  # octets; smaller chunks wait for one another, to be searched in one go
_NOWHERE = sys.maxsize
_HEADER, _BODY, _DELIMITER = range(3)  # what the octets at hand belong to; a body also is a preamble or an epilogue
_DEFAULT_LIMITS = MimeLimits()


class _Mark:
    # Octets that are looked for, and where in the window they come next: found once, not again for every part.
    __slots__ = ("depth", "next", "octets", "size")

    def __init__(self, octets: bytes, depth: int = 0) -> None:
        self.octets = octets
        self.size = len(octets)
        self.depth = depth  # of the multipart that a boundary belongs to
        self.next = -1

    def find(self, window: bytes, at: int) -> int:
        if self.next < at:
            found = window.find(self.octets, at)
            self.next = found if found >= 0 else _NOWHERE
        return self.next


class Scanner:
    """Scans one message: `feed` it all, then `close`."""

    __slots__ = (
        "_at", "_base", "_blank_crlf", "_blank_lf", "_boundaries", "_count", "_floor", "_header_room", "_hold", "_kept",
        "_limits", "_lines", "_open", "_room", "_root", "_state", "_taken", "_text_found", "_text_part",
        "_waiting", "_waiting_octets", "_window",
    )  # fmt: skip

    def __init__(self, limits: MimeLimits = _DEFAULT_LIMITS) -> None:
        self._limits = limits
        self._waiting: list[bytes] = []
        self._waiting_octets = 0
        # The octets at hand. One line break is put before the first, so that every line begins behind one.
        self._window = b"\n"
        self._base = -1  # offset in the message of window[0]; all below but _floor are places in the window
        self._at = 0  # what is looked for next begins here or later
        self._taken = 1  # octets before this one are counted, and kept where wanted
        self._floor = 0  # offset in the message that no part may end before
        self._lines = 0  # line ends among the taken octets
        self._kept: list[bytes] = []
        self._room = min(limits.header_octets, limits.all_headers_octets)  # how much more of this is kept
        self._header_room = limits.all_headers_octets
        self._state = _HEADER
        self._root = Part(0, 0)
        self._open = [self._root]  # from the message inwards
        self._boundaries: list[_Mark] = []
        self._hold = 2  # octets that must be at hand behind a place to say what begins there
        self._blank_crlf = _Mark(b"\n\r\n")
        self._blank_lf = _Mark(b"\n\n")
        self._count = 1
        self._text_part: Part | None = None
        self._text_found = limits.text_octets == 0

    def feed(self, chunk: bytes) -> None:
        """Take the next octets of the message."""
        self._waiting.append(chunk)
        self._waiting_octets += len(chunk)
        if self._waiting_octets >= _BATCH:
            self._refill()
            self._run(final=False)
            self._forget()

    def close(self) -> Part:
        """The message has ended: its part tree. The scanner is not used again."""
        self._refill()
        self._run(final=True)
        stop = len(self._window)
        if self._state == _DELIMITER:
            self._begin_header(stop - 1)  # a line without an end
        self._end_headers(stop)
        self._take(stop)
        self._close_parts(0, self._base + stop)
        return self._root

    # Moving through the octets

    def _refill(self) -> None:
        self._window = b"".join((self._window, *self._waiting))
        self._waiting.clear()
        self._waiting_octets = 0
        self._blank_crlf.next = self._blank_lf.next = -1
        for mark in self._boundaries:
            mark.next = -1

    def _run(self, *, final: bool) -> None:
        # Takes every step that the octets at hand decide.
        window = self._window
        while True:
            at = self._at
            if self._state == _DELIMITER:
                line_end = window.find(b"\n", at)
                if line_end < 0:
                    self._at = len(window)
                    return
                self._begin_header(line_end)
                continue
            place = _NOWHERE
            for mark in self._boundaries:
                found = mark.next if mark.next >= at else mark.find(window, at)
                if found < place:  # noqa: PLR1730 (three times as fast as min)
                    place = found
            if self._state == _HEADER:
                blank = min(self._blank_crlf.find(window, at), self._blank_lf.find(window, at))
                # No boundary holds a line break, so none that is only partly here can begin before a blank line.
                if blank < place:
                    self._end_header(blank + (3 if window[blank + 1] == 13 else 2))
                    continue
            if place >= (_NOWHERE if final else len(window) - self._hold):
                return
            self._delimit(place)

    def _forget(self) -> None:
        # Keeps of the octets only what could belong to something that is not all here yet.
        stop = max(self._at, len(self._window) - self._hold - 1)
        self._take(stop)
        cut = stop - 1  # one more, to see a CR before the line break
        if cut > 0:
            self._window = self._window[cut:]
            self._base += cut
            self._taken -= cut
            self._at = 1
        else:
            self._at = stop

    def _take(self, stop: int) -> None:
        start = self._taken
        if stop <= start:
            return
        self._taken = stop
        # `count` looks at each octet: of lines of the usual length it takes three times as long
        self._lines += len(self._window[start:stop].split(b"\n")) - 1
        if self._room:
            piece = self._window[start : min(stop, start + self._room)]
            self._room -= len(piece)
            self._kept.append(piece)

    # What was found

    def _delimit(self, place: int) -> None:
        """A boundary stands at `place`; RFC 2046 5.1.1: the line break before it belongs to it."""
        window = self._window
        end = place - 1 if place and window[place - 1] == 13 else place
        stop = max(end, self._floor - self._base)
        # A line need only begin with the boundary. Of several that fit the longest is meant, for one is often made from
        # another by adding to it; of equal ones the innermost.
        mark = max(reversed([mark for mark in self._boundaries if mark.next == place]), key=_size)
        self._end_headers(stop)
        self._take(stop)
        self._close_parts(mark.depth + 1, self._base + stop)
        while self._boundaries[-1] is not mark:
            self._boundaries.pop()
        after = place + mark.size
        if window.startswith(b"--", after):
            self._boundaries.pop()
            self._at = after + 2
            self._take(self._at)
            self._floor = self._base + self._at
        else:
            self._at = after
            self._state = _DELIMITER
            self._open_part(Part(self._base + after, self._base + after))
        self._measure()

    def _begin_header(self, line_end: int) -> None:
        self._take(line_end + 1)
        part = self._open[-1]
        part.header_start = part.body_start = self._floor = self._base + line_end + 1
        part.lines = self._lines
        self._at = line_end
        if self._count >= self._limits.part_count:
            # one part too many: all that follows is its body
            self._boundaries.clear()
            self._measure()
            self._state = _BODY
            _make_opaque(part)
        else:
            self._expect_header()

    def _expect_header(self) -> None:
        self._state = _HEADER
        self._room = min(self._limits.header_octets, self._header_room)

    def _end_headers(self, stop: int) -> None:
        while self._state == _HEADER:  # more than once when a message begins just there
            self._end_header(stop)

    def _end_header(self, stop: int) -> None:
        """The header of the innermost part ends before `stop`, where its body begins."""
        self._take(stop)
        block = self._kept[0] if len(self._kept) == 1 else b"".join(self._kept)
        self._kept.clear()
        self._header_room -= len(block)
        self._room = 0
        self._at = stop - 1  # a boundary may stand right behind the blank line
        self._floor = self._base + stop
        self._state = _BODY
        if len(block) > 4096:
            block = b"\n".join(block.split(b"\n", self._limits.header_line_count)[: self._limits.header_line_count])
        part = self._open[-1]
        part.body_start = self._floor
        part.lines = self._lines
        parent = self._open[-2] if len(self._open) > 1 else None
        if parent is None or parent.type == "message":
            part.header = block
        if not read_content(part, block, self._limits) and parent is not None and parent.subtype == "digest":
            part.type, part.subtype = "message", "rfc822"  # RFC 2046 5.1.5
        self._begin_body(part)

    def _begin_body(self, part: Part) -> None:
        if part.type == "multipart":
            boundary = (parameter(part.parameters, b"boundary") or b"").rstrip()
            if not boundary or len(boundary) > self._limits.boundary_octets:
                _make_plain(part)
            elif len(self._open) >= self._limits.nesting_count or self._count >= self._limits.part_count:
                _make_opaque(part)
                return
            else:
                self._boundaries.append(_Mark(b"\n--" + boundary, len(self._open) - 1))
                self._measure()
                return
        if part.type == "message" and part.subtype in MESSAGE_SUBTYPES:
            # a boundary that is still looked for may begin one part more
            if len(self._open) >= self._limits.nesting_count or (
                self._count + bool(self._boundaries) >= self._limits.part_count
            ):
                _make_opaque(part)
            else:
                self._open_part(Part(part.body_start, part.body_start))
                self._expect_header()
        elif part.type == "text" and not self._text_found and self._is_for_preview(part):
            self._text_part = part
            self._room = self._limits.text_octets

    def _is_for_preview(self, part: Part) -> bool:
        return (
            part.subtype in ("plain", "html")
            and part.disposition != "attachment"
            and all(outer.type != "message" for outer in self._open)
        )

    def _open_part(self, part: Part) -> None:
        self._open[-1].children.append(part)
        self._open.append(part)
        self._count += 1

    def _close_parts(self, depth: int, end: int) -> None:
        """The parts of that depth and deeper end at the offset `end`."""
        for part in self._open[depth:]:
            part.body_end = end
            part.lines = self._lines - part.lines
            if part.type == "multipart" and not part.children:
                _make_plain(part)
        del self._open[depth:]
        if self._text_part is not None:
            text = b"".join(self._kept)
            if text.strip():
                self._text_part.text = text
                self._text_found = True
            self._kept.clear()
            self._room = 0
            self._text_part = None

    def _measure(self) -> None:
        # What must be at hand to tell one boundary from a longer one, and to see whether "--" follows.
        self._hold = max([mark.size for mark in self._boundaries], default=0) + 2


def _size(mark: _Mark) -> int:
    return mark.size


def _make_plain(part: Part) -> None:
    # A multipart that cannot be one, for want of a boundary or of any part: its text is shown as it is.
    part.type, part.subtype, part.parameters = "text", "plain", ()


def _make_opaque(part: Part) -> None:
    part.type, part.subtype, part.parameters = "application", "octet-stream", ()
