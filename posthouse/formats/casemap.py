"""i;unicode-casemap, how IMAP compares text: title case, then compatibility decomposition; RFC 5051."""

from __future__ import annotations

import re
import unicodedata

# Characters whose title case is another than their upper case, or no single character (RFC 5051 2: "ß" stays)
_SPECIAL = re.compile(
    "([ßŉǄ-ǌǰ-ǳΐΰև\u10d0-\u10fa\u10fd-\u10ff\u1e96-\u1e9aὐὒὔὖ\u1f80-\u1faf\u1fb2-\u1fb4\u1fb6\u1fb7ᾼ"
    "\u1fc2-\u1fc4\u1fc6\u1fc7ῌ\u1fd2\u1fd3\u1fd6\u1fd7\u1fe2-\u1fe4\u1fe6\u1fe7\u1ff2-\u1ff4\u1ff6\u1ff7ῼ\ufb00-\ufb06\ufb13-\ufb17])"
)


def casemap(text: str) -> str:
    """The text as it is compared: equal, ordered and contained by its code points; RFC 5051 2."""
    if text.isascii():
        return text.upper()
    if _SPECIAL.search(text) is None:
        return unicodedata.normalize("NFKD", text.upper())
    parts = _SPECIAL.split(text)
    titled = [_title(part) if at % 2 else part.upper() for at, part in enumerate(parts)]
    return unicodedata.normalize("NFKD", "".join(titled))


def _title(character: str) -> str:
    title = character.title()
    return title if len(title) == 1 else character
