"""SASLprep: how names that people type are made alike before they are compared; RFC 4013, a profile of RFC 3454."""

from __future__ import annotations

import stringprep
import unicodedata

_FORBIDDEN = (
    stringprep.in_table_c12,
    stringprep.in_table_c21_c22,
    stringprep.in_table_c3,
    stringprep.in_table_c4,
    stringprep.in_table_c5,
    stringprep.in_table_c6,
    stringprep.in_table_c7,
    stringprep.in_table_c8,
    stringprep.in_table_c9,
)


def saslprep(text: str) -> str:
    """The text as a query (RFC 3454 7: characters that came after Unicode 3.2 pass); raises ValueError."""
    if text.isascii() and text.isprintable():
        return text
    mapped = "".join(_mapped(character) for character in text)  # RFC 4013 2.1
    prepared = unicodedata.normalize("NFKC", mapped)  # 2.2
    if any(is_forbidden(character) for character in prepared for is_forbidden in _FORBIDDEN):  # 2.3
        raise ValueError("a character is not allowed")
    if any(map(stringprep.in_table_d1, prepared)):  # 2.4, RFC 3454 6: written from right to left
        ends = stringprep.in_table_d1(prepared[0]) and stringprep.in_table_d1(prepared[-1])
        if not ends or any(map(stringprep.in_table_d2, prepared)):
            raise ValueError("both directions of writing are mixed")
    return prepared


def _mapped(character: str) -> str:
    if stringprep.in_table_c12(character):
        return " "
    return "" if stringprep.in_table_b1(character) else character
