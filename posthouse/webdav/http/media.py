"""What kind of document a name tells of; RFC 9110 8.3."""

from __future__ import annotations

import mimetypes
from functools import lru_cache

UNKNOWN = "application/octet-stream"
_CODED = {"gzip": "application/gzip", "bzip2": "application/x-bzip2", "xz": "application/x-xz"}


def media_type_of(name: str) -> str:
    """The media type that files of that ending have; of what is compressed, that of the coding."""
    endings = name.rsplit(".", 2)[1:]
    return _type_of(".".join(endings).lower()) if endings else UNKNOWN


@lru_cache(1024)
def _type_of(endings: str) -> str:
    kind, coding = mimetypes.guess_type(f"a.{endings}")
    return (kind if coding is None else _CODED.get(coding)) or UNKNOWN
