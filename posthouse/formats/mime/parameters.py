"""Values with parameters (Content-Type, Content-Disposition); RFC 2045 5.1, RFC 2183, RFC 2231. Never fails."""

from __future__ import annotations

import re
from urllib.parse import unquote_to_bytes

from posthouse.formats.mime.charsets import decode_text
from posthouse.formats.mime.part import Parameters
from posthouse.formats.mime.words import decode_words

_OPEN = ord("(")
_PARAMETER = re.compile(
    rb"""[;\s="]*+                                     # bare semicolons are common
    ([^\s=;"]++)\s*+
    (?:=\s*+(?:"((?:[^"\\]|\\.)*+)"?+([^;]*+)|([^;]*+)))?+""",
    re.VERBOSE | re.DOTALL,
)
_QUOTED_PAIR = re.compile(rb"\\(.)", re.DOTALL)
_SECTION = re.compile(rb"([^*]+)\*(\d{1,4})(\*?)")
_COMMENT = re.compile(rb"\((?:[^()\\]|\\.)*+\)", re.DOTALL)


def parse_value(value: bytes, limit: int = 100) -> tuple[bytes, Parameters]:
    """The word before the first semicolon in lower case, and up to `limit` parameters, of an unfolded value.

    Segments are joined (RFC 2231 3, and 6: a server does so for BODYSTRUCTURE); a value with a character set keeps the
    asterisk in its name and its encoding.
    """
    word, semicolon, rest = value.partition(b";")
    if _OPEN in word:
        word = _drop_comments(word).partition(b"(")[0]
    word = word.strip().lower()
    if not semicolon:
        return word, ()
    found: list[tuple[bytes, bytes]] = []
    sectioned = False
    at = 0
    for _ in range(limit):
        match = _PARAMETER.match(rest, at)
        if match is None:
            break
        at = match.end()
        name, quoted, _, plain = match.groups()
        if quoted is not None:
            text = _QUOTED_PAIR.sub(rb"\1", quoted) if b"\\" in quoted else quoted
        elif plain is not None:
            # programs that forget the quotes write names of files, where a parenthesis is no comment
            text = (plain if b"(" not in plain or b"name" in name.lower() else _drop_comments(plain)).strip()
        else:
            continue  # a name without a value says nothing
        sectioned = sectioned or b"*" in name
        found.append((name.lower(), text))
    return word, _join_sections(found) if sectioned else tuple(found)


def parameter(parameters: Parameters, name: bytes) -> bytes | None:
    """The raw value of a parameter."""
    for known, value in parameters:
        if known == name:
            return value
    return None


def decoded_parameter(parameters: Parameters, name: bytes) -> str | None:
    """A parameter as text: RFC 2231, or else what real programs write there (RFC 2047 words, raw 8-bit)."""
    extended = parameter(parameters, name + b"*")
    if extended is not None:
        charset, quote, rest = extended.partition(b"'")
        _, second, text = rest.partition(b"'")
        if quote and second:
            return decode_text(unquote_to_bytes(text), charset)
        return decode_text(unquote_to_bytes(extended), b"")
    value = parameter(parameters, name)
    return None if value is None else decode_words(value)


def _drop_comments(value: bytes) -> bytes:
    # innermost comments first, so nested ones go too; three rounds are more than anybody writes
    for _ in range(3):
        shorter = _COMMENT.sub(b" ", value)
        if shorter == value:
            break
        value = shorter
    return value


def _join_sections(found: list[tuple[bytes, bytes]]) -> Parameters:
    sections: dict[bytes, dict[int, tuple[bytes, bytes]]] = {}
    order: list[tuple[bytes, bytes | None]] = []
    for name, value in found:
        match = _SECTION.fullmatch(name)
        if match is None:
            order.append((name, value))
            continue
        base, number, star = match.groups()
        if base not in sections:
            sections[base] = {}
            order.append((base, None))
        sections[base].setdefault(int(number), (star, value))
    return tuple((name, value) if value is not None else _joined(name, sections[name]) for name, value in order)


def _joined(name: bytes, sections: dict[int, tuple[bytes, bytes]]) -> tuple[bytes, bytes]:
    # RFC 2231 4.1: only sections with an asterisk are percent-encoded, so the others are encoded to stand beside them
    ordered = [sections[number] for number in sorted(sections)]
    if not any(star for star, _ in ordered):
        return name, b"".join([value for _, value in ordered])
    return name + b"*", b"".join([value if star else value.replace(b"%", b"%25") for star, value in ordered])
