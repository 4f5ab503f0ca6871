"""Encoded words in header text; RFC 2047, as real programs write them. Never fails."""

from __future__ import annotations

import re

from posthouse.formats.mime.charsets import decode_text, guess_text
from posthouse.formats.mime.transfer import decode_base64

# RFC 2231 5 adds a language behind the set. Blanks inside a word are wrong, and common.
_WORD = re.compile(rb"=\?([^?*\s]{1,60})(?:\*[^?\s]{0,60})?\?([bBqQ])\?([^?]*+)\?=")
_BLANK = re.compile(rb"[ \t\r\n]*")
_CONTROLS = re.compile(r"[\x00-\x1f\x7f]+")
_HEX = re.compile(rb"=([0-9A-Fa-f]{2})")


def decode_words(value: bytes) -> str:
    """Display text of unfolded header text: encoded words decoded, raw 8-bit guessed, controls made blanks."""
    text = _decode(value) if value.find(b"=?") >= 0 else guess_text(value)
    return without_controls(text).strip()


def without_controls(text: str) -> str:
    """The text with a blank for each run of controls."""
    return text if text.isprintable() else _CONTROLS.sub(" ", text)


def _decode(value: bytes) -> str:
    found: list[str] = []
    pending, pending_label = b"", b""  # neighbours of one set are joined: senders split letters between words
    at = 0
    for match in _WORD.finditer(value):
        between = value[at : match.start()]
        label, kind, coded = match.groups()
        label = label.lower()
        octets = decode_base64(coded) if kind in b"bB" else _from_q(coded)
        if _BLANK.fullmatch(between) is None or label != pending_label:
            if pending:
                found.append(decode_text(pending, pending_label))
            pending = b""
            # RFC 2047 6.2: blanks between two words are not shown, those beside plain text are
            if not (at and _BLANK.fullmatch(between) is not None):
                found.append(guess_text(between))
        pending, pending_label = pending + octets, label
        at = match.end()
    if pending:
        found.append(decode_text(pending, pending_label))
    found.append(guess_text(value[at:]))
    return "".join(found)


def _from_q(coded: bytes) -> bytes:
    coded = coded.replace(b"_", b" ")
    if b"=" not in coded:
        return coded
    return _HEX.sub(lambda match: bytes((int(match[1], 16),)), coded)
