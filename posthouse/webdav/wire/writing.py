"""XML and addresses of answers: text escaped, names in Clark's notation written as elements; RFC 4918 8.3 and 14."""

from __future__ import annotations

import re
from functools import lru_cache
from html import escape as _escaped
from urllib.parse import quote

from posthouse.webdav.wire.xml import DAV

DECLARATION = '<?xml version="1.0" encoding="utf-8"?>\n'
KIND = (b"content-type", b"application/xml; charset=utf-8")
_MARKUP = re.compile(r"[&<>\"\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_NEVER = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_PLAIN = re.compile(r"[A-Za-z0-9._~@+,:=-]*")
_KEPT = "!$*()+,:=@~"  # what may stand unencoded in a path, but what XML or careless clients take for something else


def escape(text: str) -> str:
    """Text as it stands in an element or attribute; characters that XML cannot have are U+FFFD."""
    return _escaped(_NEVER.sub("\ufffd", text)) if _MARKUP.search(text) else text


def segment(name: str) -> str:
    """One level of a path, encoded."""
    return name if _PLAIN.fullmatch(name) else quote(name, safe=_KEPT)


def address(path: tuple[str, ...], *, is_folder: bool) -> str:
    """The path of a resource on this site, encoded; a folder's ends in a slash."""
    encoded = "/" + "/".join([segment(name) for name in path])
    return encoded + "/" if is_folder and path else encoded


@lru_cache(1024)
def tags(name: str) -> tuple[str, str, str]:
    """An element's start, end and empty tag, from its name in Clark's notation."""
    space, _, local = name[1:].rpartition("}") if name.startswith("{") else ("", "", name)
    if space == DAV:
        return f"<D:{local}>", f"</D:{local}>", f"<D:{local}/>"
    return f'<{local} xmlns="{escape(space)}">', f"</{local}>", f'<{local} xmlns="{escape(space)}"/>'


def href(path: tuple[str, ...], *, is_folder: bool) -> str:
    """The element that names a resource."""
    return f"<D:href>{address(path, is_folder=is_folder)}</D:href>"
