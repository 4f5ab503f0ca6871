"""Heads: a request's fields as they are gathered, an answer's as it stands on the wire; RFC 9112 4 to 6, RFC 9110 5."""

from __future__ import annotations

from functools import lru_cache
from http import HTTPStatus

from posthouse.webdav.http.answer import Fields

NO_BODY = frozenset({204, 304})  # RFC 9110 15.3.5 and 15.4.5
_SPELT = {
    b"dav": b"DAV",
    b"etag": b"ETag",
    b"ms-author-via": b"MS-Author-Via",
    b"www-authenticate": b"WWW-Authenticate",
}


class GatheredFields:
    """A request's fields, as Twisted's parser finds them: names in small letters, several values joined by commas."""

    __slots__ = ("held", "hosts")

    def __init__(self) -> None:
        self.held: dict[str, str] = {}
        self.hosts = 0  # several of them could mean several sites (RFC 9112 3.2)

    def addRawHeader(self, name: bytes, value: bytes) -> None:
        """One more."""
        key, text = _small(name), value.decode("latin-1")
        if key == "host":
            self.hosts += 1
        before = self.held.get(key)
        self.held[key] = text if before is None else f"{before}, {text}"


def compose(status: int, fields: Fields, framing: bytes, date: str) -> bytes:
    """The head of an answer up to its empty line; `framing` are the lines that say where it ends.

    Raises ValueError for a field with a line break in it, which would be another's (RFC 9110 5.5).
    """
    lines = [b"%b: %b\r\n" % (_spelt(name), value) for name, value in fields]
    head = b"%bDate: %b\r\n%b%b\r\n" % (_status_line(status), date.encode(), b"".join(lines), framing)
    breaks = len(lines) + 3 + framing.count(b"\n")
    if head.count(b"\n") != breaks or head.count(b"\r") != breaks:
        raise ValueError("a field has a line break in it")
    return head


@lru_cache(64)
def _status_line(status: int) -> bytes:
    try:
        phrase = HTTPStatus(status).phrase
    except ValueError:
        phrase = ""
    return f"HTTP/1.1 {status} {phrase}\r\n".encode()


@lru_cache(512)
def _spelt(name: bytes) -> bytes:
    # names have no case, but there are clients that think so
    return _SPELT.get(name) or name.title()


@lru_cache(512)
def _small(name: bytes) -> str:
    return name.lower().decode("latin-1")
