"""A request as handlers see it; RFC 9110 7 and 9. Its target is decoded once, here."""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import parse_qsl, unquote_to_bytes

import msgspec

from posthouse.core.authentication.authenticator import Login
from posthouse.core.authentication.standing import Grounds
from posthouse.core.peer import Peer
from posthouse.webdav.http.body import Body
from posthouse.webdav.http.errors import HttpError

LONGEST_TARGET = 8_192  # octets
MOST_SEGMENTS = 200
_ELSEWHERE = frozenset((".", ".."))
HOST = re.compile(r"[\w.~!$&'()*+,;=%:\[\]-]*", re.ASCII)  # RFC 3986 3.2.2, without anybody's name before it


class Kept(msgspec.Struct):
    """What a connection keeps from one request to the next: who asked, what his login stands by once that was looked
    at, by what `mark` he is known again, until when (seconds of the monotonic clock).
    """

    login: Login | None = None
    grounds: Grounds | None = None
    mark: bytes = b""
    until: float = 0.0


class Request(msgspec.Struct, frozen=True):
    """One request. `segments` are the path's, decoded; `is_folder` when it ends in a slash. Names of fields are in
    small letters; of a field that comes several times, the values are joined by commas (RFC 9110 5.3).
    """

    method: str
    target: str
    segments: tuple[str, ...]
    is_folder: bool
    query: Mapping[str, str]
    fields: Mapping[str, str]
    peer: Peer
    body: Body
    kept: Kept = msgspec.field(default_factory=Kept)

    def field(self, name: str) -> str:
        """A header field's value, "" without one."""
        return self.fields.get(name, "")

    @property
    def host(self) -> str:
        """The name, without its port, by which the site was asked for."""
        name = self.field("host").rpartition("]")
        last = name[2].partition(":")[0]
        return (name[0] + name[1] + last).lower()


def read_target(target: str) -> tuple[tuple[str, ...], bool, dict[str, str]]:
    """(segments, whether it ends in a slash, query) of a request's target; raises HttpError.

    The path is decoded once, and what could mean another place than it says is refused: `.` and `..`, slashes and
    NUL that were encoded, octets that are no UTF-8 (overlong ones too). UTF-8 that nobody
    encoded is taken: curl sends what it was given.
    """
    if len(target) > LONGEST_TARGET:
        raise HttpError(414, "the address is too long")
    if target == "*":
        return (), False, {}
    if not target.startswith("/"):  # the absolute form (RFC 9112 3.2.2)
        scheme, mark, rest = target.partition("://")
        if not mark or scheme.lower() not in ("http", "https"):
            raise HttpError(400, "not an address of this site")
        target = "/" + rest.partition("/")[2]
    path, _, query = target.partition("?")
    asked = dict(parse_qsl(query, keep_blank_values=True, max_num_fields=100)) if query else {}
    return read_path(path), path.endswith("/"), asked


def unencoded(field: str) -> str:
    """A field with addresses in it that a client did not encode: their octets are UTF-8. Raises HttpError."""
    if field.isascii():
        return field
    try:
        return field.encode("latin-1").decode()
    except UnicodeError:
        raise HttpError(400, "the address is no UTF-8") from None


def read_path(path: str) -> tuple[str, ...]:
    """The segments of an encoded path, empty ones left out; raises HttpError."""
    segments = tuple(filter(None, path.split("/")))
    if "%" in path:
        segments = tuple([_decoded(segment) for segment in segments])
    if len(segments) > MOST_SEGMENTS:
        raise HttpError(414, "the address is too deep")
    if not _ELSEWHERE.isdisjoint(segments) or "\x00" in path:
        raise HttpError(400, "not an address of this site")
    return segments


def _decoded(segment: str) -> str:
    try:
        decoded = unquote_to_bytes(segment).decode("utf-8", "strict")
    except UnicodeDecodeError:
        raise HttpError(400, "the address is no UTF-8") from None
    if "/" in decoded or "\x00" in decoded:
        raise HttpError(400, "not an address of this site")
    return decoded
