"""Forms with files as browsers send them, read as they come; RFC 7578, RFC 2046 5.1.1. No file is ever kept."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import msgspec

LONGEST_HEADER = 8_192  # octets of one part's
MOST_PARTS = 1_000
_PARAMETER = re.compile(r';[ \t]*([a-z-]+)=(?:"([^"]*)"|([^\s";]+))', re.IGNORECASE)
_ESCAPES = {"%0D": "\r", "%0A": "\n", "%22": '"'}  # what a browser writes in a name's place (WHATWG HTML 4.10.21.8)
_BOUNDARY = re.compile(r"[0-9A-Za-z'()+_,./:=? -]{1,70}")


class BadForm(Exception):
    """What came is no such form. args: why."""


class Part(msgspec.Struct, frozen=True):
    """A field begins; `file` is what the browser calls the file, None for a field that is none."""

    name: str
    file: str | None


class PartEnd(msgspec.Struct, frozen=True):
    """The field's octets are whole."""


Event = Part | PartEnd | bytes


def boundary_of(content_type: str) -> bytes:
    """What divides the parts; raises BadForm for another media type."""
    kind, parameters = _parameters(content_type)
    boundary = parameters.get("boundary", "")
    if kind != "multipart/form-data" or _BOUNDARY.fullmatch(boundary) is None:
        raise BadForm("it is not multipart/form-data")
    return boundary.encode()


class FormReader:
    """Reads one form: octets in, events out."""

    def __init__(self, boundary: bytes) -> None:
        self._mark = b"\r\n--" + boundary
        self._held = b"\r\n"  # as if a line had ended: the first mark has no other before it
        self._parts = 0
        self._state: Callable[[], list[Event] | None] = self._before
        self._is_over = False

    def feed(self, octets: bytes) -> Iterator[Event]:
        """What these octets tell; raises BadForm."""
        self._held += octets
        while not self._is_over:
            events = self._state()
            if events is None:
                return
            yield from events

    def end(self) -> None:
        """There is no more; raises BadForm where there should be."""
        if not self._is_over:
            raise BadForm("it ends too soon")

    def _before(self) -> list[Event] | None:
        at = self._held.find(self._mark)
        if at < 0:
            if len(self._held) > LONGEST_HEADER:
                raise BadForm("its first part does not begin")
            return None
        self._held = self._held[at + len(self._mark) :]
        self._state = self._behind_mark
        return []

    def _behind_mark(self) -> list[Event] | None:
        if len(self._held) < 2:
            return None
        if self._held.startswith(b"--"):
            self._is_over = True
            return []
        end = self._held.find(b"\r\n")
        if end < 0 and len(self._held) <= LONGEST_HEADER:
            return None
        if end < 0 or self._held[:end].strip(b" \t"):
            raise BadForm("a part begins in a line with something else")
        self._held = self._held[end:]  # the header may be empty
        self._state = self._header
        return []

    def _header(self) -> list[Event] | None:
        end = self._held.find(b"\r\n\r\n")
        if end < 0:
            if len(self._held) > LONGEST_HEADER:
                raise BadForm("a part's header is too long")
            return None
        header, self._held = self._held[:end], self._held[end + 4 :]
        self._parts += 1
        if self._parts > MOST_PARTS or len(header) > LONGEST_HEADER:
            raise BadForm("it has too many parts")
        self._state = self._octets
        return [_part(header)]

    def _octets(self) -> list[Event] | None:
        at = self._held.find(self._mark)
        if at >= 0:
            octets, self._held = self._held[:at], self._held[at + len(self._mark) :]
            self._state = self._behind_mark
            return [octets, PartEnd()] if octets else [PartEnd()]
        safe = len(self._held) - len(self._mark) + 1
        if safe <= 0:
            return None
        octets, self._held = self._held[:safe], self._held[safe:]
        return [octets]


def _parameters(field: str) -> tuple[str, dict[str, str]]:
    """(kind, parameters) of a field; a backslash means itself, as browsers write it."""
    kind = field.partition(";")[0].strip().lower()
    found = {name.lower(): quoted or plain for name, quoted, plain in _PARAMETER.findall(field)}
    return kind, found


def _unescaped(text: str) -> str:
    return re.sub("%0D|%0A|%22", lambda match: _ESCAPES[match[0].upper()], text, flags=re.IGNORECASE)


def _part(header: bytes) -> Part:
    for line in header.split(b"\r\n"):
        name, colon, value = line.partition(b":")
        if colon and name.strip().lower() == b"content-disposition":
            kind, parameters = _parameters(value.decode("utf-8", "replace"))
            if kind != "form-data":
                break
            file = parameters.get("filename")
            return Part(_unescaped(parameters.get("name", "")), None if file is None else _unescaped(file))
    raise BadForm("a part has no name")
