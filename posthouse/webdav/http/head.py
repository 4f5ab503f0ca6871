"""An answer's head as it stands on the wire; RFC 9112 4 to 6, RFC 9110 5."""

from __future__ import annotations

from functools import lru_cache
from http import HTTPStatus

from posthouse.webdav.http.answer import GUARDS, Fields
from posthouse.webdav.wire.dates import http_date

NO_BODY = frozenset({204, 304})  # RFC 9110 15.3.5 and 15.4.5
_SPELT = {
    b"dav": b"DAV",
    b"etag": b"ETag",
    b"ms-author-via": b"MS-Author-Via",
    b"www-authenticate": b"WWW-Authenticate",
}


def compose(status: int, fields: Fields, framing: bytes, now: int) -> bytes:
    """The head of an answer up to its empty line, with the `GUARDS` that are not among its fields; `framing` are the
    lines that say where it ends, `now` is in seconds since the epoch.

    Raises ValueError for a field with a line break in it, which would be another's (RFC 9110 5.5).
    """
    own = b"".join([b"%b%b\r\n" % (_spelt(name), value) for name, value in fields])
    if own.count(b"\n") != len(fields) or own.count(b"\r") != len(fields):
        raise ValueError("a field has a line break in it")
    held, guards = dict(fields), _ALL_GUARDS
    if not _GUARDED.keys().isdisjoint(held):
        guards = b"".join([line for name, line in _GUARDED.items() if name not in held])
    return b"%b%b%b%b\r\n" % (_beginning(status, now), own, guards, framing)


@lru_cache(64)
def _beginning(status: int, now: int) -> bytes:
    try:
        phrase = HTTPStatus(status).phrase
    except ValueError:
        phrase = ""
    return f"HTTP/1.1 {status} {phrase}\r\nDate: {http_date(now * 1000)}\r\n".encode()


@lru_cache(512)
def _spelt(name: bytes) -> bytes:
    # names have no case, but there are clients that think so
    return (_SPELT.get(name) or name.title()) + b": "


_GUARDED = {name: b"%b%b\r\n" % (_spelt(name), value) for name, value in GUARDS}
_ALL_GUARDS = b"".join(_GUARDED.values())
