"""How search compares text: without regard to case and to how accents are composed; RFC 5051 in spirit."""

from __future__ import annotations

import unicodedata


def fold(text: str) -> str:
    """The text as it is compared."""
    if text.isascii():
        return text.lower()
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
