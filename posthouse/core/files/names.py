"""What a file may be called: NFC, one level of a path, short enough for a key.

Case counts, as in WebDAV's URLs (RFC 4918 5.1 leaves it to the server).
"""

from __future__ import annotations

import unicodedata
from itertools import count

from posthouse.core.files.errors import NameNotAllowed

MAX_NAME_OCTETS = 255  # what the file systems of clients have, and a key has room for


def canonical(name: str) -> str:
    """The name as it is stored: one spelling of what looks alike."""
    return name if name.isascii() else unicodedata.normalize("NFC", name)


def canonical_path(names: tuple[str, ...]) -> tuple[str, ...]:
    """The same for the names of a path."""
    return names if "".join(names).isascii() else tuple([canonical(name) for name in names])


def checked(name: str) -> str:
    """The canonical name; raises NameNotAllowed for what no file may be called."""
    name = canonical(name)
    if not name or name in (".", ".."):
        raise NameNotAllowed(name, "it is no name")
    if "/" in name:
        raise NameNotAllowed(name, "a slash divides names")
    if not (name.isascii() and name.isprintable()) and any(
        unicodedata.category(character) in ("Cc", "Cs") for character in name
    ):
        raise NameNotAllowed(ascii(name)[1:-1], "control characters are not allowed")
    if len(name.encode()) > MAX_NAME_OCTETS:
        raise NameNotAllowed(name, f"it has more than {MAX_NAME_OCTETS} octets")
    return name


def numbered(name: str) -> list[str]:
    """What to call a second one of that name, best first: "letter (2).txt" and so on; never longer than allowed."""
    stem, dot, ending = name.rpartition(".")
    if not stem or len(ending) > 20:
        stem, dot, ending = name, "", ""
    found = []
    for number in count(2):
        mark = f" ({number}){dot}{ending}"
        room = MAX_NAME_OCTETS - len(mark.encode())
        found.append(stem.encode()[:room].decode(errors="ignore") + mark)
        if number == 1000:
            return found
    raise AssertionError
