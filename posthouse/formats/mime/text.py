"""What a list shows of a message's text: a short preview, from plain text or from HTML. Never fails."""

from __future__ import annotations

import html
import re

from posthouse.formats.mime.charsets import decode_text
from posthouse.formats.mime.parameters import parameter
from posthouse.formats.mime.part import Part
from posthouse.formats.mime.transfer import decode_transfer

PREVIEW_LENGTH = 200  # characters
_OCTETS_READ = 8192

_TAG = re.compile(r"<[^<>]*+(?:>|$)")
_IN_LINE = re.compile(  # these end no word
    r"</?(?:a|abbr|b|big|code|em|font|i|s|small|span|strong|sub|sup|u|wbr)(?:[\s/][^<>]*+)?>", re.IGNORECASE
)
_HIDDEN = re.compile(r"<(style|script|head|title|!--)", re.IGNORECASE)
_ENDS = {"style": "</style", "script": "</script", "head": "</head", "title": "</title", "!--": "-->"}
# Blanks, controls, and the invisible letters that newsletters pad their first line with
_FILL = re.compile(
    r"[\s\x00-\x1f\x7f-\xa0\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]+"
)


def preview(message: Part) -> str:
    """About the first 200 characters of the first text of a scanned message, on one line; empty without any."""
    part = _text_part(message)
    if part is None:
        return ""
    octets = decode_transfer(part.text, part.encoding)[:_OCTETS_READ]
    text = decode_text(octets, parameter(part.parameters, b"charset") or b"")
    if part.subtype == "html":
        text = html_text(text)
    return shorten(text)


def html_text(markup: str) -> str:
    """The readable text of HTML, made for a preview, not for showing HTML safely."""
    return html.unescape(_TAG.sub(" ", _IN_LINE.sub("", _without_hidden(markup))))


def shorten(text: str) -> str:
    """Blanks and invisible letters made single blanks, cut behind a word where there is one."""
    line = _filled(text[: 3 * PREVIEW_LENGTH])  # mostly that is more than enough, and quick
    if len(line) <= PREVIEW_LENGTH < len(text):
        line = _filled(text)
    if len(line) <= PREVIEW_LENGTH:
        return line
    cut = line.rfind(" ", PREVIEW_LENGTH - 30, PREVIEW_LENGTH + 1)
    return line[: cut if cut > 0 else PREVIEW_LENGTH]


def _filled(text: str) -> str:
    if text.isascii():
        line = " ".join(text.split())
        if line.isprintable():  # else there are controls, which `split` leaves
            return line
    return _FILL.sub(" ", text).strip()


def _text_part(part: Part) -> Part | None:
    if part.text:
        return part
    if part.is_multipart:
        for child in part.children:
            found = _text_part(child)
            if found is not None:
                return found
    return None


def _without_hidden(markup: str) -> str:
    found: list[str] = []
    lower = markup.lower()
    at = 0
    while (match := _HIDDEN.search(markup, at)) is not None:
        found.append(markup[at : match.start()])
        at = lower.find(_ENDS[match[1].lower()], match.end())
        if at < 0:
            return "".join(found)
        if lower.startswith("-->", at):
            at += 3
    found.append(markup[at:])
    return "".join(found)
