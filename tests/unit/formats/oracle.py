"""The MIME rules once more, line by line over a whole message, without any care for speed: what the scanner must find.

It knows the default bounds only, and nothing but the shape of the tree.
"""

from __future__ import annotations

import re
from typing import Any

from posthouse.formats.mime.content import read_content
from posthouse.formats.mime.parameters import parameter
from posthouse.formats.mime.part import Part
from posthouse.formats.mime.settings import MimeLimits


def shape(part: Part) -> tuple[Any, ...]:
    """What the oracle tells of a part."""
    return (
        f"{part.type}/{part.subtype}",
        part.header_start,
        part.body_start,
        part.body_end,
        part.lines,
        tuple(shape(child) for child in part.children),
    )


def oracle_shape(message: bytes) -> tuple[Any, ...]:
    """The shape of the tree of a message."""
    part = Part(0, 0)
    _Reading(message).read(part, None, ())
    return shape(part)


class _Reading:
    def __init__(self, message: bytes) -> None:
        self.message = message
        self.lines = [(match.start(), match.end()) for match in re.finditer(rb"[^\n]*\n|[^\n]+", message)]
        self.line = 0  # the next one
        self.closed = False  # the delimiter at hand had two more hyphens

    def read(self, part: Part, parent: Part | None, boundaries: tuple[bytes, ...]) -> bytes | None:
        """Read a part from the line at hand; the boundary that ended it, None at the end of the message."""
        part.header_start = self.offset()
        ended = self.skip_to(boundaries, stop_at_blank=True)
        if ended is None and self.line < len(self.lines):
            self.line += 1  # the blank one
            part.body_start = self.offset()
        else:
            part.body_start = self.end_before(part.header_start, ended)
        block = self.message[part.header_start : part.body_start]
        if not read_content(part, block, MimeLimits()) and parent is not None and parent.subtype == "digest":
            part.type, part.subtype = "message", "rfc822"
        found = self.read_body(part, boundaries, ended)
        part.lines = self.message.count(b"\n", part.body_start, part.body_end)
        return found

    def read_body(self, part: Part, boundaries: tuple[bytes, ...], ended: bytes | None) -> bytes | None:
        boundary = (parameter(part.parameters, b"boundary") or b"").rstrip()
        if part.type == "multipart" and not 0 < len(boundary) <= 250:
            part.type, part.subtype = "text", "plain"
        if part.type == "message" and part.subtype in ("rfc822", "global"):
            child = Part(0, 0)
            part.children.append(child)
            if ended is None:
                ended = self.read(child, part, boundaries)
                part.body_end = child.body_end
            else:
                child.header_start = child.body_start = child.body_end = part.body_end = part.body_start
            return ended
        if part.type == "multipart":
            inner = (*boundaries, boundary)
            floor = part.body_start
            if ended is None:
                ended = self.skip_to(inner)
            while ended is not None and self.matched == len(inner) - 1:
                at = self.lines[self.line][0]
                if self.closed:
                    floor = at + 2 + len(boundary) + 2
                    self.line += 1
                    ended = self.skip_to(boundaries)
                    break
                self.line += 1
                child = Part(0, 0)
                part.children.append(child)
                ended = self.read(child, part, inner)
                floor = child.body_end
            part.body_end = self.end_before(floor, ended)
            if not part.children:
                part.type, part.subtype = "text", "plain"
            return ended
        if ended is None:
            ended = self.skip_to(boundaries)
        part.body_end = self.end_before(part.body_start, ended)
        return ended

    def skip_to(self, boundaries: tuple[bytes, ...], *, stop_at_blank: bool = False) -> bytes | None:
        """Go to the next line that begins with a boundary, or is blank; the boundary there."""
        while self.line < len(self.lines):
            line = self.message[slice(*self.lines[self.line])]
            fitting = [place for place, boundary in enumerate(boundaries) if line.startswith(b"--" + boundary)]
            if fitting:
                self.matched = max(fitting, key=lambda place: (len(boundaries[place]), place))
                boundary = boundaries[self.matched]
                self.closed = line[2 + len(boundary) :].startswith(b"--")
                return boundary
            if stop_at_blank and line in (b"\n", b"\r\n"):
                return None
            self.line += 1
        return None

    def offset(self) -> int:
        return self.lines[self.line][0] if self.line < len(self.lines) else len(self.message)

    def end_before(self, floor: int, ended: bytes | None) -> int:
        """Where a part ends: before the line break in front of the delimiter, never before `floor`."""
        if ended is None:
            return len(self.message)
        end = self.lines[self.line][0] - 1
        if end > 0 and self.message[end - 1 : end] == b"\r":
            end -= 1
        return max(end, floor)
