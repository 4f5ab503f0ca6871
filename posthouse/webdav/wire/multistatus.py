"""The body of a 207 answer, written row by row; RFC 4918 13 and 14.16."""

from __future__ import annotations

from collections.abc import Sequence
from http import HTTPStatus

from posthouse.webdav.wire.writing import DECLARATION

HEAD = f'{DECLARATION}<D:multistatus xmlns:D="DAV:">\n'
TAIL = "</D:multistatus>\n"
_OK = "</D:prop><D:status>HTTP/1.1 200 OK</D:status></D:propstat>"
_DENIED = "</D:prop><D:status>HTTP/1.1 403 Forbidden</D:status></D:propstat>"
_MISSING = "</D:prop><D:status>HTTP/1.1 404 Not Found</D:status></D:propstat>"


def row(address: str, held: str, missing: str, denied: str = "") -> str:
    """What is known of a resource: its properties, those that it does not have, and those that one may not read."""
    if not missing and not denied:
        return f"<D:response><D:href>{address}</D:href><D:propstat><D:prop>{held}{_OK}</D:response>\n"
    propstat = f"<D:propstat><D:prop>{held}{_OK}" if held else ""
    lacking = f"<D:propstat><D:prop>{missing}{_MISSING}" if missing else ""
    if denied:
        lacking += f"<D:propstat><D:prop>{denied}{_DENIED}"
    return f"<D:response><D:href>{address}</D:href>{propstat}{lacking}</D:response>\n"


def status_row(address: str, status: int, inside: str = "") -> str:
    """A resource that has a status as a whole; `inside` is a DAV:error."""
    return f"<D:response><D:href>{address}</D:href>{_status(status)}{inside}</D:response>\n"


def outcome_row(address: str, outcomes: Sequence[tuple[str, int, str]]) -> str:
    """What became of properties: (empty element, status, DAV:error or nothing)."""
    groups: dict[tuple[int, str], list[str]] = {}
    for empty, status, error in outcomes:
        groups.setdefault((status, error), []).append(empty)
    propstats = [
        f"<D:propstat><D:prop>{''.join(empties)}</D:prop>{_status(status)}{error}</D:propstat>"
        for (status, error), empties in groups.items()
    ]
    return f"<D:response><D:href>{address}</D:href>{''.join(propstats)}</D:response>\n"


def _status(status: int) -> str:
    return f"<D:status>HTTP/1.1 {status} {HTTPStatus(status).phrase}</D:status>"
