"""Fields of a report: whatever others said becomes one line of text that cannot begin another."""

from __future__ import annotations

import re
import unicodedata

_WIDTH = 76
_LONGEST = 900  # characters; RFC 5322 2.1.1: a line has at most 998 octets, and what cannot be folded is one
_LONGEST_WORD = 300  # characters, of up to three octets
_QCHAR = re.compile(r"[^!-*,-<>-\[\]-~]")  # what is none; RFC 6533 3
_TYPED = re.compile(r"[A-Za-z0-9-]{1,40};[^;\s].*")


def one_line(text: str, longest: int = _LONGEST) -> str:
    """A text without line ends and control characters, cut where it is too long."""
    shown = text
    if not shown.isprintable():
        shown = "".join(" " if unicodedata.category(character)[0] in "CZ" else character for character in text)
    shown = " ".join(shown.split())
    return shown if len(shown) <= longest else shown[: longest - 3] + "..."


def field(name: str, value: str, *, utf8: bool = False) -> bytes:
    """A field with its CRLF, folded at blanks; what is not ASCII becomes "?" unless `utf8`."""
    text = one_line(value)
    lines = [f"{name}:"]
    for word in [text] if len(name) + len(text) < _WIDTH - 1 else text.split(" "):
        for at in range(0, len(word), _LONGEST_WORD):
            piece = word[at : at + _LONGEST_WORD]
            if len(lines[-1]) + 1 + len(piece) <= _WIDTH or lines[-1] == f"{name}:":
                lines[-1] += f" {piece}"
            else:
                lines.append(f" {piece}")
    return ("\r\n".join(lines) + "\r\n").encode("utf-8" if utf8 else "ascii", "replace")


def typed_address(address: str, *, utf8: bool) -> str:
    """An address as a report names it: RFC 3464 2.3.2; beyond ASCII RFC 6533 3, escaped where that is not carried."""
    if address.isascii():
        return f"rfc822; {address}"
    if utf8:
        return f"utf-8; {address}"
    return f"utf-8; {_QCHAR.sub(_escaped, one_line(address))}"


def typed_original(original: str, *, utf8: bool) -> str | None:
    """ORCPT, "rfc822;ann@example.net", likewise; None for what is none."""
    if _TYPED.fullmatch(original) is None:
        return None
    kind, _, address = original.partition(";")
    return typed_address(address, utf8=utf8) if not address.isascii() else f"{kind}; {address}"


def _escaped(character: re.Match[str]) -> str:
    return f"\\x{{{ord(character[0]):02X}}}"
