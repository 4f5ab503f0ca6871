"""The languages that IMAP and POP3 speak, and how a text is said in one; RFC 5255 3.3, RFC 6856 3."""

from __future__ import annotations

from collections.abc import Mapping

from posthouse.protocols.texts.german import GERMAN

DEFAULT = "i-default"  # what is spoken until another is asked for: English (RFC 5255 3.1)
LANGUAGES: dict[str, Mapping[str, str]] = {"en": {}, "de": GERMAN, DEFAULT: {}}
NAMES = {"en": "English", "de": "Deutsch", DEFAULT: "Default language"}  # as their speakers call them


def spoken(language_range: str) -> str | None:
    """Which language is meant by a range in lower case, such as "de-ch"; None for one that nobody speaks here.

    It is the one that the range, or what it begins with, is the name of (RFC 4647 3.4).
    """
    return next((name for name in LANGUAGES if language_range == name or language_range.startswith(f"{name}-")), None)


def translated(texts: Mapping[str, str], text: str, values: tuple[object, ...]) -> str:
    """A text in the language of `texts`, or in English where that has none for it; `values` stand in its braces."""
    found = texts.get(text, text)
    return found.format(*values) if values else found
