"""The languages that are spoken, as LANGUAGE names them; RFC 5255 3.3."""

from __future__ import annotations

from collections.abc import Mapping

from posthouse.protocols.imap.texts.german import GERMAN

DEFAULT = "i-default"  # what is spoken until another is asked for: English (RFC 5255 3.1)
LANGUAGES: dict[str, Mapping[str, str]] = {"en": {}, "de": GERMAN, DEFAULT: {}}


def spoken(language_range: str) -> str | None:
    """Which language is meant by a range in lower case, such as "de-ch"; None for one that nobody speaks here.

    It is the one that the range, or what it begins with, is the name of (RFC 4647 3.4).
    """
    if language_range in ("default", "*"):
        return DEFAULT
    return next((name for name in LANGUAGES if language_range == name or language_range.startswith(f"{name}-")), None)
