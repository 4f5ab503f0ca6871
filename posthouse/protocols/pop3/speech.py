"""How one POP3 client is spoken to: status lines in the language of its LANG; RFC 6856 3."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from posthouse.protocols.pop3.wire import reply
from posthouse.protocols.texts.languages import DEFAULT, LANGUAGES, translated


class Speech:
    """One client's; all parts of a session look at the same one."""

    __slots__ = ("_texts",)

    def __init__(self) -> None:
        self._texts: Mapping[str, str] = LANGUAGES[DEFAULT]

    def choose(self, language: str) -> None:
        """Speak one of the languages from now on."""
        self._texts = LANGUAGES[language]

    def ok(self, text: str, *values: object) -> bytes:
        """A command that was done; the values stand in the text's braces."""
        return reply.ok(translated(self._texts, text, values))

    def several(self, text: str, lines: Iterable[str]) -> bytes:
        """A short answer of several lines."""
        return reply.several(translated(self._texts, text, ()), lines)

    def refused(self, text: str, code: str | None) -> bytes:
        """A command that was not done."""
        return reply.refused(translated(self._texts, text, ()), code)
