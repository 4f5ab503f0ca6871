"""Parts of a body: Range, If-Range and Content-Range; RFC 9110 14. One range at a time: several are answered whole."""

from __future__ import annotations

import re

import msgspec

from posthouse.webdav.http.conditions import Validators
from posthouse.webdav.http.errors import HttpError
from posthouse.webdav.http.request import Request

_RANGE = re.compile(r"bytes[ \t]*=[ \t]*(\d{0,18})-(\d{0,18})[ \t]*", re.IGNORECASE)
_CONTENT_RANGE = re.compile(r"bytes[ \t]+(\d{1,18})-(\d{1,18})/(\d{1,18}|\*)", re.IGNORECASE)


class Span(msgspec.Struct, frozen=True):
    """Octets from `start` up to `end`."""

    start: int
    end: int

    @property
    def length(self) -> int:
        """How many."""
        return self.end - self.start


class Placed(msgspec.Struct, frozen=True):
    """Where an upload's octets belong, and how long the whole will be; None where that is not known."""

    span: Span
    whole: int | None


def wanted_span(request: Request, held: Validators, size: int) -> Span | None:
    """The part of a body of `size` octets that is asked for, None for all; raises HttpError (416).

    What cannot be read, and several ranges, count as none (14.2), and so does a part of what has changed (13.1.5).
    """
    field = request.fields.get("range")
    match = None if field is None else _RANGE.fullmatch(field)
    if match is None or not (match[1] or match[2]) or not _is_of(request.fields.get("if-range"), held):
        return None
    if not match[1]:
        suffix = min(int(match[2]), size)
        start, end = size - suffix, size
    else:
        start = int(match[1])
        end = min(int(match[2]) + 1, size) if match[2] else size
        if match[2] and int(match[2]) < start:
            return None
    if start >= end:
        raise HttpError(416, "there is no such part", ((b"content-range", b"bytes */%d" % size),))
    return Span(start, end)


def placed(request: Request) -> Placed | None:
    """Where the octets of a PUT belong, None for all of it; raises HttpError for what cannot be read."""
    field = request.fields.get("content-range")
    if field is None:
        return None
    match = _CONTENT_RANGE.fullmatch(field.strip())
    if match is None or int(match[2]) < int(match[1]):
        raise HttpError(400, "Content-Range cannot be read")
    span = Span(int(match[1]), int(match[2]) + 1)
    whole = None if match[3] == "*" else int(match[3])
    if whole is not None and span.end > whole:
        raise HttpError(400, "Content-Range ends behind the whole")
    return Placed(span, whole)


def content_range(span: Span, size: int) -> bytes:
    """The field's value for a part of `size` octets."""
    return b"bytes %d-%d/%d" % (span.start, span.end - 1, size)


def _is_of(condition: str | None, held: Validators) -> bool:
    """If-Range: only a strong tag counts, for a date says too little about octets."""
    return condition is None or condition.strip() == held.etag
