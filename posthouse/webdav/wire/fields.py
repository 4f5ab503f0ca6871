"""DAV's header fields: Depth, Destination, Overwrite, Timeout, Lock-Token, Prefer; RFC 4918 10, RFC 7240, RFC 8144."""

from __future__ import annotations

from posthouse.webdav.http.errors import HttpError
from posthouse.webdav.http.request import Request, read_path, unencoded

INFINITY = -1  # as a depth


def depth(request: Request, default: int) -> int:
    """0, 1 or INFINITY; raises HttpError (400). Office's `1,noroot` is a depth and a preference (`wants_root`)."""
    value = request.field("depth").partition(",")[0].strip().lower()
    if not value:
        return default
    if value == "infinity":
        return INFINITY
    if value in ("0", "1"):
        return int(value)
    raise HttpError(400, "Depth is 0, 1 or infinity")


def wants_root(request: Request) -> bool:
    """False where only what is below the resource is asked for (RFC 8144, depth-noroot)."""
    return not prefers(request, "depth-noroot") and "noroot" not in request.field("depth").lower()


def destination(request: Request) -> tuple[str, ...]:
    """The path that a COPY or MOVE leads to; raises HttpError: 400 without one, 502 for another site's (9.8.5)."""
    value = unencoded(request.field("destination").strip())
    if not value:
        raise HttpError(400, "Destination is missing")
    if value.startswith("/"):
        return read_path(value.partition("?")[0])
    scheme, mark, rest = value.partition("://")
    authority, _, path = rest.partition("/")
    if not mark or scheme.lower() not in ("http", "https"):
        raise HttpError(400, "Destination cannot be read")
    port = ":80" if scheme.lower() == "http" else ":443"  # may be left out on either side
    host = authority.rpartition("@")[2].lower()
    if host.removesuffix(port) != request.field("host").strip().lower().removesuffix(port):
        raise HttpError(502, "that is another server's")
    return read_path(path.partition("?")[0].partition("#")[0])


def overwrites(request: Request) -> bool:
    """Whether what is at the destination may go; raises HttpError (400)."""
    value = request.field("overwrite").strip().upper() or "T"
    if value not in ("T", "F"):
        raise HttpError(400, "Overwrite is T or F")
    return value == "T"


def lock_seconds(request: Request, most: int) -> int:
    """How long a lock shall last: the first time-out that can be read, and `most` for ever (10.7)."""
    for part in request.field("timeout").split(","):
        kind, dash, number = part.strip().partition("-")
        if kind.lower() == "infinite":
            return most
        if kind.lower() == "second" and dash and number.isdecimal():
            return max(1, min(int(number[:12]), most))
    return most


def lock_token(request: Request) -> str:
    """The token that UNLOCK names; Windows leaves out the angle brackets. Raises HttpError (400)."""
    value = request.field("lock-token").strip()
    token = value[1:-1] if value.startswith("<") and value.endswith(">") else value
    if not token or any(character in token for character in "<> "):
        raise HttpError(400, "Lock-Token is missing")
    return token


def prefers(request: Request, preference: str) -> bool:
    """True for a preference that is named, `return=minimal` for instance; Brief: t means the same (RFC 7240 2)."""
    if preference == "return=minimal" and request.field("brief").strip().lower() == "t":
        return True
    if "prefer" not in request.fields:
        return False
    named = [part.partition(";")[0].replace('"', "").replace(" ", "") for part in request.field("prefer").split(",")]
    return preference in [name.lower() for name in named]
