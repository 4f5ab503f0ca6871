"""Where each key of a TOML document stands (TOML 1.0.0): the parser of the standard library does not say.

The document has been parsed before, so what is here need not judge it: it only walks over it.
"""

from __future__ import annotations

import re

Path = tuple[str | int, ...]

_SPACE = re.compile(r"[ \t]*")
_FILL = re.compile(r"(?:[ \t\r\n]+|#[^\n]*)*")  # between the elements of an array lines may end and comments stand
_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")
_BARE_VALUE = re.compile(r"[^,\]}#\n]*")
_STRINGS = (
    re.compile(r'"""(?:\\.|[^\\])*?"{3,5}', re.DOTALL),
    re.compile(r"'''.*?'{3,5}", re.DOTALL),
    re.compile(r'"(?:\\.|[^"\\\n])*"'),
    re.compile(r"'[^'\n]*'"),
)


def find_lines(document: str) -> dict[Path, int]:
    """The line, from 1, of every table, key and array element of a valid TOML document, by its path."""
    return _Walk(document).run()


class _Walk:
    """One pass over the document."""

    def __init__(self, document: str) -> None:
        self._text = document
        self._at = 0
        self._counted = (0, 1)  # up to which place lines were counted, and the number there
        self._lines: dict[Path, int] = {}
        self._lengths: dict[Path, int] = {}  # of arrays of tables

    def run(self) -> dict[Path, int]:
        table: Path = ()
        while True:
            self._skip(_FILL)
            if self._at >= len(self._text):
                return self._lines
            if self._text.startswith("[", self._at):
                table = self._header()
            else:
                self._pair(table)

    def _header(self) -> Path:
        is_array = self._text.startswith("[[", self._at)
        self._at += 2 if is_array else 1
        keys = self._keys()
        self._at += 2 if is_array else 1
        path: Path = ()
        for key in keys[:-1]:
            path = self._inside((*path, key))
            self._note(path)
        path = (*path, keys[-1])
        if is_array:
            self._lengths[path] = self._lengths.get(path, 0) + 1
            self._note(path)
        path = self._inside(path)
        self._note(path)
        return path

    def _inside(self, path: Path) -> Path:
        """A header that goes through an array of tables means its last element."""
        length = self._lengths.get(path)
        return path if length is None else (*path, length - 1)

    def _pair(self, table: Path) -> None:
        start = self._at
        path = table
        for key in self._keys():
            path = (*path, key)
            self._note(path, start)
        self._at += 1  # =
        self._skip(_SPACE)
        self._value(path)

    def _keys(self) -> list[str]:
        keys = []
        while True:
            self._skip(_SPACE)
            keys.append(self._key())
            self._skip(_SPACE)
            if not self._text.startswith(".", self._at):
                return keys
            self._at += 1

    def _key(self) -> str:
        bare = _BARE_KEY.match(self._text, self._at)
        if bare is not None:
            self._at = bare.end()
            return bare.group()
        start = self._at
        self._string()
        quoted = self._text[start : self._at]
        return quoted[1:-1] if quoted[0] == "'" else _unescape(quoted[1:-1])

    def _value(self, path: Path) -> None:
        self._note(path)
        first = self._text[self._at : self._at + 1]
        if first in ('"', "'"):
            self._string()
        elif first == "[":
            self._at += 1
            index = 0
            while self._skip(_FILL) != "]":
                self._value((*path, index))
                index += 1
                if self._skip(_FILL) == ",":
                    self._at += 1
            self._at += 1
        elif first == "{":
            self._at += 1
            while self._skip(_FILL) != "}":
                self._pair(path)
                if self._skip(_FILL) == ",":
                    self._at += 1
            self._at += 1
        else:
            self._skip(_BARE_VALUE)

    def _string(self) -> None:
        for pattern in _STRINGS:
            found = pattern.match(self._text, self._at)
            if found is not None:
                self._at = found.end()
                return
        raise ValueError("not valid TOML")

    def _skip(self, pattern: re.Pattern[str]) -> str:
        """Go behind what matches; the character there."""
        found = pattern.match(self._text, self._at)
        if found is not None:
            self._at = found.end()
        return self._text[self._at : self._at + 1]

    def _note(self, path: Path, at: int | None = None) -> None:
        """`path` stands here, unless it was seen before."""
        place = self._at if at is None else at
        counted, line = self._counted
        if place > counted:
            line += self._text.count("\n", counted, place)
            self._counted = (place, line)
        else:
            line -= self._text.count("\n", place, counted)
        self._lines.setdefault(path, line)


def _unescape(text: str) -> str:
    """A basic string's escapes; TOML 1.0.0 has JSON's and \\UXXXXXXXX."""
    return re.sub(
        r'\\(?:u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([btnfr"\\]))',
        lambda found: _SHORT[found[3]] if found[3] else chr(int(found[1] or found[2], 16)),
        text,
    )


_SHORT = {"b": "\b", "t": "\t", "n": "\n", "f": "\f", "r": "\r", '"': '"', "\\": "\\"}
