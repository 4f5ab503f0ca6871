"""What kind of document a name tells of; RFC 9110 8.3."""

from __future__ import annotations

import mimetypes

UNKNOWN = "application/octet-stream"


def media_type_of(name: str) -> str:
    """The media type that files of that ending have."""
    return mimetypes.guess_type(name)[0] or UNKNOWN
