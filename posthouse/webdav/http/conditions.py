"""Conditional requests: entity tags and dates that a request stands or falls with; RFC 9110 8.8 and 13."""

from __future__ import annotations

import re
from enum import Enum

import msgspec

from posthouse.formats.mime.dates import parse_date
from posthouse.webdav.http.errors import HttpError
from posthouse.webdav.http.request import Request

MOST_TAGS = 1_000
_FIELDS = frozenset(("if-match", "if-none-match", "if-unmodified-since", "if-modified-since"))
_TAG = re.compile(r'[ \t]*(?:,[ \t]*)*((?:W/)?"[\x21\x23-\x7e\x80-\xff]*")[ \t]*(?=,|$)')


class Verdict(Enum):
    """What the conditions say of a request."""

    GO_ON = 0
    NOT_MODIFIED = 304
    FAILED = 412


class Validators(msgspec.Struct, frozen=True):
    """A representation's strong entity tag, with its quotes, and when it was changed (ms since the epoch)."""

    etag: str
    modified: int


class Conditions(msgspec.Struct, frozen=True):
    """Those of one request. Tags: None without the field, () for `*`. Times in ms, None without the field."""

    match: tuple[str, ...] | None = None
    none_match: tuple[str, ...] | None = None
    unmodified_since: int | None = None
    modified_since: int | None = None

    def of(self, held: Validators | None, *, reads: bool) -> Verdict:
        """The verdict where `held` is there, None for nothing; the order is that of RFC 9110 13.2.2."""
        if self.match is not None:
            if held is None or (self.match and held.etag not in self.match):
                return Verdict.FAILED
        elif self.unmodified_since is not None and held is not None and _seconds(held) > self.unmodified_since:
            return Verdict.FAILED
        if self.none_match is not None:
            if held is not None and (not self.none_match or held.etag in map(_strong, self.none_match)):
                return Verdict.NOT_MODIFIED if reads else Verdict.FAILED
        elif reads and self.modified_since is not None and held is not None and _seconds(held) <= self.modified_since:
            return Verdict.NOT_MODIFIED
        return Verdict.GO_ON


_NONE = Conditions()


def read_conditions(request: Request) -> Conditions:
    """The conditions that a request's fields name; raises HttpError for tags that are none."""
    if _FIELDS.isdisjoint(request.fields):
        return _NONE
    return Conditions(
        match=_tags(request, "if-match"),
        none_match=_tags(request, "if-none-match"),
        unmodified_since=_date(request, "if-unmodified-since"),
        modified_since=_date(request, "if-modified-since"),
    )


def _tags(request: Request, name: str) -> tuple[str, ...] | None:
    value = request.fields.get(name)
    if value is None:
        return None
    if value.strip() == "*":
        return ()
    # Evolution escapes the quotes
    value = value.replace('\\"', '"')
    tags: list[str] = []
    at = 0
    while at < len(value) and len(tags) < MOST_TAGS:
        tag = _TAG.match(value, at)
        if tag is None:
            raise HttpError(400, f"{name} cannot be read")
        tags.append(tag[1])
        at = tag.end()
        while at < len(value) and value[at] in ", \t":
            at += 1
    if not tags:
        raise HttpError(400, f"{name} cannot be read")
    return tuple(tags)


def _date(request: Request, name: str) -> int | None:
    value = request.fields.get(name)
    return None if value is None else parse_date(value.encode("latin-1"))  # what is no date is ignored


def _strong(tag: str) -> str:
    """If-None-Match compares weakly (RFC 9110 13.1.2)."""
    return tag.removeprefix("W/")


def _seconds(held: Validators) -> int:
    return held.modified // 1000 * 1000
